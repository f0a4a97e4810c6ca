/* What messages.def and case_life.def promise to others. Reads proto/ under ZHITONG_ROOT (default "."). */
#include "proto/codec.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/describe.h"
#include "proto/lock.h"

static FILE *open_proto(const char *name) {
    const char *root = getenv("ZHITONG_ROOT");
    char path[4096];
    snprintf(path, sizeof path, "%s/proto/%s", root ? root : ".", name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be opened; set ZHITONG_ROOT to the project's root", path);
    return file;
}

/* ---- the lock ------------------------------------------------------------------------------------------- */

static void the_tables_keep_every_line_of_the_lock(void **state) {
    (void)state;
    FILE *file = open_proto("messages.lock");
    struct reason why;
    int broken = lock_keeps(file, &why);
    fclose(file);
    if (broken)
        fail_msg("%s %s", why.field, why.text);
}

static void the_lock_holds_every_message_and_field(void **state) {
    (void)state;
    FILE *file = open_proto("messages.lock");
    struct reason why;
    int stale = lock_is_current(file, &why);
    fclose(file);
    if (stale)
        fail_msg("%s %s", why.field, why.text);
}

static int judge(const char *lock, int (*check)(FILE *lock, struct reason *why), struct reason *why) {
    FILE *file = fmemopen((void *)(uintptr_t)lock, strlen(lock), "r");
    assert_non_null(file);
    int result = check(file, why);
    fclose(file);
    return result;
}

/* Locks that today's tables do not keep: what the lock would say had somebody changed messages.def. */
static void a_broken_promise_is_named(void **state) {
    (void)state;
    static const struct {
        const char *lock, *field, *text;
    } broken[] = {
        {"message lag 9\n", "lag", "has number 10 now, had 9"},
        {"message gone 30\n", "gone", "removed or renamed"},
        {"message lag 10\nfield lag behind_ms i64 - needed\n", "lag.behind_ms", "is u64 now, was i64"},
        {"message lag 10\nfield lag behind_ms u64 - optional\n", "lag.behind_ms", "is needed now, was optional"},
        {"message head 5\nfield head stream text 48 needed\n", "head.stream", "is optional now, was needed"},
        {"message head 5\nfield head stream text 49 optional\n", "head.stream", "limited to 48 bytes now, was 49"},
        {"message head 5\nfield head seq u64 - optional\n", "head.seq", "removed, renamed or moved"},
        {"message lag 10\nfield lag behind_ms u64 - needed\nfield lag more u64 - optional\n", "lag.more", "removed"},
        {"message follow 2\nfield follow stream text 48 needed\nfield follow from u64 - needed\n", "follow.credit",
         "must be OPTIONAL"},
        {"message lag 10\nmessage head 5\n", "lag.behind_ms", "must be OPTIONAL"},
        {"message lag 10\nfield head seq u64 - optional\n", "messages.lock", "under its message"},
        {"field head seq u64 - optional\n", "messages.lock", "under its message"},
        {"messages lag 10\n", "messages.lock", "not a line of a lock"},
        {"message lag 10 11\n", "messages.lock", "not a line of a lock"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct reason why = {0};
        if (judge(broken[i].lock, lock_keeps, &why) == 0)
            fail_msg("passed:\n%s", broken[i].lock);
        if (strcmp(why.field, broken[i].field) != 0 || !strstr(why.text, broken[i].text))
            fail_msg("%srefused with %s: %s", broken[i].lock, why.field, why.text);
    }
}

static void appending_optional_fields_and_widening_keep_the_promise(void **state) {
    (void)state;
    struct reason why;
    assert_int_equal(judge("message head 5\n", lock_keeps, &why), 0);
    assert_int_equal(judge("message head 5\nfield head stream text 40 optional\n", lock_keeps, &why), 0);
    assert_int_equal(judge("# nothing is promised yet\n", lock_keeps, &why), 0);
}

static void what_the_lock_lacks_fails_with_what_to_run(void **state) {
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    assert_non_null(memory);
    lock_write(memory);
    fclose(memory);
    struct reason why;
    assert_int_equal(judge(text, lock_is_current, &why), 0);

    char *last_line = text + size - 1;
    while (last_line[-1] != '\n')
        last_line--;
    *last_line = '\0';
    assert_int_equal(judge(text, lock_is_current, &why), -1);
    assert_non_null(strstr(why.text, "lacks field report_linked because"));
    assert_non_null(strstr(why.text, "run zt-describe lock"));

    char *limit = strstr(text, "stream text 48");
    assert_non_null(limit);
    memcpy(limit, "stream text 47", strlen("stream text 47")); /* as if it had been widened since */
    assert_int_equal(judge(text, lock_keeps, &why), -1);       /* the cut last line is a NEEDED field */
    assert_int_equal(judge(text, lock_is_current, &why), -1);
    assert_non_null(strstr(why.text, "run zt-describe lock"));
    free(text);
}

/* ---- the pages ------------------------------------------------------------------------------------------ */

static void check_page(const char *name, void (*describe)(FILE *out), const char *command) {
    char *wanted = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&wanted, &size);
    assert_non_null(memory);
    describe(memory);
    fclose(memory);

    char *present = calloc(1, size + 2);
    assert_non_null(present);
    FILE *file = open_proto(name);
    size_t read = fread(present, 1, size + 1, file);
    fclose(file);
    if (read != size || memcmp(present, wanted, size) != 0)
        fail_msg("proto/%s is not up to date; run zt-describe %s > proto/%s", name, command, name);
    free(present);
    free(wanted);
}

static void the_protocol_page_is_up_to_date(void **state) {
    (void)state;
    check_page("PROTOCOL.md", describe_messages, "messages");
}

static void the_case_life_page_is_up_to_date(void **state) {
    (void)state;
    check_page("CASE_LIFE.md", describe_life, "life");
}

/* ---- the tables ----------------------------------------------------------------------------------------- */

static void every_message_has_a_sender_a_receiver_and_a_meaning(void **state) {
    (void)state;
    size_t count;
    const struct message_spec *specs = message_specs(&count);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        if (!specs[i].sender[0] || !specs[i].receiver[0] || !specs[i].meaning[0])
            fail_msg("%s lacks a sender, a receiver or a meaning", specs[i].name);
        for (size_t j = 0; j < specs[i].field_count; j++)
            if (!specs[i].fields[j].meaning[0])
                fail_msg("%s.%s lacks a meaning", specs[i].name, specs[i].fields[j].name);
    }
}

