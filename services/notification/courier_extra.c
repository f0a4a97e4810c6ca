/* The courier as the loop sees it: it is opened and ended, and told of shards, the city and news of streams. */
#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "services/notification/courier.h"
#include "services/notification/courier_inner.h"

struct owner { /* the loop's side */
    struct courier *courier;
    int64_t epochs[SHARD_COUNT];
    struct city_hold *city;
};

static void watch_fd(struct courier *courier, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    int status = epoll_ctl(courier->epoll, EPOLL_CTL_ADD, fd, &event);
    assert(status == 0);
    (void)status;
}

static struct courier *courier_make(struct service_loop *loop) {
    const struct settings *settings = loop->settings;
    struct courier *courier = calloc(1, sizeof *courier);
    assert(courier != NULL);
    courier->loop = loop;
    courier->epoll = -1;
    courier->settings = settings;
    courier->private_hosts = settings_text(settings, "ZHITONG_PRIVATE_HOSTS");
    courier->ca_file = settings_text(settings, "ZHITONG_CA_FILE");
    courier->scale_percent = (int)settings_number(settings, "ZHITONG_RETRY_SCALE_PERCENT");
    courier->per_endpoint = (uint32_t)settings_number(settings, "ZHITONG_DELIVERIES_PER_ENDPOINT");
    courier->slots[POOL_PROVEN] = (uint32_t)settings_number(settings, "ZHITONG_DELIVERIES_AT_ONCE");
    courier->slots[POOL_NEW] = courier->slots[POOL_SLOW] = courier->slots[POOL_PROVEN] / 4;
    courier->bundle = calloc(PEOPLE_BUNDLE_MAX, sizeof *courier->bundle);
    assert(courier->bundle != NULL);
    for (int pool = 0; pool < POOL_COUNT; pool++)
        TAILQ_INIT(&courier->pools[pool]);
    TAILQ_INIT(&courier->lost);
    return courier;
}

static void *extra_open(struct service_loop *loop, struct reason *why) {
    struct courier *courier = courier_make(loop);
    struct owner *owner = calloc(1, sizeof *owner);
    assert(owner != NULL);
    if (sodium_init() < 0 || secret_keys_of_settings(&courier->keys, loop->settings, why) != 0 ||
        carrier_settings_of(&courier->carriers, loop->settings, why) != 0 || courier_curl_open(courier, why) != 0)
        goto fail;
    courier->in = mailbox_open();
    for (int i = 0; i < MAILERS; i++)
        courier->mailers[i] = errands_open(courier->in, courier->flight_count);
    courier->board = board_open();
    watch_fd(courier, mailbox_fd(courier->in));
    watch_fd(courier, board_fd(courier->board));
    owner->courier = courier;
    int status = pthread_create(&courier->thread, NULL, courier_main, courier);
    assert(status == 0);
    (void)status;
    return owner;
fail:
    secret_keys_close(&courier->keys);
    courier_curl_close(courier);
    free(courier->bundle);
    free(courier);
    free(owner);
    return NULL;
}

/* Tells the courier when shards or the city have changed. */
static void extra_turn(void *own) {
    struct owner *owner = own;
    struct service_loop *loop = owner->courier->loop;
    int64_t epochs[SHARD_COUNT];
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        epochs[shard] = loop->shards[shard].owned && !loop->stopping ? loop->shards[shard].epoch : 0;
    if (loop->stopping) /* what is under way is still written */
        memcpy(epochs, owner->epochs, sizeof epochs);
    bool same_city = owner->city == loop->city;
    if (same_city && memcmp(epochs, owner->epochs, sizeof epochs) == 0)
        return;
    struct tidings *tidings = calloc(1, sizeof *tidings);
    assert(tidings != NULL);
    tidings->letter.kind = LETTER_WORK;
    memcpy(tidings->epochs, epochs, sizeof epochs);
    memcpy(owner->epochs, epochs, sizeof epochs);
    if (!same_city) {
        loop->city->refs++;
        owner->city = tidings->city = loop->city;
    }
    mailbox_put(owner->courier->in, &tidings->letter);
}

static size_t extra_sockets(void *own, void **sockets, size_t room) {
    (void)own;
    (void)sockets;
    (void)room;
    return 0;
}

static int extra_wait_ms(void *own) {
    (void)own;
    return -1;
}

static void extra_advanced(void *own, const char *stream, uint64_t seq) {
    board_advanced(((struct owner *)own)->courier->board, stream, seq);
}

static bool extra_idle(void *own) {
    (void)own;
    return true; /* stop waits for what is under way */
}

static void extra_stop(void *own) {
    struct courier *courier = ((struct owner *)own)->courier;
    mailbox_put_stop(courier->in);
    pthread_join(courier->thread, NULL);
    atomic_store(&courier->mails_end, true);
    for (int i = 0; i < MAILERS; i++)
        errands_stop(courier->mailers[i]);
}

static void free_all(struct courier *courier) {
    courier_forget_all(courier);
    for (struct served *served = TAILQ_FIRST(&courier->lost); served != NULL; served = TAILQ_NEXT(served, link))
        served->flying = 0; /* their transfers are gone with libcurl */
    courier_settle(courier);
    free(courier->outcomes);
    free(courier->endings);
    free(courier->moved_ones);
    free(courier->recounts);
    free(courier->bundle);
}

static void extra_close(void *own) {
    struct owner *owner = own;
    struct courier *courier = owner->courier;
    struct letter *letter;
    while ((letter = mailbox_take(courier->in)) != NULL)
        if (letter->kind != LETTER_CALL) /* that is a flight, which ends with the others */
            free(letter);
    for (int i = 0; i < MAILERS; i++)
        errands_close(&courier->mailers[i]);
    courier_curl_close(courier);
    free_all(courier);
    board_close(&courier->board);
    mailbox_close(&courier->in);
    secret_keys_close(&courier->keys);
    free(courier);
    free(owner);
}

const struct service_extra courier_extra = {.open = extra_open,
                                            .turn = extra_turn,
                                            .sockets = extra_sockets,
                                            .wait_ms = extra_wait_ms,
                                            .advanced = extra_advanced,
                                            .idle = extra_idle,
                                            .stop = extra_stop,
                                            .close = extra_close};
