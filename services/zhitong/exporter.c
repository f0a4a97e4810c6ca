#include "services/zhitong/exporter.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/http.h"
#include "common/process_metrics.h"
#include "services/zhitong/city_metrics.h"
#include "services/zhitong/options.h"
#include "services/zhitong/status_read.h"

#define PORT_DEFAULT 9110
#define FRESH_MS 2000 /* who asks again within this time gets the same answer */
#define PAGE_BYTES_MAX 131072
#define REQUEST_MS_MAX 5000
#define CONNECTIONS_MAX 16
#define WAIT_MS_MAX 1000

static volatile sig_atomic_t ended;

static void end(int signal_number) {
    (void)signal_number;
    ended = 1;
}

struct exporter {
    const char *url;
    struct db *db;   /* NULL: to be opened */
    int64_t read_at; /* monotonic ms; 0: never */
    size_t size;
    char page[PAGE_BYTES_MAX];
};

/* ---- what is told --------------------------------------------------------------------------------------------------------- */

static int open_database(struct exporter *exporter) {
    const struct db_query *tables[] = {status_queries, database_facts_queries, NULL};
    struct reason why;

    if (exporter->db != NULL)
        return 0;
    if (db_open(&exporter->db, exporter->url, "mesh", tables, &why) == 0 && status_prepare(exporter->db) == 0)
        return 0;
    fprintf(stderr, "exporter: %s\n", exporter->db != NULL ? db_reason(exporter->db)->text : why.text);
    db_close(&exporter->db);
    return -1;
}

static int read_facts(struct exporter *exporter, struct city_facts *facts) {
    char zone[STATUS_NAME_MAX + 1] = "";
    const int64_t from = clock_monotonic_ms();

    if (open_database(exporter) != 0)
        return -1;
    if (status_read(exporter->db, &facts->status, zone) != 0 ||
        database_facts_read(exporter->db, &facts->database) != 0) {
        (void)database_failed(exporter->db);
        db_close(&exporter->db); /* it may be another server by now */
        return -1;
    }
    status_judge(&facts->status, &facts->advices);
    for (size_t i = 0; i < facts->advices.count; i++)
        facts->urgent += facts->advices.at[i].urgent;
    facts->read_ms = clock_monotonic_ms() - from;
    return 0;
}

/* A page for which there is no room ends with the last whole line. */
static void write_page(struct exporter *exporter) {
    static struct city_facts facts;
    FILE *out = fmemopen(exporter->page, sizeof exporter->page, "w");

    exporter->size = 0;
    if (out == NULL)
        return;
    facts = (struct city_facts){.up = false};
    facts.up = read_facts(exporter, &facts) == 0;
    city_metrics_write(out, &facts);
    process_metrics_write(out, "exporter");
    fflush(out);
    const long size = ftell(out);
    fclose(out);
    exporter->size = size < 0 ? 0 : (size_t)size;
    while (exporter->size > 0 && exporter->page[exporter->size - 1] != '\n')
        exporter->size--;
    exporter->read_at = clock_monotonic_ms();
}

/* ---- who asks -------------------------------------------------------------------------------------------------------------- */

static void metrics(struct http_request *request, void *context) {
    struct exporter *exporter = context;

    if (exporter->read_at == 0 || clock_monotonic_ms() - exporter->read_at > FRESH_MS)
        write_page(exporter);
    http_answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", exporter->page, exporter->size);
}

static void healthy(struct http_request *request, void *context) {
    (void)context;
    http_answer(request, 200, "text/plain; charset=utf-8", "ok\n", 3);
}

static const struct http_route routes[] = {
    {"GET", "/metrics", metrics, "Prometheus text", NULL},
    {"GET", "/healthz", healthy, "200 while the process runs", NULL},
};

static int serve(struct exporter *exporter, const char *address, uint16_t port) {
    const struct http_options options = {.address = address,
                                         .port = port,
                                         .body_bytes_max = 1024,
                                         .request_ms_max = REQUEST_MS_MAX,
                                         .connections_max = CONNECTIONS_MAX,
                                         .routes = routes,
                                         .route_count = sizeof routes / sizeof routes[0],
                                         .context = exporter};
    struct sigaction action = {.sa_handler = end};
    struct http *http = NULL;
    struct reason why;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (http_open(&http, &options, &why) != 0) {
        fprintf(stderr, "exporter: %s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    printf("http://%s:%u/metrics\n", address, http_port(http));
    while (!ended) {
        const int wanted = http_timeout_ms(http);
        struct pollfd fd = {.fd = http_fd(http), .events = POLLIN};
        (void)poll(&fd, 1, wanted < 0 || wanted > WAIT_MS_MAX ? WAIT_MS_MAX : wanted);
        http_turn(http);
    }
    http_close(&http);
    return EXIT_GOOD;
}

int exporter_command(int argc, char **argv) {
    static struct exporter exporter;
    static const struct number_range range = {"--port", 0, 65535};
    const char *url = NULL, *address = "127.0.0.1", *port_text = NULL;
    bool once = false, markdown = false;
    const struct option_row rows[] = {{"--listen", &address, NULL},
                                      {"--port", &port_text, NULL},
                                      {"--once", NULL, &once},
                                      {"--markdown", NULL, &markdown},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    long long port = PORT_DEFAULT;

    if (options_read(argc, argv, rows, &words, &url) != 0 ||
        (port_text != NULL && number_read(port_text, &range, &port) != 0))
        return EXIT_WRONG_USE;
    if (markdown) {
        city_metrics_markdown(stdout);
        return EXIT_GOOD;
    }
    if (url == NULL)
        return wrong_use("exporter", "say which database: --database URL");
    exporter.url = url;
    int code = EXIT_GOOD;
    if (once) {
        write_page(&exporter);
        fwrite(exporter.page, 1, exporter.size, stdout);
        code = exporter.db != NULL ? EXIT_GOOD : EXIT_REFUSED;
    } else {
        code = serve(&exporter, address, (uint16_t)port);
    }
    db_close(&exporter.db);
    return code;
}
