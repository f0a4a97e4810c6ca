/* What libzhitong-follow reads of bytes that a server sent: claims that lie, depth, limits, and the fields of an event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clients/c/zhitong_event.h"
#include "clients/c/zhitong_owner.h"
#include "clients/c/zhitong_reader.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define BYTES(text) text, sizeof(text) - 1
#define TEN(text) text text text text text text text text text text

static struct reader reader_of(const char *bytes, size_t size) {
    return (struct reader){(const uint8_t *)bytes, (const uint8_t *)bytes + size};
}

static void every_form_of_a_value_is_read(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum reader_kind kind;
        uint64_t number;
        int64_t negative;
    } rows[] = {
        {BYTES("\xc0"), READ_NIL, 0, 0},
        {BYTES("\xc3"), READ_FLAG, 1, 0},
        {BYTES("\x7f"), READ_UNSIGNED, 127, 0},
        {BYTES("\xcc\xff"), READ_UNSIGNED, 255, 0},
        {BYTES("\xcd\x01\x00"), READ_UNSIGNED, 256, 0},
        {BYTES("\xce\x00\x01\x00\x00"), READ_UNSIGNED, 65536, 0},
        {BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), READ_UNSIGNED, UINT64_MAX, 0},
        {BYTES("\xff"), READ_NEGATIVE, 0, -1},
        {BYTES("\xd0\x80"), READ_NEGATIVE, 0, -128},
        {BYTES("\xd1\x00\x05"), READ_UNSIGNED, 5, 5},
        {BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), READ_NEGATIVE, 0, INT64_MIN},
        {BYTES("\xca\x3f\x80\x00\x00"), READ_FLOAT, 0, 0},
        {BYTES("\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"), READ_FLOAT, 0, 0},
        {BYTES("\xa0"), READ_TEXT, 0, 0},
        {BYTES("\xda\x00\x02xy"), READ_TEXT, 0, 0},
        {BYTES("\xc4\x01x"), READ_BYTES, 0, 0},
        {BYTES("\x91\xc0"), READ_ARRAY, 0, 0},
        {BYTES("\xdf\x00\x00\x00\x00"), READ_MAP, 0, 0},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct reader reader = reader_of(rows[i].bytes, rows[i].size);
        struct reader_value value;
        assert_true(reader_value(&reader, &value));
        assert_int_equal(value.kind, rows[i].kind);
        assert_int_equal(value.number, rows[i].number);
        assert_int_equal(value.negative, rows[i].negative);
        if (value.kind == READ_FLOAT)
            assert_true(value.real > 0.99 && value.real < 1.01);
        reader = reader_of(rows[i].bytes, rows[i].size);
        assert_true(reader_skip(&reader) && reader.at == reader.end);
    }
}

/* Every one of these would have msgpack-c 4.0.0 allocate, or read past the end. */
static void what_claims_more_than_is_there_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {
        {BYTES("")},
        {BYTES("\xc1")},
        {BYTES("\xd4\x01\x02")},
        {BYTES("\xc7\x01\x02\x03")},
        {BYTES("\xdd\xdd\xdd\xdd\xdd\x7a")},
        {BYTES("\xdf\xff\xff\xff\xff\x01")},
        {BYTES("\xdb\xff\xff\xff\xff\x41")},
        {BYTES("\xc6\xff\xff\xff\xff\x41")},
        {BYTES("\x81\xa1")},
        {BYTES("\x92\x01")},
        {BYTES("\xcf\x01\x02")},
        {BYTES("\xcb\x01")},
        {BYTES("\xd9")},
        {BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01")}, /* one deeper than may be */
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct reader reader = reader_of(rows[i].bytes, rows[i].size);
        assert_false(reader_skip(&reader));
    }
    static uint8_t many[READER_OBJECTS_MAX + 3] = {0xdc, 0xff, 0xff};
    struct reader reader = {many, many + 3 + 65535};
    assert_true(reader_skip(&reader)); /* 65536 with the array itself */
    uint8_t deep[] = {0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x01};
    reader = (struct reader){deep, deep + sizeof deep};
    assert_true(reader_skip(&reader));
}

