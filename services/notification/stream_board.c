#include "services/notification/stream_board.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BUCKETS 4096

struct watched {
    struct watched *next, *next_new;
    bool is_new;
    uint64_t seq;
    char stream[CODE_MAX + 1];
};

struct stream_board {
    pthread_mutex_t lock;
    int fd;
    struct watched *buckets[BUCKETS];
    struct watched *news;
};

struct stream_board *board_open(void) {
    struct stream_board *board = calloc(1, sizeof *board);
    assert(board != NULL);
    board->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(board->fd >= 0);
    pthread_mutex_init(&board->lock, NULL);
    return board;
}

void board_close(struct stream_board **board) {
    if (*board == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct watched *watched = (*board)->buckets[i], *next; watched != NULL; watched = next) {
            next = watched->next;
            free(watched);
        }
    }
    close((*board)->fd);
    pthread_mutex_destroy(&(*board)->lock);
    free(*board);
    *board = NULL;
}

int board_fd(const struct stream_board *board) {
    return board->fd;
}

static struct watched **bucket_of(struct stream_board *board, const char *stream) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = stream; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    return &board->buckets[hash % BUCKETS];
}

static struct watched *find(struct stream_board *board, const char *stream) {
    struct watched *watched = *bucket_of(board, stream);
    while (watched != NULL && strcmp(watched->stream, stream) != 0)
        watched = watched->next;
    return watched;
}

void board_watch(struct stream_board *board, const char *stream) {
    pthread_mutex_lock(&board->lock);
    if (find(board, stream) == NULL) {
        struct watched *watched = calloc(1, sizeof *watched), **bucket = bucket_of(board, stream);
        assert(watched != NULL && strlen(stream) <= CODE_MAX);
        strcpy(watched->stream, stream);
        watched->next = *bucket;
        *bucket = watched;
    }
    pthread_mutex_unlock(&board->lock);
}

void board_advanced(struct stream_board *board, const char *stream, uint64_t seq) {
    pthread_mutex_lock(&board->lock);
    struct watched *watched = find(board, stream);
    bool wake = false;
    if (watched != NULL && seq > watched->seq) {
        watched->seq = seq;
        wake = board->news == NULL;
        if (!watched->is_new) {
            watched->is_new = true;
            watched->next_new = board->news;
            board->news = watched;
        }
    }
    pthread_mutex_unlock(&board->lock);
    if (wake)
        (void)eventfd_write(board->fd, 1);
}

size_t board_take(struct stream_board *board, struct board_news *news, size_t room) {
    eventfd_t count;
    size_t taken = 0;
    pthread_mutex_lock(&board->lock);
    (void)eventfd_read(board->fd, &count);
    while (board->news != NULL && taken < room) {
        struct watched *watched = board->news;
        board->news = watched->next_new;
        watched->is_new = false;
        memcpy(news[taken].stream, watched->stream, sizeof watched->stream);
        news[taken++].seq = watched->seq;
    }
    pthread_mutex_unlock(&board->lock);
    return taken;
}
