/* Up to the first NUL: a filter. What is taken must answer, with and without its terms turned round, for the entry that follows (any
 * bytes: as facts and as an event). */
#include <assert.h>
#include <string.h>

#include "common/event.h"
#include "common/filter.h"

static void check_filter(const struct filter *filter, const struct moved_facts *facts) {
    assert(filter->count >= 0 && filter->count <= FILTER_TERMS_MAX);
    struct filter turned = *filter;
    bool wanted = filter_match_facts(filter, NULL, facts);
    if (filter->count != 1)
        return;
    turned.terms[0].none = !turned.terms[0].none;
    assert(filter_match_facts(&turned, NULL, facts) != wanted);
}

static void check_event(const struct moved_facts *facts, const uint8_t *body, size_t size) {
    const struct event_place place = {"/zhitong/x", "u", 7};
    struct bytes bytes = {0};
    struct event event;
    uint8_t head[EVENT_HEAD_MAX];
    bytes_append(&bytes, head, event_head(head, &place, facts));
    bytes_append(&bytes, body, size);
    if (event_read(&event, bytes.data, bytes.size, NULL) == 0)
        assert(event.seq == 7 && event.size == size && memcmp(event.data, body, size) == 0);
    bytes_close(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[FILTER_TEXT_MAX + 2];
    struct filter filter;
    struct reason why = {.text = ""};
    struct event event;
    size_t length = strnlen((const char *)data, size < sizeof text - 1 ? size : sizeof text - 1);
    memcpy(text, data, length);
    text[length] = '\0';
    if (filter_parse(&filter, text, NULL, &why) != 0) {
        assert(strcmp(why.field, "filter") == 0 && why.text[0] != '\0');
        filter.count = 0;
    }
    const uint8_t *body = data + length + (length < size);
    size_t body_size = size - length - (length < size);
    struct moved_facts facts;
    if (moved_facts_read(body, body_size, FACTS_NAMES, &facts) == 0)
        check_event(&facts, body, body_size);
    if (moved_facts_read(body, body_size, FACTS_ALL, &facts) == 0)
        check_filter(&filter, &facts);
    if (event_read(&event, body, body_size, &why) == 0)
        assert(event.seq > 0 && event.data >= body && event.data + event.size <= body + body_size);
    return 0;
}
