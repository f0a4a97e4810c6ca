#include "services/desk/live_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ENTRY_BYTES 100

static void add(struct live_ring *ring, int count) {
    char text[ENTRY_BYTES];
    for (int i = 0; i < count; i++) {
        struct moved_facts facts = {.case_id = live_ring_next(ring)};
        memset(text, 'a' + (int)(live_ring_next(ring) % 26), sizeof text);
        live_ring_add(ring, &facts, text, sizeof text);
    }
}

static size_t room_for(size_t entries) {
    return entries * (sizeof(struct live_entry) + ENTRY_BYTES);
}

static void an_entry_is_found_by_its_seq(void **state) {
    struct live_store store = {.bytes_max = room_for(1000)};
    struct live_ring ring = {0};
    (void)state;
    live_ring_start(&ring, &store, 41);
    assert_null(live_ring_find(&ring, 41));
    add(&ring, 100);
    assert_int_equal(live_ring_next(&ring), 141);
    assert_null(live_ring_find(&ring, 40));
    assert_null(live_ring_find(&ring, 141));
    for (uint64_t seq = 41; seq < 141; seq++) {
        const struct live_entry *entry = live_ring_find(&ring, seq);
        assert_non_null(entry);
        assert_int_equal(entry->facts.case_id, seq);
        assert_int_equal(entry->size, ENTRY_BYTES);
        assert_int_equal(entry->text[ENTRY_BYTES - 1], 'a' + (int)(seq % 26));
    }
    live_ring_close(&ring);
    assert_int_equal(store.bytes, 0);
    assert_null(store.oldest);
}

static void past_the_budget_the_oldest_of_all_rings_go(void **state) {
    struct live_store store = {.bytes_max = room_for(10)};
    struct live_ring quiet = {0}, busy = {0};
    (void)state;
    live_ring_start(&quiet, &store, 1);
    live_ring_start(&busy, &store, 1);
    add(&quiet, 2);
    add(&busy, 5);
    add(&quiet, 1);
    add(&busy, 3);
    assert_int_equal(quiet.first, 2); /* 11 entries: its first was the oldest */
    assert_int_equal(busy.first, 1);
    add(&busy, 100);
    assert_int_equal(quiet.count, 0);
    assert_int_equal(quiet.first, 4);
    assert_int_equal(busy.count, 10);
    assert_int_equal(busy.first, 99);
    assert_non_null(live_ring_find(&busy, 99));
    assert_true(store.bytes <= store.bytes_max);
    add(&quiet, 1);
    assert_non_null(live_ring_find(&quiet, 4));
    live_ring_close(&quiet);
    live_ring_close(&busy);
    assert_int_equal(store.bytes, 0);
}

static void one_that_is_larger_than_the_budget_stands_alone(void **state) {
    struct live_store store = {.bytes_max = 10};
    struct live_ring ring = {0};
    (void)state;
    live_ring_start(&ring, &store, 1);
    add(&ring, 3);
    assert_int_equal(ring.count, 1);
    assert_int_equal(ring.first, 3);
    live_ring_close(&ring);
}

static void starting_anew_empties_it(void **state) {
    struct live_store store = {.bytes_max = room_for(100)};
    struct live_ring ring = {0}, other = {0};
    (void)state;
    live_ring_start(&ring, &store, 1);
    live_ring_start(&other, &store, 1);
    add(&ring, 20);
    add(&other, 1);
    live_ring_start(&ring, &store, 500);
    assert_null(live_ring_find(&ring, 20));
    assert_int_equal(live_ring_next(&ring), 500);
    assert_int_equal(store.bytes, room_for(1));
    add(&ring, 1);
    assert_non_null(live_ring_find(&ring, 500));
    assert_non_null(live_ring_find(&other, 1));
    live_ring_close(&ring);
    live_ring_close(&other);
}

static void an_entry_without_text_keeps_its_place(void **state) {
    struct live_store store = {.bytes_max = room_for(10)};
    struct live_ring ring = {0};
    (void)state;
    live_ring_start(&ring, &store, 1);
    live_ring_add(&ring, &(struct moved_facts){0}, NULL, 0);
    add(&ring, 1);
    assert_int_equal(live_ring_find(&ring, 1)->size, 0);
    assert_int_equal(live_ring_find(&ring, 2)->size, ENTRY_BYTES);
    live_ring_close(&ring);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_found_by_its_seq), cmocka_unit_test(past_the_budget_the_oldest_of_all_rings_go),
        cmocka_unit_test(one_that_is_larger_than_the_budget_stands_alone), cmocka_unit_test(starting_anew_empties_it),
        cmocka_unit_test(an_entry_without_text_keeps_its_place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
