#include "common/event.h"

#include "common/message_json.h"
#include "proto/describe.h"
#include "proto/guard.h"
#include "tests/unit/notation.h"
#include "tests/unit/small_city.h"

static const struct case_moved moved = {.case_id = 4711,
                                        .version = 3,
                                        .at = 1788222600250,
                                        .move = "sign",
                                        .from = "dispatched",
                                        .state = "handling",
                                        .tier = 2,
                                        .unit = "t-centre",
                                        .severity = "yellow",
                                        .actor = "li",
                                        .channel = "hotline",
                                        .item = "noise",
                                        .area = "v",
                                        .lat = 33.5,
                                        .lon = 114.0};
static const struct event_place place = {"/zhitong/small", "t-centre", 42};

/* The whole event as a follower gets it. */
static void make_event(struct bytes *bytes, const struct case_moved *what, const struct event_place *where) {
    uint8_t head[EVENT_HEAD_MAX];
    struct moved_facts facts;
    struct bytes body = {0};
    message_encode(MESSAGE_case_moved, what, &body);
    assert_int_equal(moved_facts_read(body.data, body.size, FACTS_NAMES, &facts), 0);
    bytes_append(bytes, head, event_head(head, where, &facts));
    bytes_append(bytes, body.data, body.size);
    bytes_close(&body);
}

static void an_entry_becomes_an_event_around_the_same_bytes(void **state) {
    struct bytes bytes = {0}, body = {0};
    struct event event;
    struct reason why;
    (void)state;
    message_encode(MESSAGE_case_moved, &moved, &body);
    make_event(&bytes, &moved, &place);
    assert_int_equal(guard_object_size(bytes.data, bytes.size), bytes.size);
    assert_int_equal(event_read(&event, bytes.data, bytes.size, &why), 0);
    assert_string_equal(event.id, "4711.3");
    assert_string_equal(event.source, "/zhitong/small");
    assert_string_equal(event.type, "zhitong.case.sign");
    assert_string_equal(event.subject, "4711");
    assert_string_equal(event.time, "2026-09-01T00:30:00.250Z");
    assert_string_equal(event.unit, "t-centre");
    assert_int_equal(event.seq, 42);
    assert_int_equal(event.size, body.size);
    assert_memory_equal(event.data, body.data, body.size);
    bytes_close(&bytes);
    bytes_close(&body);
}

#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

/* The extension Distributed Tracing of CloudEvents: in the msgpack form unknown to event_read, which passes it over. */
static void an_entry_with_a_trace_tells_it(void **state) {
    struct case_moved traced = moved;
    struct bytes bytes = {0};
    struct event event;
    struct reason why;
    (void)state;
    make_event(&bytes, &traced, &place);
    assert_null(memmem(bytes.data, bytes.size, "traceparent", 11));
    bytes.size = 0;
    strcpy(traced.traceparent, TRACE);
    make_event(&bytes, &traced, &place);
    assert_int_equal(guard_object_size(bytes.data, bytes.size), bytes.size);
    assert_int_equal(event_read(&event, bytes.data, bytes.size, &why), 0);
    assert_non_null(memmem(bytes.data, (size_t)(event.data - bytes.data), "\xabtraceparent\xd9\x37" TRACE, 14 + 55));
    json_t *json = event_json(&place, &traced);
    assert_string_equal(json_string_value(json_object_get(json, "traceparent")), TRACE);
    json_decref(json);
    bytes_close(&bytes);
}

static void the_longest_texts_fit(void **state) {
    struct case_moved longest = moved;
    struct bytes bytes = {0};
    struct event event;
    struct reason why;
    char source[EVENT_SOURCE_MAX + 1], code[CODE_MAX + 1];
    (void)state;
    memset(code, 'c', CODE_MAX);
    code[CODE_MAX] = '\0';
    event_source(source, code);
    longest.case_id = longest.version = UINT64_MAX;
    longest.at = INT64_MAX;
    memset(longest.move, 'm', sizeof longest.move - 1);
    strcpy(longest.traceparent, TRACE);
    make_event(&bytes, &longest, &(struct event_place){source, code, UINT64_MAX});
    assert_int_equal(event_read(&event, bytes.data, bytes.size, &why), 0);
    assert_string_equal(event.id, "18446744073709551615.18446744073709551615.18446744");
    assert_string_equal(event.time, "9999-12-31T23:59:59.999Z");
    assert_true(event.seq == UINT64_MAX);
    assert_true((size_t)(event.data - bytes.data) <= EVENT_HEAD_MAX);
    bytes_close(&bytes);
}

