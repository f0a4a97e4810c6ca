/* A source whose reports go in by a command of the operator's: `zhitong import` for its files, `zhitong mail` for its mails. What comes
 * while a command runs waits for the next one. */
#ifndef ZHITONG_SENDER_CHILD_H
#define ZHITONG_SENDER_CHILD_H

#include "common/city_sources.h"
#include "common/db.h"
#include "common/submit_client.h"

#define SENDER_ROWS_MAX 200 /* of one file */

struct sender_child_options {
    const struct source *source;
    const struct city *city;
    struct db *db;      /* to find the cases of a file's rows */
    const char *folder; /* SOURCE.curve or SOURCE.key; the files are made there */
    const char *intake, *endpoints, *server_key_file;
    void *context;
    void (*answered)(void *context, const struct submit_answer *answer);
};

struct sender_child;
struct sender_child *sender_child_open(const struct sender_child_options *options);
void sender_child_close(struct sender_child **child); /* ends its process */
void sender_child_add(struct sender_child *child, const struct submit *report, uint64_t tag);
void sender_child_turn(struct sender_child *child);

#endif
