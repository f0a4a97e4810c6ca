#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/notification/courier_inner.h"

void bytes_keep(struct bytes *bytes, const void *data, size_t size) {
    bytes->data = malloc(size);
    assert(bytes->data != NULL);
    memcpy(bytes->data, data, size);
    bytes->size = bytes->room = size;
}

struct piece *piece_add(struct courier *courier, struct pieces *list, const struct bytes *body) {
    struct piece *piece = calloc(1, sizeof *piece);
    assert(piece != NULL);
    if (body->size > 0)
        bytes_keep(&piece->body, body->data, body->size);
    courier->window_bytes += piece->body.size;
    TAILQ_INSERT_TAIL(list, piece, link);
    return piece;
}

void piece_free(struct courier *courier, struct pieces *list, struct piece *piece) {
    courier->window_bytes -= piece->body.size;
    TAILQ_REMOVE(list, piece, link);
    bytes_close(&piece->body);
    free(piece->announced);
    free(piece);
}

void pieces_free(struct courier *courier, struct pieces *list) {
    struct piece *piece;
    while ((piece = TAILQ_FIRST(list)) != NULL)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed left the list */
        piece_free(courier, list, piece);
}

void window_pop(struct courier *courier, struct served *served) {
    struct piece *first;
    while ((first = TAILQ_FIRST(&served->window)) != NULL && first->done) {
        served->cursor = first->through;
        served->window_count--;
        served_moved(courier, served);
        piece_free(courier, &served->window, first);
    }
}

void window_shed(struct courier *courier, struct served *served) {
    struct piece *last;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed left the list */
    while ((last = TAILQ_LAST(&served->window, pieces)) != NULL && !last->flying && !last->done) {
        served->window_count--;
        piece_free(courier, &served->window, last);
    }
    last = TAILQ_LAST(&served->window, pieces);
    served->read_to = last != NULL ? last->through : served->cursor;
}

static bool is_first_of_case(const struct served *served, const struct piece *piece) {
    const struct piece *earlier;
    TAILQ_FOREACH(earlier, &served->window, link) {
        if (earlier == piece)
            return true;
        if (earlier->case_id == piece->case_id && !earlier->done)
            return false;
    }
    return true;
}

static struct piece *next_row(const struct served *served) {
    struct piece *piece;
    TAILQ_FOREACH(piece, &served->rows, link)
    if (!piece->flying)
        return piece;
    return NULL;
}

static struct piece *next_of_stream(const struct served *served) {
    struct piece *piece;
    if (served->disabled)
        return NULL;
    TAILQ_FOREACH(piece, &served->window, link)
    if (!piece->flying && !piece->done && is_first_of_case(served, piece))
        return piece;
    return NULL;
}

struct piece *piece_next(struct served *served) {
    served->row_turn = !served->row_turn;
    struct piece *piece = served->row_turn ? next_row(served) : next_of_stream(served);
    if (piece == NULL)
        piece = served->row_turn ? next_of_stream(served) : next_row(served);
    return piece;
}