static bool is_wire_name(const char *name) {
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return name[size] == '\0' && islower((unsigned char)name[0]) && size <= REASON_FIELD_MAX;
}

static void names_and_numbers_are_unique_and_well_formed(void **state) {
    (void)state;
    size_t count;
    const struct message_spec *specs = message_specs(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(is_wire_name(specs[i].name));
        assert_int_equal(specs[i].name_size, strlen(specs[i].name));
        assert_ptr_equal(message_spec(specs[i].number), &specs[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(specs[i].name, specs[j].name);
        for (size_t j = 0; j < specs[i].field_count; j++) {
            const struct field_spec *field = &specs[i].fields[j];
            assert_true(is_wire_name(field->name));
            assert_int_equal(field->name_size, strlen(field->name));
            assert_string_not_equal(field->name, "t");
            assert_true(field->type != FIELD_TEXT || field->limit > 0);
            for (size_t k = 0; k < j; k++)
                assert_string_not_equal(field->name, specs[i].fields[k].name);
        }
    }
    assert_null(message_spec(MESSAGE_NONE));
    assert_null(message_spec((enum message)1000000));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_keep_every_line_of_the_lock),
        cmocka_unit_test(the_lock_holds_every_message_and_field),
        cmocka_unit_test(a_broken_promise_is_named),
        cmocka_unit_test(appending_optional_fields_and_widening_keep_the_promise),
        cmocka_unit_test(what_the_lock_lacks_fails_with_what_to_run),
        cmocka_unit_test(the_protocol_page_is_up_to_date),
        cmocka_unit_test(the_case_life_page_is_up_to_date),
        cmocka_unit_test(every_message_has_a_sender_a_receiver_and_a_meaning),
        cmocka_unit_test(names_and_numbers_are_unique_and_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
