#include "services/zhitong/mail_send.h"

#include <assert.h>
#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_BYTES_MAX 65536
#define URL_BYTES_MAX 1000

struct answer {
    char bytes[ANSWER_BYTES_MAX];
    size_t size;
    long status;  /* 0: none came */
    json_t *json; /* NULL: it is none */
};

static size_t on_answer(char *bytes, size_t one, size_t size, void *context) {
    struct answer *answer = context;
    (void)one;
    if (size > sizeof answer->bytes - answer->size)
        return 0;
    memcpy(answer->bytes + answer->size, bytes, size);
    answer->size += size;
    return size;
}

/* ---- one request ------------------------------------------------------------------------------------------------------------ */

struct call {
    CURL *curl;
    struct curl_slist *headers;
    struct answer answer;
};

static void add_header(struct call *call, const char *name, const char *value) {
    char line[URL_BYTES_MAX];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *more = curl_slist_append(call->headers, line);
    assert(more != NULL);
    call->headers = more;
}

static void call_open(struct call *call, const struct mail_target *target, const char *path) {
    char url[URL_BYTES_MAX];
    memset(call, 0, sizeof *call);
    call->curl = curl_easy_init();
    assert(call->curl != NULL);
    snprintf(url, sizeof url, "%s%s", target->url, path);
    curl_easy_setopt(call->curl, CURLOPT_URL, url);
    curl_easy_setopt(call->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(call->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(call->curl, CURLOPT_TIMEOUT, (long)MAIL_SEND_SECONDS_MAX);
    curl_easy_setopt(call->curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(call->curl, CURLOPT_WRITEDATA, &call->answer);
    if (target->api_key[0] != '\0')
        add_header(call, "X-API-Key", target->api_key);
    add_header(call, "Expect", "");
}

/* Returns the status; 0 with why: no answer came. */
static long call_run(struct call *call, struct reason *why) {
    curl_easy_setopt(call->curl, CURLOPT_HTTPHEADER, call->headers);
    CURLcode code = curl_easy_perform(call->curl);
    if (code != CURLE_OK) {
        (void)refuse(why, "intake", "does not answer: %s", curl_easy_strerror(code));
        return 0;
    }
    curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &call->answer.status);
    call->answer.json = json_loadb(call->answer.bytes, call->answer.size, JSON_REJECT_DUPLICATES, NULL);
    if (call->answer.status >= 300) {
        const json_t *error = json_object_get(call->answer.json, "error");
        const char *field = json_string_value(json_object_get(error, "field"));
        const char *text = json_string_value(json_object_get(error, "reason"));
        (void)refuse(why, field != NULL ? field : "intake", "%s (HTTP %ld)", text != NULL ? text : "no reason given",
                     call->answer.status);
    }
    return call->answer.status;
}

static void call_close(struct call *call) {
    json_decref(call->answer.json);
    curl_slist_free_all(call->headers);
    curl_easy_cleanup(call->curl);
}

/* Whether sending the same again can help. A key that is not known is the operator's to mend, and no mail shall be lost by it. */
static bool is_later(long status, const struct reason *why) {
    if (status == 501) /* intake keeps no files: that will be so the next time, too */
        return false;
    if (status == 0 || status == 401 || status == 408 || status == 429 || status >= 500)
        return true;
    return status == 403 && (strcmp(why->field, "Authorization") == 0 || strcmp(why->field, "source") == 0 ||
                             strcmp(why->field, "address") == 0);
}

/* ---- what hangs on it --------------------------------------------------------------------------------------------------------- */

/* Appends the file's hash to the list. MAIL_TAKEN also where intake does not want it: the report goes on without. */
static enum mail_outcome send_file(const struct mail_target *target, const struct mail_file *file, char *list,
                                   struct mail_result *result) {
    struct call call;
    call_open(&call, target, "/files");
    curl_mime *form = curl_mime_init(call.curl);
    curl_mimepart *part = curl_mime_addpart(form);
    curl_mime_name(part, "file");
    curl_mime_data(part, (const char *)file->data, file->size);
    curl_mime_filename(part, file->name[0] != '\0' ? file->name : "attachment");
    curl_mime_type(part, file->type);
    curl_easy_setopt(call.curl, CURLOPT_MIMEPOST, form);
    long status = call_run(&call, &result->why);
    const char *hash = json_string_value(json_object_get(call.answer.json, "file"));
    enum mail_outcome outcome = MAIL_TAKEN;
    if (status / 100 == 2 && hash != NULL && strlen(hash) == 64) {
        size_t size = strlen(list);
        snprintf(list + size, 66, "%s%s", size > 0 ? " " : "", hash);
    } else if (is_later(status, &result->why)) {
        outcome = MAIL_LATER;
    } else {
        result->left_out++;
    }
    curl_mime_free(form);
    call_close(&call);
    return outcome;
}

/* ---- the report --------------------------------------------------------------------------------------------------------------- */

static void set(json_t *json, const char *name, const char *value) {
    if (value != NULL && value[0] != '\0')
        json_object_set_new(json, name, json_string(value));
}

static char *report_of(const struct mail_target *target, const struct mail *mail, const char *files) {
    json_t *json = json_object();
    set(json, "channel", target->channel);
    set(json, "item", target->item);
    set(json, "area", target->area);
    set(json, "source_id", mail->id);
    set(json, "title", mail->title);
    set(json, "description", mail->description);
    set(json, "files", files);
    set(json, "reporter_name", mail->name);
    set(json, "reporter_email", mail->email);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    assert(text != NULL);
    return text;
}

/* A field of the report as the sender of a mail calls it. */
static void name_part(struct reason *why) {
    static const char *const parts[][2] = {{"title", "Subject"},        {"description", "text"},
                                           {"source_id", "Message-ID"}, {"files", "attachment"},
                                           {"reporter_name", "From"},   {"reporter_email", "From"}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(why->field, parts[i][0]) == 0) {
            strcpy(why->field, parts[i][1]);
            return;
        }
}

static void send_report(const struct mail_target *target, const struct mail *mail, const char *files,
                        struct mail_result *result) {
    struct call call;
    char key[80];
    struct reason why;
    call_open(&call, target, "/reports");
    snprintf(key, sizeof key, "id:%s", mail->id);
    add_header(&call, "Idempotency-Key", key);
    add_header(&call, "Content-Type", "application/json");
    char *body = report_of(target, mail, files);
    curl_easy_setopt(call.curl, CURLOPT_POSTFIELDS, body);
    long status = call_run(&call, &why);
    const char *id = json_string_value(json_object_get(call.answer.json, "case"));
    if (status / 100 == 2 && id != NULL) {
        result->outcome = MAIL_TAKEN;
        result->repeated = status == 200;
        snprintf(result->case_id, sizeof result->case_id, "%s", id);
    } else {
        if (status / 100 == 2)
            (void)refuse(&why, "intake", "answers something else than a case; is this its address?");
        result->outcome = is_later(status, &why) || status / 100 <= 3 ? MAIL_LATER : MAIL_REFUSED;
        name_part(&why);
        result->why = why;
    }
    free(body);
    call_close(&call);
}

void mail_send(const struct mail_target *target, const struct mail *mail, struct mail_result *result) {
    char files[MAIL_FILES_MAX * 65 + 1] = "";
    memset(result, 0, sizeof *result);
    for (size_t i = 0; i < mail->file_count; i++)
        if (send_file(target, &mail->files[i], files, result) == MAIL_LATER) {
            result->outcome = MAIL_LATER;
            return;
        }
    send_report(target, mail, files, result);
}
