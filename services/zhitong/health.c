#include "services/zhitong/health.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/zhitong/options.h"

#define WAIT_SECONDS_MAX 3
#define TEXT_BYTES_MAX 200

struct text { /* what the service says of itself */
    char bytes[TEXT_BYTES_MAX + 1];
    size_t size;
};

/* Takes as much of the answer as fits; the rest is left out. */
static size_t on_answer(char *bytes, size_t one, size_t size, void *context) {
    struct text *text = context;
    size_t room = TEXT_BYTES_MAX - text->size, kept = size < room ? size : room;

    (void)one;
    memcpy(text->bytes + text->size, bytes, kept);
    text->size += kept;
    return size;
}

/* Status of the answer; 0 with the reason in text: none came. */
static long ask(long long port, struct text *text) {
    CURL *curl = curl_easy_init();
    char url[64];
    long status = 0;

    if (curl == NULL)
        return 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%lld/readyz", port);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)WAIT_SECONDS_MAX);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    else
        snprintf(text->bytes, sizeof text->bytes, "%s", curl_easy_strerror(code));
    curl_easy_cleanup(curl);
    text->bytes[strcspn(text->bytes, "\r\n")] = '\0';
    return status;
}

int health_command(int argc, char **argv) {
    const struct number_range range = {"--port", 1, 65535};
    const char *url = NULL, *port_text = NULL;
    const struct option_row rows[] = {{"--port", &port_text, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    struct text text = {0};
    long long port;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (port_text == NULL)
        port_text = getenv("ZHITONG_OPERATIONS_PORT");
    if (port_text == NULL)
        return wrong_use("health", "which port? Give --port or set ZHITONG_OPERATIONS_PORT");
    if (number_read(port_text, &range, &port) != 0)
        return EXIT_WRONG_USE;
    long status = ask(port, &text);
    printf("%s\n", text.bytes);
    return status == 200 ? EXIT_GOOD : EXIT_REFUSED;
}
