/* The start of the chain: reports of all kinds that a city knows, at a rate or as fast as the window lets. */
#ifndef ZHITONG_CHAIN_LOAD_H
#define ZHITONG_CHAIN_LOAD_H

#include "chain_follow.h"
#include "common/csv.h"
#include "common/submit_client.h"

#define CODES_MAX 256
#define ANSWERS_MS_MAX 60000 /* after the end of the load: how long answers are waited for */

struct codes {
    char at[CODES_MAX][49];
    size_t count;
};

struct sent {         /* one report; its place in the array is its tag */
    uint64_t case_id; /* 0: not accepted yet */
    int64_t due_us;   /* when it was to be sent: waiting for room in the window counts as latency */
    int64_t accepted_us;
};

struct sample { /* of what the client has been told so far */
    int64_t at_us;
    uint64_t busy, resent;
};
#define SAMPLE_US 50000
#define SAMPLES_MAX 100000

struct load {
    struct submit_client *client;
    struct codes channels, areas, items;
    struct submit report;
    char run[24]; /* part of every key: a run's keys are its own */
    int64_t seconds, rate;
    struct sent *sent;
    size_t count, room;
    int64_t began_us, ended_us;
    uint64_t accepted, repeated, refused;
    struct reason refusal;
    struct sample samples[SAMPLES_MAX];
    size_t sample_count;
};

/* First column named `code` of a city's table. */
static int codes_read(struct codes *codes, const char *folder, const char *table, struct reason *why) {
    char path[1000];
    struct csv *csv;
    snprintf(path, sizeof path, "%s/%s", folder, table);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return refuse(why, path, "cannot be read");
    int status = csv_open(&csv, file, table, why);
    if (status == 0) {
        while (codes->count < CODES_MAX && csv_next(csv, why) == 1)
            snprintf(codes->at[codes->count++], sizeof codes->at[0], "%s", csv_field(csv, csv_column(csv, "code")));
        csv_close(&csv);
    }
    fclose(file);
    return status == 0 && codes->count == 0 ? refuse(why, path, "has no codes") : status;
}

static void on_answer(void *context, const struct submit_answer *answer) {
    struct load *load = context;
    struct sent *sent = &load->sent[answer->tag];
    if (!answer->accepted) {
        load->refused++;
        load->refusal = answer->why;
        return;
    }
    sent->case_id = answer->case_id;
    sent->accepted_us = monotonic_us();
    load->accepted++;
    load->repeated += answer->repeated;
}

static void send_one(struct load *load, int64_t due_us) {
    struct submit *report = &load->report;
    size_t n = load->count++;
    if (n == load->room) {
        load->room = load->room == 0 ? 65536 : load->room * 2;
        load->sent = realloc(load->sent, load->room * sizeof *load->sent);
        assert(load->sent != NULL);
    }
    load->sent[n] = (struct sent){.due_us = due_us};
    snprintf(report->key, sizeof report->key, "%s-%zu", load->run, n);
    strcpy(report->channel, load->channels.at[n % load->channels.count]);
    strcpy(report->area, load->areas.at[(n / 3) % load->areas.count]);
    strcpy(report->item, load->items.at[(n * 7) % load->items.count]);
    snprintf(report->source_id, sizeof report->source_id, "B-%zu", n);
    report->lat = 33.5 + (double)(n % 1000) / 2500; /* a few to each place, as in a city */
    report->lon = 114.0 + (double)(n % 997) / 2500;
    struct reason why;
    int status = submit_client_send(load->client, report, n, &why);
    assert(status == 0);
    (void)status;
}

static void send_due(struct load *load) {
    int64_t now = monotonic_us();
    if (load->rate == 0) {
        while (submit_client_room(load->client) > 0)
            send_one(load, monotonic_us());
        return;
    }
    int64_t due = (now - load->began_us) * load->rate / 1000000; /* the last one that is due; the first is number 0 */
    while ((int64_t)load->count <= due && submit_client_room(load->client) > 0)
        send_one(load, load->began_us + (int64_t)load->count * 1000000 / load->rate);
}

static void take_sample(struct load *load) {
    int64_t now = monotonic_us();
    const struct submit_counts *counts = submit_client_counts(load->client);
    if (load->sample_count == SAMPLES_MAX ||
        (load->sample_count > 0 && now - load->samples[load->sample_count - 1].at_us < SAMPLE_US))
        return;
    load->samples[load->sample_count++] = (struct sample){now, counts->busy, counts->resent};
}

static void load_run(struct load *load) {
    memset(&load->report, 0, sizeof load->report);
    strcpy(load->report.address, "28 Songshan Road, opposite the north gate of the market");
    strcpy(load->report.title, "Street light has been out for three nights");
    strcpy(
        load->report.description,
        "The lamp in front of the school entrance does not come on. Children walk home here in the dark; last night a "
        "cyclist fell over the open kerb. Please mend it and tell us by when.");
    load->began_us = monotonic_us();
    load->ended_us = load->began_us + load->seconds * 1000000;
    while (monotonic_us() < load->ended_us) {
        send_due(load);
        submit_client_turn(load->client, 1);
        take_sample(load);
    }
    int64_t until = monotonic_us() + ANSWERS_MS_MAX * INT64_C(1000);
    while (submit_client_waiting(load->client) > 0 && monotonic_us() < until)
        submit_client_turn(load->client, 10);
    take_sample(load);
}

#endif
