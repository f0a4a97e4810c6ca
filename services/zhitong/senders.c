#include "services/zhitong/senders.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/endpoints.h"
#include "common/report_digest.h"
#include "common/source_map.h"
#include "services/zhitong/sender_child.h"
#include "services/zhitong/sender_forms.h"
#include "services/zhitong/sender_http.h"

#define ADAPTERS (ADAPTER_STAFF + 1)
#define SECRET_TEXT_MAX 256

struct sender { /* one source */
    struct senders *senders;
    const struct source *source;
    char key[SECRET_TEXT_MAX], secret[SECRET_TEXT_MAX]; /* of HTTP; "": none */
    struct wire_keys curve;
    struct submit_client *client; /* of the adapter submit */
    struct sender_child *child;   /* of the adapters file and mail */
};

struct senders {
    struct senders_options options;
    struct sender *all;
    size_t count, waiting, turns, carried[ADAPTERS];
    char server_key[WIRE_KEY_SIZE];
    struct sender_http *http;
    char token[SECRET_TEXT_MAX]; /* of desk's session */
    bool signing_in, signed_in;
    char form[SENDER_FORM_MAX];
};

/* ---- answers ---------------------------------------------------------------------------------------------------------------- */

static void answer(struct senders *senders, const struct submit_answer *given) {
    senders->waiting--;
    senders->options.answered(senders->options.context, given);
}

static void submitted(void *context, const struct submit_answer *given) {
    answer(((struct sender *)context)->senders, given);
}

/* The number of the case, wherever the answer has it. */
static uint64_t case_in(const json_t *json) {
    const char *id = json_string_value(json_object_get(json, "case"));
    if (id == NULL)
        id = json_string_value(json_object_get(json, "service_request_id"));
    if (id != NULL)
        return strtoull(id, NULL, 10);
    const json_t *list = json_is_array(json) ? json : json_object_get(json, "reports");
    return json_array_size(list) > 0 ? case_in(json_array_get(list, 0)) : 0;
}

static void posted(void *context, uint64_t tag, long status, const json_t *json) {
    struct senders *senders = context;
    const char *token = json_string_value(json_object_get(json, "token"));
    if (senders->signing_in) {
        senders->signing_in = false;
        senders->signed_in = token != NULL && strlen(token) < sizeof senders->token;
        if (senders->signed_in)
            strcpy(senders->token, token);
        return;
    }
    struct submit_answer given = {.tag = tag, .case_id = case_in(json), .accepted = false};
    given.accepted = given.case_id != 0;
    given.repeated = given.accepted && status == 200;
    if (!given.accepted) {
        char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
        (void)refuse(&given.why, "http", "%ld %.180s", status, text != NULL ? text : "");
        free(text);
    }
    answer(senders, &given);
}

static void child_ended(void *context, const struct submit_answer *given) {
    answer(context, given);
}

/* ---- opening ----------------------------------------------------------------------------------------------------------------- */

static int read_line(const char *folder, const char *source, const char *ending, char text[SECRET_TEXT_MAX],
                     struct reason *why) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s%s", folder, source, ending);
    FILE *file = fopen(path, "re");
    bool got = file != NULL && fgets(text, SECRET_TEXT_MAX, file) != NULL;
    if (file != NULL)
        fclose(file);
    if (!got)
        return refuse(why, path, "cannot be read; `zhitong keys source add %s --out FILE` makes it", source);
    text[strcspn(text, "\r\n")] = '\0';
    return 0;
}

static int open_client(struct sender *sender, struct reason *why) {
    const struct senders_options *options = &sender->senders->options;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.curve", options->folder, sender->source->code);
    if (wire_keys_read(&sender->curve, path, why) != 0)
        return -1;
    const struct submit_options submit = {.zmq = options->zmq,
                                          .keys = &sender->curve,
                                          .server_key = sender->senders->server_key,
                                          .window = SENDERS_WINDOW,
                                          .endpoints = options->endpoints,
                                          .context = sender,
                                          .answered = submitted};
    return submit_client_open(&sender->client, &submit, why);
}

static int open_child(struct sender *sender) {
    const struct senders_options *options = &sender->senders->options;
    const struct sender_child_options child = {.source = sender->source,
                                               .city = options->city,
                                               .db = options->db,
                                               .folder = options->folder,
                                               .intake = options->intake,
                                               .endpoints = options->endpoints,
                                               .server_key_file = options->server_key_file,
                                               .context = sender->senders,
                                               .answered = child_ended};
    sender->child = sender_child_open(&child);
    return 0;
}

