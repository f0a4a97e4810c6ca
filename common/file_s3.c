#include "common/file_s3.h"

#include <assert.h>
#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define URL_BYTES_MAX 1400
#define LINE_BYTES_MAX 128

struct transfer {
    CURL *curl;
    struct curl_slist *headers;
    const struct bytes *up;
    size_t sent;
    struct bytes *down;
    size_t bytes_max;
    char error[CURL_ERROR_SIZE];
};

void s3_start(void) {
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    assert(code == CURLE_OK);
    (void)code;
}

static size_t take_down(char *data, size_t one, size_t size, void *context) {
    struct transfer *transfer = context;
    (void)one;
    if (transfer->down == NULL)
        return size;
    if (size > transfer->bytes_max - transfer->down->size)
        return 0; /* ends the transfer */
    bytes_append(transfer->down, data, size);
    return size;
}

static size_t give_up(char *data, size_t one, size_t room, void *context) {
    struct transfer *transfer = context;
    size_t left = transfer->up->size - transfer->sent, size = left < one * room ? left : one * room;
    memcpy(data, transfer->up->data + transfer->sent, size);
    transfer->sent += size;
    return size;
}

static void add_header(struct transfer *transfer, const char *line) {
    struct curl_slist *headers = curl_slist_append(transfer->headers, line);
    assert(headers != NULL);
    transfer->headers = headers;
}

/* S3 wants the hash of the body among the signed headers. */
static void add_hash(struct transfer *transfer) {
    unsigned char hash[crypto_hash_sha256_BYTES];
    char hex[sizeof hash * 2 + 1], line[LINE_BYTES_MAX];
    crypto_hash_sha256(hash, transfer->up != NULL ? transfer->up->data : NULL, transfer->up ? transfer->up->size : 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    snprintf(line, sizeof line, "x-amz-content-sha256: %s", hex);
    add_header(transfer, line);
}

static void begin(struct transfer *transfer, const struct s3 *s3, const char *name) {
    char url[URL_BYTES_MAX], provider[LINE_BYTES_MAX];
    CURL *curl = transfer->curl = curl_easy_init();
    assert(curl != NULL);
    snprintf(url, sizeof url, "%s/%s/%s", s3->url, s3->bucket, name);
    snprintf(provider, sizeof provider, "aws:amz:%s:s3", s3->region);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)S3_SECONDS_MAX);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)S3_CONNECT_SECONDS_MAX);
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, provider);
    curl_easy_setopt(curl, CURLOPT_USERPWD, s3->key);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_down);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    add_hash(transfer);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers);
}

/* The HTTP status; 0: refused, nothing came of it. */
static long run(struct transfer *transfer, struct reason *why) {
    long status = 0;
    CURLcode code = curl_easy_perform(transfer->curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    else
        (void)refuse(why, "files", "the S3 service: %s",
                     transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code));
    curl_easy_cleanup(transfer->curl);
    curl_slist_free_all(transfer->headers);
    return status;
}

static int refuse_status(long status, struct reason *why) {
    if (status != 0)
        (void)refuse(why, "files", "the S3 service answers %ld", status);
    return -1;
}

int s3_put(const struct s3 *s3, const char *name, const struct bytes *bytes, struct reason *why) {
    struct transfer transfer = {.up = bytes};
    begin(&transfer, s3, name);
    curl_easy_setopt(transfer.curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(transfer.curl, CURLOPT_READFUNCTION, give_up);
    curl_easy_setopt(transfer.curl, CURLOPT_READDATA, &transfer);
    curl_easy_setopt(transfer.curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)bytes->size);
    long status = run(&transfer, why);
    return status == 200 || status == 201 || status == 204 ? 0 : refuse_status(status, why);
}

int s3_get(const struct s3 *s3, const char *name, size_t bytes_max, struct bytes *out, struct reason *why) {
    struct transfer transfer = {.down = out, .bytes_max = bytes_max};
    begin(&transfer, s3, name);
    long status = run(&transfer, why);
    if (status == 404)
        return 1;
    return status == 200 ? 0 : refuse_status(status, why);
}

int s3_remove(const struct s3 *s3, const char *name, struct reason *why) {
    struct transfer transfer = {0};
    begin(&transfer, s3, name);
    curl_easy_setopt(transfer.curl, CURLOPT_CUSTOMREQUEST, "DELETE");
    long status = run(&transfer, why);
    return status == 200 || status == 204 || status == 404 ? 0 : refuse_status(status, why);
}