static void an_owner_s_message_is_read_or_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bool good;
        enum owner_word word;
    } rows[] = {
        {BYTES("\x83\xa1t\xa4head\xa6stream\xa1n\xa3seq\x07"), true, OWNER_HEAD},
        {BYTES("\x81\xa1t\xa4head"), true, OWNER_HEAD},
        {BYTES("\x83\xa1t\xa4skip\xa6stream\xa1n\xa3seq\x07"), true, OWNER_SKIP},
        {BYTES("\x84\xa1t\xa7"
               "entries\xa6stream\xa1n\xa5"
               "first\x07\xa5"
               "count\x01"),
         true, OWNER_ENTRIES},
        {BYTES("\x82\xa1t\xa6later2\xa3new\x92\x01\x81\x01\x02"), true, OWNER_OTHER},
        {BYTES("\x82\xa1t\xa4head\xa3seq\xff"), false, OWNER_OTHER}, /* a seq below 0 */
        {BYTES("\x82\xa1t\xa4head\xa3seq\xa1"
               "7"),
         false, OWNER_OTHER},                                                /* a seq in words */
        {BYTES("\x82\xa1t\xa4head\xa6stream\xa2n\x00"), false, OWNER_OTHER}, /* a NUL */
        {BYTES("\x82\xa1t\xa4head\x01\x01"), false, OWNER_OTHER},            /* a name that is a number */
        {BYTES("\x81\xa1t\x01"), false, OWNER_OTHER},
        {BYTES("\x81\xa1t\xa4head\x00"), false, OWNER_OTHER}, /* something behind it */
        {BYTES("\x91\xa1t"), false, OWNER_OTHER},
        {BYTES("\x82\xa1t\xa4head"), false, OWNER_OTHER},
        {BYTES("\x82\xa1t\xa5moved\xa8"
               "endpoint\xd9\x8c" TEN("12345678901234")),
         false, OWNER_OTHER}, /* 140 bytes */
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct owner_message message;
        assert_int_equal(owner_message_read((const uint8_t *)rows[i].bytes, rows[i].size, &message), rows[i].good);
        if (rows[i].good)
            assert_int_equal(message.word, rows[i].word);
    }
}

#define EVENT_HEAD \
    "\xabspecversion\xa3" \
    "1.0\xa2id\xa3" \
    "7.1\xa6source\xaa/zhitong/x\xa4type\xb1zhitong.case.open\xa7subject\xa1" \
    "7\xa4time\xb4" \
    "2026-01-01T00:00:00Z"
#define EVENT_DATA \
    "\xa4" \
    "data\x86\xa4" \
    "case\x07\xa5title\xa6\xe4\xbd\xa0\xe5\xa5\xbd\xa3lat\xcb\x40\x40\x00\x00\x00\x00\x00\x00\xa6" \
    "due_at\xff\xa4" \
    "flag\xc3\xa3" \
    "big\xcf\xff\xff\xff\xff\xff\xff\xff\xff"

static void an_event_gives_its_attributes_and_fields(void **state) {
    (void)state;
    struct reader reader = reader_of(BYTES("\x88" EVENT_HEAD "\xa3new\x92\x01\x02" EVENT_DATA));
    struct zhitong_event event;
    int64_t whole = 0;
    double number = 0;
    char text[16];
    assert_true(zhitong_event_read(&reader, &event) && reader.at == reader.end);
    assert_string_equal(event.id, "7.1");
    assert_string_equal(event.source, "/zhitong/x");
    assert_string_equal(event.type, "zhitong.case.open");
    assert_string_equal(event.subject, "7");
    assert_string_equal(event.time, "2026-01-01T00:00:00Z");
    assert_true(zhitong_event_whole(&event, "case", &whole) && whole == 7);
    assert_true(zhitong_event_whole(&event, "due_at", &whole) && whole == -1);
    assert_false(zhitong_event_whole(&event, "big", &whole));
    assert_false(zhitong_event_whole(&event, "title", &whole));
    assert_true(zhitong_event_number(&event, "lat", &number) && number == 32.0);
    assert_true(zhitong_event_number(&event, "case", &number) && number == 7.0);
    assert_false(zhitong_event_number(&event, "absent", &number));
    assert_true(zhitong_event_flag(&event, "flag") && !zhitong_event_flag(&event, "case"));
    assert_int_equal(zhitong_event_text(&event, "title", text, sizeof text), 6);
    assert_string_equal(text, "你好");
    assert_int_equal(zhitong_event_text(&event, "title", text, 6), 6); /* cut at the end of a character */
    assert_string_equal(text, "你");
    assert_int_equal(zhitong_event_text(&event, "case", text, sizeof text), -1);
    assert_string_equal(text, "");
}

static void what_is_no_event_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {
        {BYTES("\x86" EVENT_HEAD)}, /* no data */
        {BYTES("\x81" EVENT_DATA)}, /* no attributes */
        {BYTES("\x87" EVENT_HEAD "\xa4"
               "data\x01")}, /* data that is no map */
        {BYTES("\x87" EVENT_HEAD "\xa4"
               "data\xdf\xff\xff\xff\xff")}, /* that claims what is not there */
        {BYTES("\x88" EVENT_HEAD "\xabspecversion\xa3"
               "2.0" EVENT_DATA)},                                             /* of another version */
        {BYTES("\x88" EVENT_HEAD "\xa2id\xd9\x46" TEN("1234567") EVENT_DATA)}, /* an id of 70 bytes */
        {BYTES("\x01")},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct reader reader = reader_of(rows[i].bytes, rows[i].size);
        struct zhitong_event event;
        assert_false(zhitong_event_read(&reader, &event));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_a_value_is_read),
        cmocka_unit_test(what_claims_more_than_is_there_is_refused),
        cmocka_unit_test(an_owner_s_message_is_read_or_refused),
        cmocka_unit_test(an_event_gives_its_attributes_and_fields),
        cmocka_unit_test(what_is_no_event_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
