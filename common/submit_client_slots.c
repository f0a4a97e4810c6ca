/* The reports under way, in a table with room for the window, hashed by key. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/submit_client_parts.h"

#define NO_SLOT UINT32_MAX

static uint32_t *bucket_of(struct submit_client *client, const char *key) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *key != '\0'; key++)
        hash = (hash ^ (uint8_t)*key) * 16777619u;
    return &client->buckets[hash & client->bucket_mask];
}

struct slot *submit_slot_take(struct submit_client *client, const char *key) {
    uint32_t index = client->free;
    assert(index != NO_SLOT);
    struct slot *slot = &client->slots[index];
    client->free = slot->next;
    snprintf(slot->key, sizeof slot->key, "%s", key);
    slot->next = *bucket_of(client, key);
    *bucket_of(client, key) = index;
    client->waiting++;
    return slot;
}

struct slot *submit_slot_find(struct submit_client *client, const char *key) {
    uint32_t index = *bucket_of(client, key);
    while (index != NO_SLOT && strcmp(client->slots[index].key, key) != 0)
        index = client->slots[index].next;
    return index == NO_SLOT ? NULL : &client->slots[index];
}

void submit_slot_free(struct submit_client *client, struct slot *slot) {
    uint32_t index = (uint32_t)(slot - client->slots);
    uint32_t *at = bucket_of(client, slot->key);
    while (*at != index)
        at = &client->slots[*at].next;
    *at = slot->next;
    slot->key[0] = '\0';
    slot->next = client->free;
    client->free = index;
    client->waiting--;
}

void submit_slots_open(struct submit_client *client) {
    uint32_t buckets = 16;
    while (buckets < client->options.window * 2)
        buckets *= 2;
    client->slots = calloc(client->options.window, sizeof *client->slots);
    client->buckets = malloc(buckets * sizeof *client->buckets);
    assert(client->slots != NULL && client->buckets != NULL);
    client->bucket_mask = buckets - 1;
    memset(client->buckets, 0xff, buckets * sizeof *client->buckets); /* NO_SLOT each */
    for (uint32_t i = 0; i < client->options.window; i++)
        client->slots[i].next = i + 1 < client->options.window ? i + 1 : NO_SLOT;
}

void submit_slots_close(struct submit_client *client) {
    for (uint32_t i = 0; i < client->options.window; i++)
        bytes_close(&client->slots[i].message);
    free(client->slots);
    free(client->buckets);
}
