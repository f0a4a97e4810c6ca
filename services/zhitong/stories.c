#include "services/zhitong/stories.h"

#include <assert.h>
#include <stdlib.h>

void stories_open(struct stories *stories, size_t room) {
    *stories = (struct stories){.room = room};
    stories->rows = calloc(room + 1, sizeof *stories->rows);
    stories->heap = calloc(room + 1, sizeof *stories->heap);
    assert(stories->rows != NULL && stories->heap != NULL);
}

void stories_close(struct stories *stories) {
    free(stories->rows);
    free(stories->heap);
    *stories = (struct stories){0};
}

static bool earlier(const struct stories *stories, size_t a, size_t b) {
    return stories->rows[stories->heap[a]].next_at < stories->rows[stories->heap[b]].next_at;
}

static void swap(struct stories *stories, size_t a, size_t b) {
    size_t kept = stories->heap[a];
    stories->heap[a] = stories->heap[b];
    stories->heap[b] = kept;
}

void stories_push(struct stories *stories, const struct story *story) {
    size_t at = stories->heap_count++;
    assert(at < stories->room);
    stories->heap[at] = (size_t)(story - stories->rows);
    for (; at > 0 && earlier(stories, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(stories, at, (at - 1) / 2);
}

int64_t stories_next_at(const struct stories *stories) {
    return stories->heap_count > 0 ? stories->rows[stories->heap[0]].next_at : INT64_MAX;
}

size_t stories_pop(struct stories *stories) {
    size_t top = stories->heap[0], at = 0;
    assert(stories->heap_count > 0);
    stories->heap[0] = stories->heap[--stories->heap_count];
    for (;;) {
        size_t least = at, left = at * 2 + 1, right = left + 1;
        if (left < stories->heap_count && earlier(stories, left, least))
            least = left;
        if (right < stories->heap_count && earlier(stories, right, least))
            least = right;
        if (least == at)
            return top;
        swap(stories, at, least);
        at = least;
    }
}
