/* GET discovery, services and services/CODE. */
#include <stdio.h>
#include <string.h>

#include "common/loop.h"
#include "services/intake/open311.h"

#define SPECIFICATION "http://wiki.open311.org/GeoReport_v2"
#define EXTENSIONS SPECIFICATION "/Extensions" /* paging, updates and so on; the same address */
#define CHANGESET "2026-11-25"                 /* when what is said here changed last */

static const char *text_of(const struct open311_call *call, const char *setting) {
    return settings_text(call->intake->loop->settings, setting);
}

void open311_url(const struct open311_call *call, char url[OPEN311_URL_SIZE]) {
    const char *said = text_of(call, "ZHITONG_OPEN311_URL");
    if (*said != '\0')
        snprintf(url, OPEN311_URL_SIZE, "%s", said);
    else
        snprintf(url, OPEN311_URL_SIZE, "http://%s/open311/v2", http_header(call->request, "Host"));
}

static void emit_endpoint(struct emit *emit, const char *specification, const char *url, const char *type) {
    emit_record(emit, NULL);
    emit_text(emit, "specification", specification);
    emit_text(emit, "url", url);
    emit_text(emit, "changeset", CHANGESET);
    emit_text(emit, "type", type);
    emit_list(emit, "formats", "format");
    emit_text(emit, NULL, "text/xml");
    emit_text(emit, NULL, "application/json");
    emit_end(emit);
    emit_end(emit);
}

void open311_get_discovery(struct open311_call *call) {
    struct emit emit = {.format = call->format};
    const char *test = text_of(call, "ZHITONG_OPEN311_TEST_URL");
    char url[OPEN311_URL_SIZE];
    open311_url(call, url);
    emit_record(&emit, "discovery");
    emit_text(&emit, "changeset", CHANGESET);
    emit_text(&emit, "contact", text_of(call, "ZHITONG_OPEN311_CONTACT"));
    emit_text(&emit, "key_service", text_of(call, "ZHITONG_OPEN311_KEY_SERVICE"));
    emit_list(&emit, "endpoints", "endpoint");
    emit_endpoint(&emit, SPECIFICATION, url, "production");
    emit_endpoint(&emit, EXTENSIONS, url, "production");
    if (*test != '\0')
        emit_endpoint(&emit, SPECIFICATION, test, "test");
    emit_end(&emit);
    emit_end(&emit);
    open311_answer(call, &emit);
}

static void services(struct open311_call *call) {
    struct emit emit = {.format = call->format};
    open311_emit_services(&emit, call->intake->book, call->language);
    open311_answer(call, &emit);
}

void open311_get_services(struct open311_call *call) {
    open311_with_book(call, services);
}

static void service(struct open311_call *call) {
    struct emit emit = {.format = call->format};
    open311_emit_service(&emit, call->intake->book, call->language, call->id);
    open311_answer(call, &emit);
}

void open311_get_service(struct open311_call *call) {
    if (city_item(intake_city(call->intake), call->id) == NULL)
        open311_refuse_why(call, 404, "service_code", "there is no such service");
    else
        open311_with_book(call, service);
}
