/* The end of the chain: follows the streams of all units in a thread of its own and notes every delivery. */
#ifndef ZHITONG_CHAIN_FOLLOW_H
#define ZHITONG_CHAIN_FOLLOW_H

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/follow_client.h"

#define UNITS_MAX 64
#define FOLLOW_CREDIT 4000

static inline int64_t monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct delivery {
    uint64_t case_id;
    int64_t at_us;
    uint32_t version, unit;
    bool leads; /* the stream is that of the unit that holds the case */
};

struct followers;

struct followed_unit {
    struct followers *all;
    struct follow_client *client;
    struct wire_keys keys;
    char code[49];
    uint64_t next; /* seq that must come now */
};

struct followers {
    void *zmq;
    const char *endpoints;
    char server_key[WIRE_KEY_SIZE];
    struct followed_unit units[UNITS_MAX];
    uint32_t unit_count;
    struct delivery *deliveries;
    size_t count, room;
    atomic_uint_fast64_t opened; /* cases whose first move has arrived at their unit */
    atomic_bool stop;
    uint64_t gaps, unreadable, reconnects;
    char trouble[300];
    pthread_t thread;
};

static void on_entry(void *context, const struct event *event) {
    struct followed_unit *unit = context;
    struct followers *all = unit->all;
    struct case_moved moved;
    all->gaps += event->seq != unit->next;
    unit->next = event->seq + 1;
    if (message_decode(MESSAGE_case_moved, event->data, event->size, &moved, NULL) != 0) {
        all->unreadable++;
        return;
    }
    if (all->count == all->room) {
        all->room = all->room == 0 ? 65536 : all->room * 2;
        all->deliveries = realloc(all->deliveries, all->room * sizeof *all->deliveries);
        assert(all->deliveries != NULL);
    }
    all->deliveries[all->count++] = (struct delivery){.case_id = moved.case_id,
                                                      .at_us = monotonic_us(),
                                                      .version = (uint32_t)moved.version,
                                                      .unit = (uint32_t)(unit - all->units),
                                                      .leads = strcmp(moved.unit, unit->code) == 0};
    if (moved.version == 1 && strcmp(moved.unit, unit->code) == 0)
        atomic_fetch_add(&all->opened, 1);
}

static void on_news(void *context, const struct follow_news *news) {
    struct followed_unit *unit = context;
    if (news->event == FOLLOW_SILENT)
        unit->all->reconnects++;
    if (news->event == FOLLOW_TRUNCATED || news->event == FOLLOW_REFUSED)
        snprintf(unit->all->trouble, sizeof unit->all->trouble, "%s: %s", unit->code,
                 news->event == FOLLOW_TRUNCATED ? "truncated" : news->detail);
}

static void *follow_all(void *context) {
    struct followers *all = context;
    zmq_pollitem_t polls[UNITS_MAX];
    while (!atomic_load(&all->stop)) {
        int count = 0;
        for (uint32_t i = 0; i < all->unit_count; i++) {
            void *socket = follow_client_socket(all->units[i].client);
            if (socket != NULL)
                polls[count++] = (zmq_pollitem_t){.socket = socket, .events = ZMQ_POLLIN};
        }
        (void)zmq_poll(polls, count, 50);
        for (uint32_t i = 0; i < all->unit_count; i++)
            follow_client_turn(all->units[i].client, 0);
    }
    return NULL;
}

/* The file has a line for each unit: CODE KEYFILE FIRST_SEQ. */
static int followers_read(struct followers *all, const char *path, struct reason *why) {
    char code[49], key[400];
    uint64_t from;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return refuse(why, path, "cannot be read");
    int status = 0;
    while (status == 0 && fscanf(file, "%48s %399s %" SCNu64, code, key, &from) == 3) {
        assert(all->unit_count < UNITS_MAX);
        struct followed_unit *unit = &all->units[all->unit_count++];
        unit->all = all;
        unit->next = from;
        memcpy(unit->code, code, sizeof code);
        status = wire_keys_read(&unit->keys, key, why);
    }
    fclose(file);
    return status == 0 && all->unit_count == 0 ? refuse(why, path, "names no unit") : status;
}

static int followers_start(struct followers *all, struct reason *why) {
    for (uint32_t i = 0; i < all->unit_count; i++) {
        struct followed_unit *unit = &all->units[i];
        const struct follow_client_options options = {.zmq = all->zmq,
                                                      .keys = &unit->keys,
                                                      .server_key = all->server_key,
                                                      .endpoints = all->endpoints,
                                                      .stream = unit->code,
                                                      .from = unit->next,
                                                      .credit = FOLLOW_CREDIT,
                                                      .context = unit,
                                                      .entry = on_entry,
                                                      .news = on_news};
        if (follow_client_open(&unit->client, &options, why) != 0)
            return -1;
    }
    return pthread_create(&all->thread, NULL, follow_all, all) == 0 ? 0 : refuse(why, "", "no thread");
}

static void followers_stop(struct followers *all) {
    atomic_store(&all->stop, true);
    pthread_join(all->thread, NULL);
    for (uint32_t i = 0; i < all->unit_count; i++)
        follow_client_close(&all->units[i].client);
}

#endif
