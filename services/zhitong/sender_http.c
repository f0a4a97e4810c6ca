#include "services/zhitong/sender_http.h"

#include <assert.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

#define SECRET_PREFIX "whsec_"
#define SECRET_BYTES_MAX 64
#define ANSWER_BYTES_MAX 65536
#define POST_MS_MAX 20000L

struct posting {
    struct posting *next;
    struct sender_http *http;
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    uint64_t tag;
    int tries;
    int64_t again_at; /* monotonic ms; 0: it is under way */
    size_t size;
    char answer[ANSWER_BYTES_MAX];
};

struct sender_http {
    CURLM *multi;
    struct posting *first;
    size_t waiting;
    sender_http_ended *ended;
    void *context;
};

struct sender_http *sender_http_open(sender_http_ended *ended, void *context) {
    struct sender_http *http = calloc(1, sizeof *http);
    assert(http != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    *http = (struct sender_http){.multi = curl_multi_init(), .ended = ended, .context = context};
    assert(http->multi != NULL);
    return http;
}

static void drop(struct sender_http *http, struct posting *posting) {
    struct posting **at = &http->first;
    while (*at != posting) {
        assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = posting->next;
    http->waiting--;
    if (posting->again_at == 0)
        curl_multi_remove_handle(http->multi, posting->easy);
    curl_easy_cleanup(posting->easy);
    curl_slist_free_all(posting->headers);
    free(posting->body);
    free(posting);
}

void sender_http_close(struct sender_http **http) {
    if (*http == NULL)
        return;
    while ((*http)->first != NULL)
        drop(*http, (*http)->first);
    curl_multi_cleanup((*http)->multi);
    curl_global_cleanup();
    free(*http);
    *http = NULL;
}

static size_t take(char *data, size_t one, size_t count, void *context) {
    struct posting *posting = context;
    if (posting->size + one * count < sizeof posting->answer) {
        memcpy(posting->answer + posting->size, data, one * count);
        posting->size += one * count;
    }
    return one * count;
}

void sender_http_send(struct sender_http *http, const struct sender_post *post) {
    struct posting *posting = calloc(1, sizeof *posting);
    assert(posting != NULL);
    posting->http = http;
    posting->tag = post->tag;
    posting->body = malloc(post->size + 1);
    posting->easy = curl_easy_init();
    assert(posting->body != NULL && posting->easy != NULL);
    memcpy(posting->body, post->body, post->size);
    for (int i = 0; i < SENDER_HEADERS_MAX && post->headers[i][0] != '\0'; i++)
        posting->headers = curl_slist_append(posting->headers, post->headers[i]);
    curl_easy_setopt(posting->easy, CURLOPT_URL, post->url);
    curl_easy_setopt(posting->easy, CURLOPT_HTTPHEADER, posting->headers);
    curl_easy_setopt(posting->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->size);
    curl_easy_setopt(posting->easy, CURLOPT_POSTFIELDS, posting->body);
    curl_easy_setopt(posting->easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(posting->easy, CURLOPT_WRITEDATA, posting);
    curl_easy_setopt(posting->easy, CURLOPT_PRIVATE, posting);
    curl_easy_setopt(posting->easy, CURLOPT_TIMEOUT_MS, POST_MS_MAX);
    curl_easy_setopt(posting->easy, CURLOPT_NOSIGNAL, 1L);
    posting->next = http->first;
    http->first = posting;
    http->waiting++;
    curl_multi_add_handle(http->multi, posting->easy);
}

static bool is_busy(long status) {
    return status == 0 || status == 429 || status == 503 || status == 504;
}

static void finish(struct sender_http *http, struct posting *posting) {
    long status = 0;
    curl_easy_getinfo(posting->easy, CURLINFO_RESPONSE_CODE, &status);
    if (is_busy(status) && ++posting->tries < SENDER_TRIES_MAX) {
        curl_multi_remove_handle(http->multi, posting->easy);
        posting->again_at = clock_monotonic_ms() + SENDER_PAUSE_MS;
        posting->size = 0;
        return;
    }
    json_t *json = json_loadb(posting->answer, posting->size, 0, NULL);
    uint64_t tag = posting->tag;
    drop(http, posting);
    http->ended(http->context, tag, status, json);
    json_decref(json);
}

void sender_http_turn(struct sender_http *http) {
    int running, left;
    int64_t now = clock_monotonic_ms();
    for (struct posting *posting = http->first; posting != NULL; posting = posting->next)
        if (posting->again_at != 0 && posting->again_at <= now) {
            posting->again_at = 0;
            curl_multi_add_handle(http->multi, posting->easy);
        }
    curl_multi_perform(http->multi, &running);
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left)) != NULL;) {
        struct posting *posting;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&posting);
        finish(http, posting);
    }
}

size_t sender_http_waiting(const struct sender_http *http) {
    return http->waiting;
}

/* ---- signing (Standard Webhooks 1.0.0) ------------------------------------------------------------------------------------ */

static void add_header(struct sender_post *post, const char *name, const char *value) {
    for (int i = 0; i < SENDER_HEADERS_MAX; i++)
        if (post->headers[i][0] == '\0') {
            snprintf(post->headers[i], sizeof post->headers[i], "%s: %s", name, value);
            return;
        }
    assert(!"room for all headers");
}

int sender_sign(struct sender_post *post, const char *secret, const char *id, struct reason *why) {
    uint8_t key[SECRET_BYTES_MAX], mac[crypto_auth_hmacsha256_BYTES];
    size_t size;
    char stamp[24], base64[64], signature[80];
    if (strncmp(secret, SECRET_PREFIX, strlen(SECRET_PREFIX)) != 0 ||
        sodium_base642bin(key, sizeof key, secret + strlen(SECRET_PREFIX), strlen(secret) - strlen(SECRET_PREFIX),
                          "\r\n ", &size, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return refuse(why, "secret", "must be %s and base64, from `zhitong keys source add --kind hmac`",
                      SECRET_PREFIX);
    snprintf(stamp, sizeof stamp, "%" PRId64, (int64_t)time(NULL));
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, size);
    const char *parts[] = {id, ".", stamp, "."};
    for (int i = 0; i < 4; i++)
        crypto_auth_hmacsha256_update(&state, (const uint8_t *)parts[i], strlen(parts[i]));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)post->body, post->size);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(base64, sizeof base64, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    snprintf(signature, sizeof signature, "v1,%s", base64);
    add_header(post, "webhook-id", id);
    add_header(post, "webhook-timestamp", stamp);
    add_header(post, "webhook-signature", signature);
    return 0;
}