/* A version that a restore has undone is given again, and receivers drop ids that they have seen. */
static void after_a_restore_ids_are_others(void **state) {
    static const struct {
        uint64_t seq;
        const char *id;
    } cases[] = {{42, "4711.3"}, {999999999999, "4711.3"}, {1000000000001, "4711.3.1"}, {7000000000042, "4711.3.7"}};
    struct moved_facts facts = {.case_id = 4711, .version = 3};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char id[EVENT_ID_MAX + 1];
        event_id(id, &facts, cases[i].seq);
        assert_string_equal(id, cases[i].id);
    }
}

/* What PROTOCOL.md shows is what followers get. */
static void the_example_of_the_protocol_is_ours(void **state) {
    struct bytes example = {0}, ours = {0};
    struct event event;
    struct reason why;
    struct case_moved decoded;
    (void)state;
    describe_event_example(&example);
    assert_int_equal(event_read(&event, example.data, example.size, &why), 0);
    assert_int_equal(message_decode(MESSAGE_case_moved, event.data, event.size, &decoded, &why), 0);
    make_event(&ours, &decoded, &(struct event_place){event.source, event.unit, event.seq});
    assert_int_equal(ours.size, example.size);
    assert_memory_equal(ours.data, example.data, ours.size);
    bytes_close(&example);
    bytes_close(&ours);
}

