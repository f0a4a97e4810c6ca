/* First byte: which reader. Then one short text as a header, a page, a person or a server sends it. What is taken keeps its bounds and
 * has its form; what is refused is refused in words. */
#include <arpa/inet.h>
#include <math.h>

#include "common/cap_place.h"
#include "common/contact.h"
#include "common/endpoints.h"
#include "common/form.h"
#include "common/http_address.h"
#include "common/http_tag.h"
#include "common/receipt.h"
#include "common/traceparent.h"
#include "services/desk/list_page.h"
#include "services/desk/live_hub_inner.h"
#include "services/desk/session.h"
#include "services/intake/items_json.h"
#include "services/notification/address_guard.h"
#include "services/notification/destination.h"
#include "services/notification/notice.h"
#include "services/notification/text_shown.h"
#include "services/zhitong/mail_box.h"
#include "tests/fuzz/fuzz_input.h"

static void etag(const char *text) {
    char tag[HTTP_TAG_SIZE];
    http_tag_of(text, strlen(text), tag);
    if (strchr(text, '*') == NULL && strstr(text, tag) == NULL)
        assert(!http_tag_matches(text, tag));
}

static void forwarded(const char *text) {
    char address[HTTP_PEER_BYTES_MAX + 1];
    unsigned char numeric[16];
    if (http_address_forwarded(text, address))
        assert(inet_pton(strchr(address, ':') != NULL ? AF_INET6 : AF_INET, address, numeric) == 1);
}

static void token(const char *text) {
    char digest[DIGEST_TEXT_SIZE];
    if (token_read(text, NULL, digest) || token_read(NULL, text, digest))
        assert(strspn(digest, "0123456789abcdef") == DIGEST_TEXT_SIZE - 1);
}

static void language(const char *text) {
    char tag[LANGUAGE_MAX + 1];
    language_of(fuzz_city(), text, text, tag);
    assert(tag[0] != '\0' && strlen(tag) <= LANGUAGE_MAX);
}

static void last_event(const char *text) {
    assert(live_seq_after(text, "c-water") <= UINT64_C(1000000000000000000));
}

static void receipt(const char *text) {
    char code[RECEIPT_CHARACTERS + 1];
    struct reason why = {.text = ""};
    if (receipt_read(text, code, &why) == 0)
        assert(strlen(code) == RECEIPT_CHARACTERS);
    else
        fuzz_check_reason(&why);
}

static void contact(const char *text) {
    static const char *const kinds[] = {"phone", "email", "address", "account"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char normal[CONTACT_BYTES_MAX + 1], again[CONTACT_BYTES_MAX + 1];
        if (contact_normal(kinds[i], text, normal))
            assert(contact_normal(kinds[i], normal, again) && strcmp(normal, again) == 0);
        assert(strlen(normal) <= CONTACT_BYTES_MAX);
    }
}

static void page_cursor(const char *text) {
    static const enum cursor_kind kinds[] = {CURSOR_OPENED, CURSOR_DUE, CURSOR_LOG, CURSOR_COUNCIL};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct cursor cursor, again;
        struct reason why;
        char written[CURSOR_SIZE];
        if (cursor_read(kinds[i], text, &cursor, &why) != 0)
            continue;
        cursor_write(kinds[i], &cursor, written);
        assert(cursor_read(kinds[i], written, &again, &why) == 0);
        assert(again.at == cursor.at && again.number == cursor.number);
    }
}

static void servers(const char *text) {
    struct endpoints endpoints;
    struct reason why = {.text = ""};
    if (endpoints_read(&endpoints, text, &why) == 0)
        assert(endpoints.count >= 1 && endpoints.count <= ENDPOINTS_MAX);
    else
        fuzz_check_reason(&why);
}

static void address(const char *text) {
    unsigned char numeric[16];
    char plain[256];
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(text, "%"), text); /* a zone may stand behind an IPv6 address */
    if (address_text_closed(text) == NULL)
        assert(inet_pton(AF_INET, text, numeric) == 1 || inet_pton(AF_INET6, plain, numeric) == 1);
    const char *host = strchr(text, '\n');
    (void)host_in_list(text, host != NULL ? host + 1 : text);
}

static void shown(const char *text) {
    char room[64];
    text_shown(room, sizeof room, text);
    assert(text_clean(room, strlen(room)) == strlen(room));
    destination_show(text, room, sizeof room);
    assert(strlen(room) < sizeof room);
}

static void events(const char *text) {
    struct reason why = {.text = ""};
    if (notice_list_check(text, AUDIENCE_unit, &why) != 0)
        fuzz_check_reason(&why);
    (void)notice_is_listed(text, NOTICE_test);
}

static void place(const char *text) {
    double lat, lon;
    if (cap_circle(text, &lat, &lon) == 0 || cap_polygon(text, &lat, &lon) == 0)
        assert(fabs(lat) <= 90 && fabs(lon) <= 180);
}

static void imap(const char *text) {
    static uint32_t uids[MAIL_BOX_MAILS_MAX];
    uint64_t size;
    size_t count = mail_box_uids(text, uids);
    assert(count <= MAIL_BOX_MAILS_MAX);
    for (size_t i = 0; i < count; i++)
        assert(uids[i] > 0);
    (void)mail_box_size_of(text, &size);
}

static void trace(const char *text) {
    char copied[TRACEPARENT_SIZE + 1], again[TRACEPARENT_SIZE + 1], id[TRACE_ID_SIZE + 1];
    traceparent_copy(copied, text);
    traceparent_copy(again, copied);
    assert(strcmp(copied, again) == 0);
    if (copied[0] == '\0')
        return;
    trace_id(id, copied);
    assert(strlen(copied) == TRACEPARENT_SIZE && strspn(id, "0123456789abcdef") == TRACE_ID_SIZE);
}

static void kind_of_form(const char *text) {
    assert(form_kind_of(text) <= FORM_MULTIPART);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct {
        char letter;
        void (*read)(const char *text);
    } readers[] = {{'t', etag},       {'x', forwarded}, {'k', token},        {'l', language},
                   {'e', last_event}, {'r', receipt},   {'c', contact},      {'p', page_cursor},
                   {'s', servers},    {'a', address},   {'d', shown},        {'n', events},
                   {'g', place},      {'i', imap},      {'f', kind_of_form}, {'w', trace}};
    if (size == 0)
        return 0;
    char *text = fuzz_text(data + 1, size - 1);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if ((char)data[0] == readers[i].letter)
            readers[i].read(text);
    free(text);
    return 0;
}
