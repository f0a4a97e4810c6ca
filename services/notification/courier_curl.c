/* One transfer for libcurl, and what came back. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/notification/address_guard.h"
#include "services/notification/courier_inner.h"

#define MAIL_MS_MAX 30000L
#define MAIL_ANSWER_SECONDS_MAX 15L
#define IDLE_SECONDS_MAX 60L /* that a connection rests before it is used again */

/* ---- what libcurl calls ----------------------------------------------------------------------------------------------- */

static size_t take_answer(char *data, size_t one, size_t size, void *context) {
    struct flight *flight = context;
    size_t left = ANSWER_BYTES_MAX - flight->answer_size, taken = size < left ? size : left;
    (void)one;
    memcpy(flight->answer + flight->answer_size, data, taken);
    flight->answer_size += taken;
    flight->cut = taken < size; /* not read further */
    return taken;
}

static size_t count_header(char *data, size_t one, size_t size, void *context) {
    struct flight *flight = context;
    (void)data;
    (void)one;
    flight->header_bytes += size;
    flight->headers_long = flight->header_bytes > ANSWER_HEADER_BYTES_MAX;
    return flight->headers_long ? 0 : size;
}

static size_t give_body(char *data, size_t one, size_t room, void *context) {
    struct flight *flight = context;
    const struct bytes *body = &flight->transfer.body;
    size_t left = body->size - flight->body_sent, size = left < one * room ? left : one * room;
    if (size > 0)
        memcpy(data, body->data + flight->body_sent, size);
    flight->body_sent += size;
    return size;
}

static bool is_named(const struct flight *flight) {
    char host[CARRIER_ADDRESS_MAX + 1] = "", *part = NULL;
    CURLU *url = curl_url();
    if (url != NULL && curl_url_set(url, CURLUPART_URL, flight->transfer.url, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &part, 0) == CURLUE_OK)
        snprintf(host, sizeof host, "%s", part);
    curl_free(part);
    curl_url_cleanup(url);
    return host[0] != '\0' && host_in_list(flight->courier->private_hosts, host);
}

static bool is_open_to(struct flight *flight, const char *closed, const char *address) {
    if (!flight->transfer.guarded || closed == NULL)
        return true;
    if (flight->served->endpoint.allow_private && is_named(flight))
        return true;
    flight->closed = closed;
    snprintf(flight->closed_address, sizeof flight->closed_address, "%s", address);
    return false;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    struct flight *flight = context;
    (void)purpose;
    if (!is_open_to(flight, address_closed(&address->addr), "its address"))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The socket guard is not asked about a connection that is used again, this one is. */
static int before_request(void *context, char *primary, char *local, int primary_port, int local_port) {
    struct flight *flight = context;
    (void)local;
    (void)primary_port;
    (void)local_port;
    return is_open_to(flight, address_text_closed(primary), primary) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- what it shall do ------------------------------------------------------------------------------------------------------ */

static void add_line(struct curl_slist **list, const char *line) {
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer != NULL)
        *list = longer;
}

static void configure_http(struct flight *flight) {
    CURL *easy = flight->easy;
    const struct transfer *transfer = &flight->transfer;
    for (int i = 0; i < transfer->header_count; i++)
        add_line(&flight->headers, transfer->headers[i]);
    add_line(&flight->headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, flight->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "zhitong");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body.size);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body.data);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
}

static int mail_may_go_on(void *context, curl_off_t down, curl_off_t down_now, curl_off_t up, curl_off_t up_now) {
    const struct flight *flight = context;
    (void)down, (void)down_now, (void)up, (void)up_now;
    return atomic_load(&flight->courier->mails_end) ? 1 : 0;
}

static void configure_mail(struct flight *flight) {
    CURL *easy = flight->easy;
    const struct transfer *transfer = &flight->transfer;
    add_line(&flight->recipients, transfer->mail_to);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, transfer->mail_from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, flight->recipients);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L); /* each flight would keep a connection of its own */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, MAIL_MS_MAX);
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, MAIL_ANSWER_SECONDS_MAX); /* to each word, QUIT too */
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, mail_may_go_on);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, flight);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, flight);
    if (strncmp(transfer->url, "smtp://", 7) == 0)
        curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(transfer->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (transfer->user[0] == '\0')
        return;
    curl_easy_setopt(easy, CURLOPT_USERNAME, transfer->user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, transfer->password);
}

