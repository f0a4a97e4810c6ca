/* The inputs of a work that came back from its lane. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/loop.h"
#include "common/metrics.h"

static void answer_input(struct service_loop *loop, struct input *input) {
    loop->requests_waiting--;
    struct refused refused = {0};
    struct bytes reply = input->reply;
    struct bytes own = {0};
    if (input->outcome == OUTCOME_REFUSED) {
        memcpy(refused.key, input->asker->key, sizeof refused.key);
        snprintf(refused.field, sizeof refused.field, "%s", input->why.field);
        snprintf(refused.reason, sizeof refused.reason, "%s", input->why.text);
        message_encode(MESSAGE_refused, &refused, &own);
        reply = own;
        metric_add(METRIC_refused_total, 1);
    }
    if (input->outcome == OUTCOME_LOST || input->outcome == OUTCOME_PENDING)
        loop_busy(loop, input->asker, RETRY_MS);
    else
        loop_answer(loop, input->asker, &reply);
    bytes_close(&own);
    input->asker = NULL;
}

static void tell_parked(const struct service_loop *loop, const struct input *input) {
    metric_add(METRIC_parked_total, 1);
    journal_say_about(JOURNAL_ERROR, "parked", (struct journal_about){input->case_id, input->traceparent},
                      "entry %llu of %s, shard %u: %s: %s; see `zhitong parked list`", (unsigned long long)input->seq,
                      loop->service->upstreams[input->upstream], input->shard, input->why.field, input->why.text);
}

/* Its sender follows the case through several systems: here it has got as far as this. */
static void tell_traced(const struct input *input, int64_t took_ms) {
    struct journal_line line = journal_open_about(JOURNAL_INFO, "traced",
                                                  (struct journal_about){input->case_id, input->traceparent});
    journal_field(&line, "message", "%s", message_spec(input->type)->name);
    journal_number(&line, "took_ms", took_ms);
    journal_write(&line);
}

static void note_handled(const struct input *input, int64_t now) {
    metric_add(METRIC_handled_total, 1);
    metric_observe_ms(METRIC_commit_ms, (double)(now - input->arrived_ms));
    if (input->traceparent[0] != '\0' && trace_is_sampled(input->traceparent))
        tell_traced(input, now - input->arrived_ms);
}

void loop_take_back(struct service_loop *loop, struct lane_state *lane, struct work *work) {
    int64_t now = clock_monotonic_ms();
    for (size_t i = work->count; i > 0; i--) {
        struct input *input = &work->inputs[i - 1];
        if (input->asker != NULL) {
            answer_input(loop, input);
        } else if (input->outcome == OUTCOME_PENDING) {
            *queue_push_front(&lane->queue) = (struct waiting){.kind = input->kind,
                                                               .type = input->type,
                                                               .shard = input->shard,
                                                               .upstream = input->upstream,
                                                               .seq = input->seq,
                                                               .body = input->body,
                                                               .size = input->size,
                                                               .arrived_ms = input->arrived_ms,
                                                               .frame = input->frame};
            continue;
        }
        if (input->outcome == OUTCOME_PARKED)
            tell_parked(loop, input);
        if (input->outcome == OUTCOME_HANDLED)
            note_handled(input, now);
        frame_release(input->frame);
    }
}
