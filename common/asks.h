/* Queries that somebody waits for at a service's HTTP API: a few connections, each with a thread of its own. What waits for a
 * connection goes over it together; each ask is a transaction of its own, in which its steps run in order.
 *
 * Quick asks and writes have a connection each, so that a long list holds up neither. */
#ifndef ZHITONG_ASKS_H
#define ZHITONG_ASKS_H

#include "common/mailbox.h"
#include "common/service.h"

#define ASK_STEPS_MAX 3
#define ASK_VALUES_MAX 20
#define ASK_CONNECTIONS_MAX 16
#define ASKS_WAITING_MAX 4096 /* asks under way; more are refused */

enum ask_lane { ASK_QUICK, ASK_WRITE, ASK_LIST }; /* lists share the connections from the third on */

struct ask;
/* Called from the loop; the ask is freed after it. */
typedef void ask_done(void *context, const struct ask *ask);

struct ask *ask_make(ask_done *done, void *context);
/* One named query with text values, which are copied; NULL is NULL. */
void ask_step(struct ask *ask, const char *query, const char *const *values, int count);
/* NULL when the ask failed: then none of its steps has had an effect, except that a lost connection may hide a commit. */
const PGresult *ask_result(const struct ask *ask, int step);
const struct reason *ask_reason(const struct ask *ask); /* why it failed */

struct asks;
struct asks_options {
    const struct service *service; /* whose schema and queries */
    const char *database_url;
    size_t connections; /* 3 to ASK_CONNECTIONS_MAX */
    struct mailbox *out;
};
struct asks *asks_open(const struct asks_options *options);
/* Takes the ask and returns true, or frees it and returns false: too many are under way. */
MUST_CHECK bool asks_put(struct asks *asks, enum ask_lane lane, struct ask *take_ask);
size_t asks_under_way(const struct asks *asks); /* also those whose answer waits in the loop's mailbox */
void asks_stop(struct asks *asks);              /* ends the threads; what they had taken is answered */
void asks_close(struct asks **asks);

#endif
