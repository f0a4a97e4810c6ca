/* Who reports: each report has a key and is sent again and again until it is answered, to any replica of intake; some are sent once more
 * when they have been answered, and must get the first answer again. */
#include <stdio.h>
#include <string.h>

#include "common/wire.h"
#include "tests/simulation/world.h"

#define REPORTS_MAX 60
#define INTAKES_MAX 4
#define PATIENCE_MS 1500
#define REOPEN_MS 4000 /* a connection that has said nothing for so long is opened anew */

enum report_stage { UNSENT, WAITING, TAKEN, ANSWERED_AGAIN, TURNED_AWAY };

static struct report {
    struct submit submit;
    enum report_stage stage;
    uint64_t case_id;
    int64_t next_at; /* NEVER: nothing more will be sent */
} reports[REPORTS_MAX];
static size_t report_count;

static struct {
    void *socket;
    int64_t heard_at;
} lines[INTAKES_MAX];

static void fill(struct submit *submit, size_t number) {
    static const char *const channels[] = {"app", "hotline", "desk", "sensor"};
    static const char *const items[] = {"lamp", "litter", "pothole", "bridge"};
    static const struct {
        const char *area;
        double lat, lon;
    } places[] = {{"n_mill_1", 33.611, 114.011},
                  {"n_mill_2", 33.612, 114.012},
                  {"n_lake_1", 33.621, 114.021},
                  {"s_hill_1", 33.511, 114.011},
                  {"n_mill", 33.61, 114.01}};
    size_t place = chance_below(sizeof places / sizeof places[0]);
    *submit = (struct submit){.lat = places[place].lat, .lon = places[place].lon};
    snprintf(submit->key, sizeof submit->key, "report-%zu", number);
    snprintf(submit->channel, sizeof submit->channel, "%s", chance_of(channels, 4));
    snprintf(submit->item, sizeof submit->item, "%s", chance_of(items, 4));
    snprintf(submit->area, sizeof submit->area, "%s", places[place].area);
    /* Few texts, so that some are about one matter; now and then something that cannot be taken. */
    snprintf(submit->title, sizeof submit->title, "number %u", chance_below(3));
    snprintf(submit->description, sizeof submit->description, "the %s near house %u does not look well", submit->item,
             chance_below(3));
    if (chance_below(25) == 0)
        snprintf(submit->item, sizeof submit->item, "%s", "unheard of");
}

/* Some say that it is the same matter as an older case. */
static void refer(struct submit *submit) {
    const struct seen_case *older = chance_below(5) == 0 ? checks_some_case() : NULL;
    if (older == NULL)
        return;
    submit->same_as = older->case_id;
    memcpy(submit->item, older->item, sizeof older->item);
    memcpy(submit->area, older->area, sizeof older->area);
    submit->lat = older->lat;
    submit->lon = older->lon;
}

static void open_line(size_t nth) {
    const struct node *node = node_of_service("intake", nth);
    struct wire_keys own;
    char server[WIRE_KEY_SIZE], endpoint[64];
    bus_key(own.public_key, "client", 1);
    bus_key(own.secret_key, "secret", 1);
    bus_key(server, "public", 0);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", node_public_port(node));
    wire_close(&lines[nth].socket);
    lines[nth].socket = wire_dealer(NULL, &own, endpoint, server);
    lines[nth].heard_at = world.now_ms;
}

void reporting_begin(void) {
    report_count = (size_t)chance_between(10, REPORTS_MAX);
    int64_t span = chance_between(2000, 12000);
    memset(lines, 0, sizeof lines);
    for (size_t i = 0; i < report_count; i++) {
        reports[i] = (struct report){.next_at = world.now_ms + chance_between(500, span)};
        fill(&reports[i].submit, i);
    }
}

static void send(struct report *report) {
    size_t count = 0;
    while (count < INTAKES_MAX && node_of_service("intake", count) != NULL)
        count++;
    size_t nth = chance_below((uint32_t)count);
    if (lines[nth].socket == NULL || world.now_ms - lines[nth].heard_at > REOPEN_MS)
        open_line(nth);
    world.happened[report->stage == UNSENT ? HAPPENED_reports : HAPPENED_retries]++;
    if (report->stage == UNSENT) {
        refer(&report->submit);
        report->stage = WAITING;
    }
    report->next_at = world.now_ms + PATIENCE_MS + chance_between(0, 500);
    (void)wire_send(lines[nth].socket, NULL, MESSAGE_submit, &report->submit);
}

static struct report *with_key(const char *key) {
    for (size_t i = 0; i < report_count; i++)
        if (strcmp(reports[i].submit.key, key) == 0)
            return &reports[i];
    broken("answer", "an answer to \"%s\", which nobody asked", key);
}

static void take_accepted(const struct accepted *accepted) {
    struct report *report = with_key(accepted->key);
    if (report->stage == TURNED_AWAY || (report->case_id != 0 && report->case_id != accepted->case_id))
        broken("one answer", "%s was case %llu, and is case %llu now", accepted->key,
               (unsigned long long)report->case_id, (unsigned long long)accepted->case_id);
    if (report->stage == WAITING)
        checks_accepted(accepted->case_id);
    bool again = report->stage == WAITING && !world.calm && chance_below(4) == 0;
    report->stage = report->stage == WAITING ? TAKEN : ANSWERED_AGAIN;
    report->case_id = accepted->case_id;
    report->next_at = again ? world.now_ms + chance_between(0, 5000) : NEVER;
}

static void take_refused(const struct refused *refused) {
    struct report *report = with_key(refused->key);
    bool senseless = strcmp(report->submit.item, "unheard of") == 0;
    if (report->case_id != 0 || !senseless)
        broken("one answer", "%s was case %llu, and is refused: %s: %s", refused->key,
               (unsigned long long)report->case_id, refused->field, refused->reason);
    report->stage = TURNED_AWAY;
    report->next_at = NEVER;
}

static void take(struct packet *packet) {
    union {
        struct accepted accepted;
        struct refused refused;
        struct busy busy;
    } message;
    size_t size;
    struct reason why;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    if (message_decode(type, data, size, &message, &why) != 0)
        broken("answer", "%s: %s", why.field, why.text);
    if (type == MESSAGE_accepted)
        take_accepted(&message.accepted);
    else if (type == MESSAGE_refused)
        take_refused(&message.refused);
    else if (type == MESSAGE_busy && with_key(message.busy.key)->next_at != NEVER)
        with_key(message.busy.key)->next_at = world.now_ms + (int64_t)message.busy.retry_after_ms;
}

int64_t reporting_next_at(void) {
    int64_t next = NEVER;
    for (size_t i = 0; i < report_count; i++)
        next = reports[i].next_at < next ? reports[i].next_at : next;
    return next;
}

void reporting_turn(void) {
    struct packet packet;
    for (size_t i = 0; i < INTAKES_MAX; i++) {
        while (lines[i].socket != NULL && packet_read(&packet, lines[i].socket, false) == 1) {
            lines[i].heard_at = world.now_ms;
            take(&packet);
            packet_close(&packet);
        }
    }
    for (size_t i = 0; i < report_count; i++)
        if (reports[i].next_at <= world.now_ms)
            send(&reports[i]);
}

bool reporting_settled(void) {
    return reporting_next_at() == NEVER;
}

void reporting_forget(void) {
    for (size_t i = 0; i < INTAKES_MAX; i++)
        wire_close(&lines[i].socket);
}