static int open_sender(struct sender *sender, struct reason *why) {
    const char *folder = sender->senders->options.folder, *code = sender->source->code;
    switch (sender->source->adapter) {
    case ADAPTER_SUBMIT:
        return open_client(sender, why);
    case ADAPTER_FILE:
    case ADAPTER_MAIL:
        return open_child(sender);
    case ADAPTER_WEBHOOK:
        return read_line(folder, code, ".hmac", sender->secret, why);
    case ADAPTER_HTTP:
    case ADAPTER_CAP:
        return read_line(folder, code, ".key", sender->key, why);
    case ADAPTER_STAFF:
        return 0;
    }
    return refuse(why, code, "has an adapter that nobody knows");
}

static int sign_in(struct senders *senders, struct reason *why) {
    char password[SECRET_TEXT_MAX] = "";
    struct sender_post post = {.tag = 0};
    if (senders->options.desk == NULL)
        return 0;
    FILE *file = fopen(senders->options.password_file, "re");
    if (file == NULL || fgets(password, sizeof password, file) == NULL)
        return refuse(why, "--password-file", "cannot be read");
    fclose(file);
    password[strcspn(password, "\r\n")] = '\0';
    json_t *json = json_pack("{s:s, s:s}", "login", senders->options.login, "password", password);
    char *body = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    snprintf(post.url, sizeof post.url, "%s/sessions", senders->options.desk);
    strcpy(post.headers[0], "Content-Type: application/json");
    post.body = body;
    post.size = strlen(body);
    senders->signing_in = true;
    sender_http_send(senders->http, &post);
    free(body);
    while (senders->signing_in)
        sender_http_turn(senders->http);
    return senders->signed_in ? 0 : refuse(why, "--login", "desk does not let %s in", senders->options.login);
}

int senders_open(struct senders **out, const struct senders_options *options, struct reason *why) {
    struct senders *senders = calloc(1, sizeof *senders);
    assert(senders != NULL);
    senders->options = *options;
    const struct source *sources = city_sources(options->city, &senders->count);
    senders->all = calloc(senders->count + 1, sizeof *senders->all);
    senders->http = sender_http_open(posted, senders);
    assert(senders->all != NULL);
    int status = server_key_read(senders->server_key, options->server_key_file, why);
    for (size_t i = 0; status == 0 && i < senders->count; i++) {
        senders->all[i] = (struct sender){.senders = senders, .source = &sources[i]};
        status = open_sender(&senders->all[i], why);
    }
    if (status == 0)
        status = sign_in(senders, why);
    if (status != 0)
        senders_close(&senders);
    *out = senders;
    return status;
}

void senders_close(struct senders **senders) {
    if (*senders == NULL)
        return;
    for (size_t i = 0; i < (*senders)->count; i++) {
        submit_client_close(&(*senders)->all[i].client);
        sender_child_close(&(*senders)->all[i].child);
    }
    sender_http_close(&(*senders)->http);
    free((*senders)->all);
    free(*senders);
    *senders = NULL;
}

/* ---- sending ----------------------------------------------------------------------------------------------------------------- */

static bool takes(const struct sender *sender, const struct submit *report) {
    const struct source *source = sender->source;
    const struct source_field *item = source_field(source, "item");
    if (strcmp(source->channel, report->channel) != 0)
        return false;
    if (source->adapter == ADAPTER_MAIL)
        return strcmp(source->item, report->item) == 0;
    if (source->adapter == ADAPTER_STAFF && !sender->senders->signed_in)
        return false;
    return item == NULL || item->value_count == 0 ||
           strcmp(source_value(item, sender_word(item, report->item)), report->item) == 0;
}

static struct sender *sender_for(struct senders *senders, const struct submit *report) {
    size_t able = 0, turn;
    for (size_t i = 0; i < senders->count; i++)
        able += takes(&senders->all[i], report);
    if (able == 0)
        return NULL;
    turn = senders->turns++ % able;
    for (size_t i = 0;; i++)
        if (takes(&senders->all[i], report) && turn-- == 0)
            return &senders->all[i];
}

static void post_form(struct sender *sender, const struct submit *report, struct sender_post *post) {
    snprintf(post->url, sizeof post->url, "%s/open311/v2/requests.json", sender->senders->options.intake);
    strcpy(post->headers[0], "Content-Type: application/x-www-form-urlencoded");
    snprintf(post->headers[1], sizeof post->headers[1], "X-API-Key: %s", sender->key);
    snprintf(post->headers[2], sizeof post->headers[2], "Idempotency-Key: %s", report->key);
    post->body = sender->senders->form;
    post->size = sender_form(sender->senders->options.city, report, sender->senders->form);
}

