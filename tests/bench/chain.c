/* Loads the chain at intake, follows the departments' streams at its end, and compares: how fast, how late, and
 * whether every accepted case arrived once. Prints `name value` lines; tests/bench/run starts the services and calls it. */
#include "chain_marks.h"

#include <getopt.h>
#include <unistd.h>

#define DELIVERY_MS_MAX 30000 /* after the last answer: how long deliveries are waited for */

static const char usage[] =
    "zt-bench-chain --city DIR --intake-endpoints E,… --notification-endpoints E,… --intake-server-key FILE\n"
    "               --notification-server-key FILE --key FILE --units FILE [--seconds N] [--rate N] [--window N]\n"
    "               [--marks FILE]\n"
    "--marks: stretches of the run, NAME FROM TO a line in unix ms, read at its end and told one by one.\n"
    "--units: a line for each unit, CODE KEYFILE FIRST_SEQ. --rate 0: as fast as the window lets.\n";

struct chain_options {
    const char *city, *intake_endpoints, *notification_endpoints, *intake_key, *notification_key, *key, *units, *marks;
    long seconds, rate, window;
};

static int read_options(struct chain_options *options, int argc, char **argv) {
    static const struct option table[] = {{"city", 1, 0, 'c'},
                                          {"intake-endpoints", 1, 0, 'i'},
                                          {"notification-endpoints", 1, 0, 'n'},
                                          {"intake-server-key", 1, 0, 'I'},
                                          {"notification-server-key", 1, 0, 'N'},
                                          {"key", 1, 0, 'k'},
                                          {"units", 1, 0, 'u'},
                                          {"seconds", 1, 0, 's'},
                                          {"rate", 1, 0, 'r'},
                                          {"window", 1, 0, 'w'},
                                          {"marks", 1, 0, 'm'},
                                          {0, 0, 0, 0}};
    *options = (struct chain_options){.seconds = 10, .window = 2000};
    for (int option; (option = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        switch (option) {
        case 'c':
            options->city = optarg;
            break;
        case 'i':
            options->intake_endpoints = optarg;
            break;
        case 'n':
            options->notification_endpoints = optarg;
            break;
        case 'I':
            options->intake_key = optarg;
            break;
        case 'N':
            options->notification_key = optarg;
            break;
        case 'k':
            options->key = optarg;
            break;
        case 'u':
            options->units = optarg;
            break;
        case 's':
            options->seconds = atol(optarg);
            break;
        case 'r':
            options->rate = atol(optarg);
            break;
        case 'm':
            options->marks = optarg;
            break;
        case 'w':
            options->window = atol(optarg);
            break;
        default:
            return -1;
        }
    }
    bool all = options->city && options->intake_endpoints && options->notification_endpoints && options->intake_key &&
               options->notification_key && options->key && options->units;
    return all && options->seconds > 0 && options->rate >= 0 && options->window > 0 ? 0 : -1;
}

static int open_both(struct load *load, struct followers *all, const struct chain_options *options,
                     struct wire_keys *keys, struct reason *why) {
    static char server_key[WIRE_KEY_SIZE];
    all->endpoints = options->notification_endpoints;
    if (codes_read(&load->channels, options->city, "channels.csv", why) != 0 ||
        codes_read(&load->areas, options->city, "areas.csv", why) != 0 ||
        codes_read(&load->items, options->city, "items.csv", why) != 0 ||
        server_key_read(server_key, options->intake_key, why) != 0 ||
        server_key_read(all->server_key, options->notification_key, why) != 0 ||
        wire_keys_read(keys, options->key, why) != 0 || followers_read(all, options->units, why) != 0)
        return -1;
    load->seconds = options->seconds;
    load->rate = options->rate;
    snprintf(load->run, sizeof load->run, "%08lx%04x", (unsigned long)time(NULL), (unsigned)getpid() & 0xffff);
    const struct submit_options submit = {.zmq = all->zmq,
                                          .keys = keys,
                                          .server_key = server_key,
                                          .endpoints = options->intake_endpoints,
                                          .window = (uint32_t)options->window,
                                          .context = load,
                                          .answered = on_answer};
    return submit_client_open(&load->client, &submit, why) != 0 ? -1 : followers_start(all, why);
}

/* ---- comparing ---------------------------------------------------------------------------------------------------------- */

static int by_case(const void *left, const void *right) {
    const struct sent *a = left, *b = right;
    return (a->case_id > b->case_id) - (a->case_id < b->case_id);
}

static int by_delivery(const void *left, const void *right) {
    const struct delivery *a = left, *b = right;
    if (a->case_id != b->case_id)
        return a->case_id > b->case_id ? 1 : -1;
    if (a->version != b->version)
        return a->version > b->version ? 1 : -1;
    if (a->leads != b->leads) /* first, because compare() measures it */
        return a->leads ? -1 : 1;
    return (a->unit > b->unit) - (a->unit < b->unit);
}

struct outcome {
    struct histogram accept, arrive;
    uint64_t accepted_in_time, arrived_in_time, lost, doubled;
    struct marks marks;
};

/* Both arrays are sorted by case here. A case that another run opened is not ours to count. */
static void compare(struct load *load, struct followers *all, struct outcome *outcome) {
    qsort(load->sent, load->count, sizeof *load->sent, by_case);
    qsort(all->deliveries, all->count, sizeof *all->deliveries, by_delivery);
    for (size_t i = 1; i < all->count; i++)
        outcome->doubled += by_delivery(&all->deliveries[i - 1], &all->deliveries[i]) == 0;
    for (size_t i = 1; i < load->count; i++) /* two reports, one case: one of them was swallowed */
        outcome->lost += load->sent[i].case_id != 0 && load->sent[i].case_id == load->sent[i - 1].case_id;
    size_t d = 0;
    for (size_t i = 0; i < load->count; i++) {
        const struct sent *sent = &load->sent[i];
        if (sent->case_id == 0)
            continue;
        struct mark *mark = mark_of(&outcome->marks, sent->due_us);
        histogram_add(&outcome->accept, sent->accepted_us - sent->due_us);
        if (mark != NULL)
            histogram_add(&mark->accept, sent->accepted_us - sent->due_us);
        outcome->accepted_in_time += sent->accepted_us <= load->ended_us;
        while (d < all->count && all->deliveries[d].case_id < sent->case_id)
            d++;
        if (d == all->count || all->deliveries[d].case_id != sent->case_id || all->deliveries[d].version != 1 ||
            !all->deliveries[d].leads) {
            outcome->lost++;
            continue;
        }
        histogram_add(&outcome->arrive, all->deliveries[d].at_us - sent->due_us);
        if (mark != NULL)
            histogram_add(&mark->arrive, all->deliveries[d].at_us - sent->due_us);
        outcome->arrived_in_time += all->deliveries[d].at_us <= load->ended_us;
    }
}

static void print_histogram(const char *name, const struct histogram *histogram) {
    printf("%s_p50_ms %.2f\n%s_p99_ms %.2f\n%s_max_ms %.2f\n", name, (double)histogram_at(histogram, 0.5) / 1000, name,
           (double)histogram_at(histogram, 0.99) / 1000, name, (double)histogram->greatest / 1000);
}

static int print_outcome(const struct load *load, const struct followers *all, const struct outcome *outcome) {
    const struct submit_counts *counts = submit_client_counts(load->client);
    printf("sent %zu\naccepted %" PRIu64 "\nrefused %" PRIu64 "\nbusy %" PRIu64 "\nresent %" PRIu64 "\n", load->count,
           load->accepted, load->refused, counts->busy, counts->resent);
    printf("accepted_per_s %.0f\narrived_per_s %.0f\n", (double)outcome->accepted_in_time / (double)load->seconds,
           (double)outcome->arrived_in_time / (double)load->seconds);
    print_histogram("accept", &outcome->accept);
    print_histogram("arrive", &outcome->arrive);
    printf("arrived %" PRIu64 "\nentries %zu\nlost %" PRIu64 "\ndoubled %" PRIu64 "\ngaps %" PRIu64
           "\nunreadable %" PRIu64 "\nreconnects %" PRIu64 "\n",
           outcome->arrive.count, all->count, outcome->lost, outcome->doubled, all->gaps, all->unreadable,
           all->reconnects);
    if (load->refused > 0)
        fprintf(stderr, "refused: %s %s\n", load->refusal.field, load->refusal.text);
    if (counts->strays > 0)
        fprintf(stderr, "refused: %s %s\n", counts->stray.field, counts->stray.text);
    if (all->trouble[0] != '\0')
        fprintf(stderr, "%s\n", all->trouble);
    bool good = load->accepted == load->count && outcome->lost + outcome->doubled + all->gaps + all->unreadable == 0;
    return good && all->trouble[0] == '\0' ? 0 : 1;
}

int main(int argc, char **argv) {
    static struct load load;
    static struct followers all;
    static struct outcome outcome;
    struct chain_options options;
    struct wire_keys keys;
    struct reason why;
    if (read_options(&options, argc, argv) != 0) {
        fputs(usage, stderr);
        return 2;
    }
    all.zmq = zmq_ctx_new();
    if (open_both(&load, &all, &options, &keys, &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return 1;
    }
    load_run(&load);
    int64_t until = monotonic_us() + DELIVERY_MS_MAX * INT64_C(1000);
    while (atomic_load(&all.opened) < load.accepted && monotonic_us() < until && all.trouble[0] == '\0')
        usleep(10000);
    followers_stop(&all);
    if (options.marks != NULL && marks_read(&outcome.marks, options.marks, &why) != 0)
        fprintf(stderr, "%s: %s\n", why.field, why.text);
    compare(&load, &all, &outcome);
    marks_count(&outcome.marks, &load);
    marks_print(&outcome.marks);
    int status = print_outcome(&load, &all, &outcome);
    submit_client_close(&load.client);
    zmq_ctx_term(all.zmq);
    free(load.sent);
    free(all.deliveries);
    return status;
}