static void instants_are_written_in_utc(void **state) {
    static const struct {
        int64_t at;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782399999, "2000-02-28T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {1772323200000, "2026-03-01T00:00:00.000Z"},
        {1798761599001, "2026-12-31T23:59:59.001Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {INT64_MIN, "0001-01-01T00:00:00.000Z"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char text[EVENT_TIME_SIZE + 1];
        event_time(text, cases[i].at);
        assert_string_equal(text, cases[i].text);
    }
}

static void json_says_the_same(void **state) {
    struct reason why;
    struct case_moved again;
    char *text = event_text(&place, &moved);
    json_t *event = json_loads(text, 0, NULL);
    static const struct {
        const char *name, *value;
    } wanted[] = {
        {"specversion", "1.0"},       {"id", "4711.3"},
        {"source", "/zhitong/small"}, {"type", "zhitong.case.sign"},
        {"subject", "4711"},          {"time", "2026-09-01T00:30:00.250Z"},
        {"unit", "t-centre"},         {"sequence", "00000000000000000042"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(wanted); i++)
        assert_string_equal(json_string_value(json_object_get(event, wanted[i].name)), wanted[i].value);
    json_t *data = json_object_get(event, "data");
    assert_string_equal(json_string_value(json_object_get(data, "t")), "case_moved");
    json_object_del(data, "t");
    assert_int_equal(message_from_json(MESSAGE_case_moved, data, &again, &why), 0);
    assert_int_equal(again.case_id, 4711);
    assert_string_equal(again.actor, "li");
    json_decref(event);
    free(text);
}

static void what_is_no_event_is_refused_with_the_attribute(void **state) {
    static const struct {
        size_t size;
        const char *bytes, *field;
    } cases[] = {
        {0, "", ""},
        {1, "\x80", "id"},
        {1, "\x01", ""},
        {3, "\x81\xa2id", ""}, /* cut short */
        {5, "\x81\xa2id\x07", "id"},
        {5, "\x81\xa2id\xa0", "id"},
        {3, "\x81\x01\x02", ""},
        {17,
         "\x81\xab"
         "specversion\xa3"
         "0.3",
         "specversion"},
        {12,
         "\x81\xa8sequence\xa1"
         "5",
         "sequence"},
        {31,
         "\x81\xa8sequence\xb4"
         "9999999999999999999x",
         "sequence"},
        {31,
         "\x81\xa8sequence\xb4"
         "99999999999999999999",
         "sequence"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct event event;
        struct reason why = {.field = "none"};
        if (event_read(&event, (const uint8_t *)cases[i].bytes, cases[i].size, &why) == 0)
            fail_msg("case %zu was taken", i);
        assert_string_equal(why.field, cases[i].field);
    }
}

static void facts_are_read_whatever_the_order_and_refused_where_they_lack(void **state) {
    static const struct {
        const char *notation;
        bool names, all; /* whether they are there */
    } cases[] = {
        {"85 a1 't' aa 'case_moved' a2 'at' 05 a4 'move' a4 'sign' a7 'version' 02 a4 'case' 09", true, false},
        {"86 a1 't' aa 'case_moved' a4 'case' 09 a5 'later' 92 01 81 a1 'x' c0 a7 'version' 02 a2 'at' 05 a4 'move' a4 'sign'",
         true, false},
        {"8b a1 't' aa 'case_moved' a4 'case' 09 a7 'version' 02 a2 'at' 05 a4 'move' a4 'sign' a5 'state' a8 'handling' a4 'tier' 01 a8 'severity' a3 'red' a7 'channel' a1 'a' a4 'item' a1 'b' a4 'area' a1 'c'",
         true, true},
        {"8b a1 't' aa 'case_moved' a5 'state' a8 'handling' a4 'tier' 01 a8 'severity' a3 'red' a7 'channel' a1 'a' a4 'item' a1 'b' a4 'area' a1 'c' a4 'move' a4 'sign' a2 'at' 05 a7 'version' 02 a4 'case' 09",
         true, true},
        {"86 a1 't' aa 'case_moved' a4 'case' 09 a4 'case' 09 a7 'version' 02 a2 'at' 05 a4 'move' a4 'sign'", false,
         false},
        {"85 a1 't' aa 'case_moved' a4 'case' a1 '9' a7 'version' 02 a2 'at' 05 a4 'move' a4 'sign'", false, false},
        {"85 a1 't' aa 'case_moved' a4 'case' 09 a7 'version' 02 a2 'at' 05 a4 'move' 07", false, false},
        {"85 a1 't' aa 'case_moved' a4 'case' 09 a7 'version' 02 a2 'at' 05 a4 'move' bc 'a-move-of-more-than-24-bytes'",
         false, false},
        {"84 a1 't' aa 'case_moved' a4 'case' 09 a7 'version' 02 a2 'at' 05", false, false},
        {"85 a1 't' a6 'submit' a4 'case' 09 a7 'version' 02 a2 'at' 05 a4 'move' a4 'sign'", false, false},
        {"85 a4 'case' 09 a1 't' aa 'case_moved' a7 'version' 02 a2 'at' 05 a4 'move' a4 'sign'", false, false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes bytes = bytes_of(cases[i].notation);
        struct moved_facts facts = {0};
        for (int all = 0; all < 2; all++) {
            int status = moved_facts_read(bytes.data, bytes.size, all ? FACTS_ALL : FACTS_NAMES, &facts);
            if ((status == 0) != (all ? cases[i].all : cases[i].names))
                fail_msg("case %zu, all %d: %d", i, all, status);
            for (size_t cut = 0; cut < bytes.size && status == 0; cut++)
                (void)!moved_facts_read(bytes.data, cut, all ? FACTS_ALL : FACTS_NAMES, &facts);
        }
        bytes_close(&bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_becomes_an_event_around_the_same_bytes),
        cmocka_unit_test(an_entry_with_a_trace_tells_it),
        cmocka_unit_test(the_longest_texts_fit),
        cmocka_unit_test(after_a_restore_ids_are_others),
        cmocka_unit_test(the_example_of_the_protocol_is_ours),
        cmocka_unit_test(instants_are_written_in_utc),
        cmocka_unit_test(json_says_the_same),
        cmocka_unit_test(what_is_no_event_is_refused_with_the_attribute),
        cmocka_unit_test(facts_are_read_whatever_the_order_and_refused_where_they_lack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