static void post_alert(struct sender *sender, const struct submit *report, struct sender_post *post) {
    snprintf(post->url, sizeof post->url, "%s/sources/%s/cap", sender->senders->options.intake, sender->source->code);
    strcpy(post->headers[0], "Content-Type: application/cap+xml");
    snprintf(post->headers[1], sizeof post->headers[1], "Authorization: Bearer %s", sender->key);
    post->body = sender->senders->form;
    post->size = sender_alert(sender->source, report, sender->senders->options.city, sender->senders->form);
}

static void take_json(json_t *take_object, char form[SENDER_FORM_MAX], struct sender_post *post) {
    post->size = json_dumpb(take_object, form, SENDER_FORM_MAX, JSON_COMPACT);
    assert(post->size < SENDER_FORM_MAX);
    post->body = form;
    json_decref(take_object);
}

static int post_webhook(struct sender *sender, const struct submit *report, struct sender_post *post,
                        struct reason *why) {
    snprintf(post->url, sizeof post->url, "%s/sources/%s/reports", sender->senders->options.intake,
             sender->source->code);
    strcpy(post->headers[0], "Content-Type: application/json");
    take_json(sender_webhook(sender->source, report, sender->senders->options.city), sender->senders->form, post);
    return sender_sign(post, sender->secret, report->key, why);
}

static void post_entry(struct sender *sender, const struct submit *report, struct sender_post *post) {
    struct senders *senders = sender->senders;
    snprintf(post->url, sizeof post->url, "%s/reports", senders->options.desk);
    strcpy(post->headers[0], "Content-Type: application/json");
    snprintf(post->headers[1], sizeof post->headers[1], "Authorization: Bearer %s", senders->token);
    snprintf(post->headers[2], sizeof post->headers[2], "Idempotency-Key: %s", report->key);
    take_json(sender_entry(report), senders->form, post);
}

static int send_over_http(struct sender *sender, const struct submit *report, uint64_t tag, struct reason *why) {
    struct sender_post post = {.tag = tag};
    switch (sender->source->adapter) {
    case ADAPTER_WEBHOOK:
        if (post_webhook(sender, report, &post, why) != 0)
            return -1;
        break;
    case ADAPTER_CAP:
        post_alert(sender, report, &post);
        break;
    case ADAPTER_STAFF:
        post_entry(sender, report, &post);
        break;
    case ADAPTER_HTTP:
    case ADAPTER_SUBMIT:
    case ADAPTER_FILE:
    case ADAPTER_MAIL:
        post_form(sender, report, &post);
        break;
    }
    sender_http_send(sender->senders->http, &post);
    return 0;
}

int senders_send(struct senders *senders, const struct submit *report, uint64_t tag, struct reason *why) {
    struct sender *sender = sender_for(senders, report);
    int status = 0;
    if (sender == NULL)
        return refuse(why, "channel", "no source of %s takes a report of %s", report->channel, report->item);
    if (sender->client != NULL)
        status = submit_client_send(sender->client, report, tag, why);
    else if (sender->child != NULL)
        sender_child_add(sender->child, report, tag);
    else
        status = send_over_http(sender, report, tag, why);
    if (status != 0)
        return -1;
    senders->waiting++;
    senders->carried[sender->source->adapter]++;
    return 0;
}

bool senders_room(const struct senders *senders) {
    return senders->waiting < SENDERS_WINDOW;
}

size_t senders_waiting(const struct senders *senders) {
    return senders->waiting;
}

void senders_turn(struct senders *senders) {
    sender_http_turn(senders->http);
    for (size_t i = 0; i < senders->count; i++) {
        if (senders->all[i].client != NULL)
            submit_client_turn(senders->all[i].client, 0);
        if (senders->all[i].child != NULL)
            sender_child_turn(senders->all[i].child);
    }
}

void senders_print(const struct senders *senders, FILE *out) {
    for (int adapter = 0; adapter < ADAPTERS; adapter++)
        if (senders->carried[adapter] > 0)
            fprintf(out, "%s%zu %s", adapter == 0 ? "" : "  ", senders->carried[adapter],
                    adapter_name((enum adapter)adapter));
    fprintf(out, "\n");
}
