#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/loop.h"
#include "common/metrics.h"

#define USER_KEY_SIZE 10 /* characters of a key in what the journal calls a department */
#define REFUSALS_TOLD_MS 1000
#define REFUSALS_TOLD_MAX 10 /* journal lines about unknown keys in this time */

/* ---- who serves a stream, and who may follow it ------------------------------------------------------------------- */

/* A service's log has a stream a shard, named by its number; a unit's stream lies in the shard of its name's hash. */
uint16_t loop_stream_shard(const struct service_loop *loop, const char *stream) {
    if (loop->service->append_query != NULL)
        return (uint16_t)(strtoul(stream, NULL, 10) % SHARD_COUNT);
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = stream; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    return (uint16_t)(hash % SHARD_COUNT);
}

static const struct member *a_peer(const struct service_loop *loop) {
    for (size_t i = 0; i < loop->view->member_count; i++) {
        const struct member *member = &loop->view->members[i];
        if (member->member != loop->view->self && strcmp(member->service, loop->service->name) == 0)
            return member;
    }
    return NULL;
}

bool loop_is_ours(void *context, bool is_public, const char *stream, struct moved *moved) {
    struct service_loop *loop = context;
    uint16_t shard = loop_stream_shard(loop, stream);
    if (loop->shards[shard].owned && !loop->gone)
        return true;
    const struct member *owner = loop->view ? mesh_owner(loop->view, loop->service->name, shard) : NULL;
    if (owner != NULL && owner->member == loop->view->self)
        owner = NULL;
    if (owner == NULL && loop->gone && loop->view != NULL)
        owner = a_peer(loop);
    if (owner == NULL)
        return false;
    snprintf(moved->endpoint, sizeof moved->endpoint, "%s", is_public ? owner->public_endpoint : owner->endpoint);
    /* The public endpoints of all replicas share one key, which departments know. */
    if (!is_public)
        snprintf(moved->curve_key, sizeof moved->curve_key, "%s", owner->curve_key);
    return false;
}

/* A department is who it is and by which key, because one of its keys may end before the other: NAME/BEGINNING OF KEY. */
static void user_of(const struct access *access, char user[WIRE_USER_MAX + 1]) {
    snprintf(user, WIRE_USER_MAX + 1, "%.*s/%.*s", WIRE_USER_MAX - 1 - USER_KEY_SIZE, access->name, USER_KEY_SIZE,
             access->curve_key);
}

static const struct access *access_of(const struct mesh_view *view, const char *user) {
    const char *slash = strlen(user) > USER_KEY_SIZE ? user + strlen(user) - USER_KEY_SIZE - 1 : user;
    size_t size = (size_t)(slash - user);
    for (size_t i = 0; view != NULL && i < view->access_count; i++)
        if (strncmp(view->access[i].curve_key, slash + 1, USER_KEY_SIZE) == 0 &&
            strncmp(view->access[i].name, user, size) == 0 && view->access[i].name[size] == '\0')
            return &view->access[i];
    return NULL;
}

static const struct access *access_named(const struct mesh_view *view, const char *name) {
    for (size_t i = 0; view != NULL && i < view->access_count; i++)
        if (strcmp(view->access[i].name, name) == 0)
            return &view->access[i];
    return NULL;
}

bool loop_may_follow(void *context, bool is_public, const char *user, const char *stream, struct reason *why) {
    struct service_loop *loop = context;
    bool is_log = loop->service->append_query != NULL;
    if (is_log) {
        char *end;
        unsigned long shard = strtoul(stream, &end, 10);
        if (*end != '\0' || end == stream || shard >= SHARD_COUNT)
            return refuse(why, "stream", "must be a shard's number, 0 to %d", SHARD_COUNT - 1) == 0;
    }
    if (!is_public)
        return true; /* the mesh's keys are checked at the handshake; members come and go with the view */
    const struct access *access = access_of(loop->view, user);
    if (access == NULL)
        return refuse(why, "key", "this key was revoked or replaced; ask the city for a new one") == 0;
    if (strcmp(access->unit, stream) == 0)
        return true;
    return refuse(why, "stream", "this key follows the stream of %s only", access->unit) == 0;
}

