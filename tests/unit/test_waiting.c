#include "common/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void push(struct waiting_queue *queue, uint64_t seq) {
    *queue_push(queue) = (struct waiting){.seq = seq};
}
static void push_front(struct waiting_queue *queue, uint64_t seq) {
    *queue_push_front(queue) = (struct waiting){.seq = seq};
}

static uint64_t pop(struct waiting_queue *queue) {
    uint64_t seq = queue_front(queue)->seq;
    queue_pop(queue);
    return seq;
}

static void what_comes_first_leaves_first(void **state) {
    struct waiting_queue queue = {0};
    (void)state;
    assert_null(queue_front(&queue));
    for (uint64_t seq = 1; seq <= 1000; seq++)
        push(&queue, seq);
    assert_int_equal(queue.count, 1000);
    for (uint64_t seq = 1; seq <= 1000; seq++)
        assert_int_equal(pop(&queue), seq);
    assert_null(queue_front(&queue));
    free(queue.ring);
}

static void the_ring_goes_round_without_growing(void **state) {
    struct waiting_queue queue = {0};
    uint64_t in = 0, out = 0;
    (void)state;
    while (in < 40)
        push(&queue, ++in);
    size_t room = queue.room;
    for (int i = 0; i < 1000; i++) {
        push(&queue, ++in);
        assert_int_equal(pop(&queue), ++out);
    }
    assert_int_equal(queue.room, room);
    assert_int_equal(queue.count, 40);
    free(queue.ring);
}

static void it_grows_in_the_middle_of_a_round_and_keeps_the_order(void **state) {
    struct waiting_queue queue = {0};
    uint64_t in = 0, out = 0;
    (void)state;
    while (in < 64)
        push(&queue, ++in);
    while (out < 30)
        assert_int_equal(pop(&queue), ++out);
    while (in < 500)
        push(&queue, ++in);
    while (out < 500)
        assert_int_equal(pop(&queue), ++out);
    free(queue.ring);
}

/* After a failure what was under way goes back to the front, in its order. */
static void what_goes_back_to_the_front_leaves_first(void **state) {
    struct waiting_queue queue = {0};
    (void)state;
    push_front(&queue, 3);
    push(&queue, 4);
    push_front(&queue, 2);
    push_front(&queue, 1);
    for (uint64_t seq = 1; seq <= 4; seq++)
        assert_int_equal(pop(&queue), seq);
    for (uint64_t seq = 300; seq > 0; seq--) /* over the borders of the ring and its growth */
        push_front(&queue, seq);
    for (uint64_t seq = 1; seq <= 300; seq++)
        assert_int_equal(pop(&queue), seq);
    assert_int_equal(queue.count, 0);
    free(queue.ring);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_first_leaves_first),
        cmocka_unit_test(the_ring_goes_round_without_growing),
        cmocka_unit_test(it_grows_in_the_middle_of_a_round_and_keeps_the_order),
        cmocka_unit_test(what_goes_back_to_the_front_leaves_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