/* CURLOPT_BUFFERSIZE stays as it is: libcurl 7.88 may read the usual size into a buffer of the size that was set before a reset. */
void flight_configure(struct flight *flight) {
    CURL *easy = flight->easy;
    curl_easy_reset(easy);
    flight->error[0] = '\0';
    curl_easy_setopt(easy, CURLOPT_PRIVATE, flight);
    curl_easy_setopt(easy, CURLOPT_URL, flight->transfer.url);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, flight->error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a resolver that hangs is not waited for */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)DELIVERY_MS_MAX);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS_MAX);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_SECONDS_MAX);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, flight);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, count_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, flight);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, flight);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, flight);
    if (flight->courier->ca_file[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_CAINFO, flight->courier->ca_file);
    if (flight->transfer.kind == TRANSFER_HTTP)
        configure_http(flight);
    else
        configure_mail(flight);
}

/* ---- what came back ------------------------------------------------------------------------------------------------------- */

static const struct {
    CURLcode code;
    const char *says;
} troubles[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "host not found"},
    {CURLE_COULDNT_CONNECT, "cannot connect"},
    {CURLE_OPERATION_TIMEDOUT, "timed out"},
    {CURLE_PEER_FAILED_VERIFICATION, "certificate refused"},
    {CURLE_SSL_CONNECT_ERROR, "no TLS"},
    {CURLE_GOT_NOTHING, "connection closed without an answer"},
    {CURLE_PARTIAL_FILE, "connection closed in the middle of the answer"},
    {CURLE_RECV_ERROR, "connection reset"},
    {CURLE_SEND_ERROR, "connection closed"},
    {CURLE_UNSUPPORTED_PROTOCOL, "the answer is not HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, "the answer is not HTTP"},
    {CURLE_LOGIN_DENIED, "sign-in refused"},
    {CURLE_USE_SSL_FAILED, "no TLS"},
};

static const char *trouble_of(CURLcode code) {
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
        if (troubles[i].code == code)
            return troubles[i].says;
    return "failed";
}

static void write_trouble(const struct flight *flight, CURLcode code, char text[REASON_TEXT_MAX + 1]) {
    if (flight->closed != NULL)
        snprintf(text, REASON_TEXT_MAX + 1, "address refused: %s is %s; see --allow-private and ZHITONG_PRIVATE_HOSTS",
                 flight->closed_address, flight->closed);
    else if (flight->headers_long)
        snprintf(text, REASON_TEXT_MAX + 1, "headers longer than %d bytes", ANSWER_HEADER_BYTES_MAX);
    else
        snprintf(text, REASON_TEXT_MAX + 1, "%s: %.180s", trouble_of(code),
                 flight->error[0] != '\0' ? flight->error : curl_easy_strerror(code));
}

void flight_answer(const struct flight *flight, CURLcode code, struct answer *answer,
                   char trouble[REASON_TEXT_MAX + 1]) {
    long status = 0;
    curl_off_t seconds = 0;
    bool whole = code == CURLE_OK || (code == CURLE_WRITE_ERROR && flight->cut);
    trouble[0] = '\0';
    curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(flight->easy, CURLINFO_RETRY_AFTER, &seconds);
    *answer = (struct answer){.trouble = trouble, .body = flight->answer, .retry_after_ms = -1};
    if (seconds > 0)
        answer->retry_after_ms = seconds < RETRY_AFTER_MS_MAX / 1000 ? (int64_t)seconds * 1000 : RETRY_AFTER_MS_MAX;
    /* Mail servers refuse with a status too; libcurl calls that a failure. */
    if (whole || (flight->transfer.kind == TRANSFER_MAIL && status >= 400))
        answer->status = (int)status;
    if (!whole)
        write_trouble(flight, code, trouble);
    else if (flight->transfer.kind == TRANSFER_HTTP && status >= 300 && status < 400)
        snprintf(trouble, REASON_TEXT_MAX + 1, "redirects are not followed: give the endpoint its new address");
}