/* Keys are checked at the handshake; one that was revoked since may still have its connection. */
bool loop_may_request(const struct service_loop *loop, const char *user, struct reason *why) {
    if (access_named(loop->view, user) != NULL)
        return true;
    metric_add(METRIC_access_refused_total, 1);
    return refuse(why, "key", "this key was revoked; ask the city for a new one") == 0;
}

static bool find_member(const struct service_loop *loop, const char *key, char *user) {
    for (size_t i = 0; loop->view != NULL && i < loop->view->member_count; i++) {
        const struct member *member = &loop->view->members[i];
        if (strcmp(member->curve_key, key) != 0)
            continue;
        snprintf(user, WIRE_USER_MAX + 1, "%s/%d", member->service, (int)member->member);
        return true;
    }
    return false;
}

static bool find_access(const struct service_loop *loop, const char *key, char *user) {
    const char *kind = loop->service->public_streams ? "department" : "client";
    for (size_t i = 0; loop->view != NULL && i < loop->view->access_count; i++) {
        const struct access *access = &loop->view->access[i];
        if (strcmp(access->curve_key, key) != 0 || strcmp(access->kind, kind) != 0)
            continue;
        if (loop->service->public_streams)
            user_of(access, user);
        else
            snprintf(user, WIRE_USER_MAX + 1, "%s", access->name);
        return true;
    }
    return false;
}

bool loop_knows_keys(const struct service_loop *loop) {
    return loop->view != NULL;
}

/* Every refusal is a line, unless there are very many: then their number is told. */
static void tell_refused(struct service_loop *loop, const struct zap_who *who) {
    int64_t now = clock_monotonic_ms();
    if (now - loop->refusals_from >= REFUSALS_TOLD_MS) {
        loop->refusals_from = now;
        loop->refusals_told = 0;
    }
    if (loop->refusals_told == REFUSALS_TOLD_MAX) {
        loop->refusals_untold++;
        return;
    }
    char more[60] = "";
    if (loop->refusals_untold > 0)
        snprintf(more, sizeof more, "; %u more before it are not told", loop->refusals_untold);
    loop->refusals_told++;
    loop->refusals_untold = 0;
    journal_say(JOURNAL_WARNING, "key_refused",
                "a key that is not known (yet) was refused at the %s endpoint: %s from %s%s", who->domain,
                who->public_key, who->address, more);
}

bool loop_zap_find(void *context, const struct zap_who *who, char user[WIRE_USER_MAX + 1]) {
    struct service_loop *loop = context;
    bool known = strcmp(who->domain, "mesh") == 0 ? find_member(loop, who->public_key, user)
                                                  : find_access(loop, who->public_key, user);
    if (known)
        return true;
    metric_add(METRIC_access_refused_total, 1);
    tell_refused(loop, who);
    return false;
}

/* ---- the view ------------------------------------------------------------------------------------------------------- */

static void gain_shard(struct service_loop *loop, const struct owned_shard *gained) {
    struct shard_state *state = &loop->shards[gained->shard];
    *state = (struct shard_state){.owned = true,
                                  .busy = state->busy,
                                  .parked = gained->parked,
                                  .epoch = gained->epoch,
                                  .cursors = gained->cursors};
    struct lane_state *lane = &loop->lanes[gained->shard % loop->lane_count];
    lane->wake_at = 0; /* its deadlines may have passed while nobody looked */
    if (loop->service->append_query != NULL) {
        char stream[8];
        snprintf(stream, sizeof stream, "%u", gained->shard);
        publish_head(loop->publisher, stream, gained->cursors.out_seq);
    }
    follow_start(loop->links, gained->shard, &gained->cursors);
}

