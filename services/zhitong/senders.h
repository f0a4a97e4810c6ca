/* Hands reports in as their sources would: each goes to a source of its channel, in that source's form and with its key.
 *
 *   http      an Open311 form           webhook  JSON by the source's map, signed
 *   cap       an alert in CAP 1.2       submit   ZeroMQ, with the source's CURVE key
 *   file      CSV, by `zhitong import`  mail     an e-mail, by `zhitong mail`
 *   staff     desk, signed in
 *
 * A source takes a report when its map has a word for the item, or no map for it; those of a channel have their turns. Where no source
 * takes it, the first one of the adapter submit does, or nobody. What is busy or does not answer is asked again with the same key. */
#ifndef ZHITONG_SENDERS_H
#define ZHITONG_SENDERS_H

#include "common/city_sources.h"
#include "common/db.h"
#include "common/submit_client.h"

extern const struct db_query senders_queries[];

#define SENDERS_WINDOW 200 /* reports under way */

struct senders_options {
    const struct city *city;
    struct db *db; /* to find what went in by a file */
    const char
        *folder; /* SOURCE.key (API key), SOURCE.hmac (secret that signs), SOURCE.curve; files are made there too */
    const char *intake; /* http://HOST:PORT */
    const char *desk;   /* the same; NULL: nobody signs in */
    const char *login, *password_file;
    const char *endpoints, *server_key_file; /* of intake's public endpoint */
    void *zmq;
    void *context;
    void (*answered)(void *context, const struct submit_answer *answer); /* may call senders_send */
};

struct senders;
/* Refuses where a key is missing or the sign-in fails. */
MUST_CHECK int senders_open(struct senders **out, const struct senders_options *options, struct reason *why);
void senders_close(struct senders **senders); /* ends its child processes */

bool senders_room(const struct senders *senders);
size_t senders_waiting(const struct senders *senders);
/* There must be room. Refuses a report that no source of its channel takes. `tag` comes back with the answer. */
MUST_CHECK int senders_send(struct senders *senders, const struct submit *report, uint64_t tag, struct reason *why);
/* Deals with what has come; waits a millisecond at most. */
void senders_turn(struct senders *senders);
/* How many each adapter carried, for people. */
void senders_print(const struct senders *senders, FILE *out);

#endif