static void lose_shard(struct service_loop *loop, uint16_t shard) {
    loop->shards[shard].owned = false;
    follow_stop(loop->links, shard);
}

static void update_shards(struct service_loop *loop) {
    const struct owned_shard *owned[SHARD_COUNT] = {0};
    for (size_t i = 0; i < loop->view->owned_count; i++)
        owned[loop->view->owned[i].shard] = &loop->view->owned[i];
    size_t count = 0;
    for (uint16_t shard = 0; shard < SHARD_COUNT; shard++) {
        struct shard_state *state = &loop->shards[shard];
        bool same = owned[shard] != NULL && state->owned && state->epoch == owned[shard]->epoch;
        if (state->owned && !same)
            lose_shard(loop, shard);
        if (owned[shard] != NULL && !same)
            gain_shard(loop, owned[shard]);
        if (same && owned[shard]->parked)
            state->parked = true;
        count += state->owned;
    }
    metric_set(METRIC_shards, (long long)count);
}

/* What waits for a given shard here is dropped: it is in the upstream's log. Few are on their way at a time, because nobody serves these:
 * whoever has just joined may take a while to claim the first. */
void loop_give_excess(struct service_loop *loop) {
    if (loop->view == NULL || loop->view->excess == 0 || !loop->connected || loop->stopping)
        return;
    struct owned_shard given[RELEASES_UNCLAIMED_MAX];
    size_t count = 0;
    for (uint16_t shard = 0; shard < SHARD_COUNT; shard++) {
        struct shard_state *state = &loop->shards[shard];
        if (count + loop->view->unclaimed >= RELEASES_UNCLAIMED_MAX || count == loop->view->excess)
            break;
        if (!state->owned || state->busy)
            continue;
        given[count++] = (struct owned_shard){.shard = shard, .epoch = state->epoch};
        lose_shard(loop, shard);
    }
    if (count == 0)
        return;
    mesh_release(loop->mesh, given, count);
    loop->view->excess = 0; /* the view that follows the release says how many are left */
}

void loop_last_word(struct service_loop *loop) {
    loop->gone = true;
    publish_recheck(loop->publisher);
}

static void take_city(struct service_loop *loop) {
    if (loop->view->city == NULL)
        return;
    struct city_hold *hold = calloc(1, sizeof *hold);
    assert(hold != NULL);
    hold->city = loop->view->city;
    hold->refs = 1;
    loop->view->city = NULL;
    if (loop->city != NULL && --loop->city->refs == 0) {
        city_close(&loop->city->city);
        free(loop->city);
    }
    loop->city = hold;
    publish_city(loop->publisher, hold->city);
    metric_set(METRIC_loaded_city_version, (long long)city_version(hold->city));
    journal_say(JOURNAL_INFO, "city_loaded", "%s, version %llu", city_name(hold->city),
                (unsigned long long)city_version(hold->city));
}

void loop_view(struct service_loop *loop, struct mesh_view *take_view) {
    loop->connected = take_view->connected;
    if (!take_view->connected) {
        mesh_view_close(&take_view);
        return;
    }
    struct mesh_view *old = loop->view;
    loop->view = take_view;
    take_city(loop);
    follow_view(loop->links, loop->view);
    update_shards(loop);
    /* What waits in the city's time waits too long when the clock was set back or goes slower since: look at once. */
    for (size_t i = 0; i < loop->lane_count; i++)
        loop->lanes[i].wake_at = 0;
    /* A hint goes to whom its sender takes for the owner, after a commit whose answer may be lost: some never come. So
     * the heads are read again with every view, VIEW_MS apart or less. */
    if (loop->service->heads_query != NULL)
        publish_forget_heads(loop->publisher);
    publish_recheck(loop->publisher);
    loop_give_excess(loop);
    mesh_view_close(&old);
}
