#include "services/zhitong/import_meter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

#define TERMINAL_MS 200
#define PLAIN_MS 5000
#define BAR_CELLS 24
#define SILENT_MS 5000 /* after which the operator is told that nobody answers */

static uint64_t answered(const struct import_progress *progress) {
    return progress->accepted + progress->repeated + progress->refused;
}

void import_meter_open(struct import_meter *meter, const struct import_progress *resumed) {
    *meter = (struct import_meter){.terminal = isatty(STDERR_FILENO) == 1, .began_ms = clock_monotonic_ms()};
    meter->shown_ms = meter->began_ms;
    meter->began_rows = meter->shown_rows = answered(resumed);
}

static void print_bar(double share) {
    int full = (int)(share * BAR_CELLS + 0.5);
    fputc('[', stderr);
    for (int i = 0; i < BAR_CELLS; i++)
        fputc(i < full ? '#' : '.', stderr);
    fputs("] ", stderr);
}

void import_meter_show(struct import_meter *meter, const struct import_state *state, bool last) {
    int64_t now = clock_monotonic_ms();
    int64_t passed = now - meter->shown_ms;
    if (!last && passed < (meter->terminal ? TERMINAL_MS : PLAIN_MS))
        return;
    uint64_t rows = answered(state->progress);
    double rate = passed > 0 ? (double)(rows - meter->shown_rows) * 1000 / (double)passed : meter->rows_per_second;
    meter->rows_per_second = meter->rows_per_second == 0 ? rate : meter->rows_per_second * 0.8 + rate * 0.2;
    if (last && now > meter->began_ms)
        meter->rows_per_second = (double)(rows - meter->began_rows) * 1000 / (double)(now - meter->began_ms);
    meter->shown_ms = now;
    meter->shown_rows = rows;
    if (meter->terminal) {
        fputc('\r', stderr);
        print_bar(state->share);
    }
    fprintf(stderr,
            "%5.1f %%  %.0f rows/s  accepted %" PRIu64 "  repeated %" PRIu64 "  refused %" PRIu64 "  busy %" PRIu64,
            state->share * 100, meter->rows_per_second, state->progress->accepted, state->progress->repeated,
            state->progress->refused, submit_client_counts(state->client)->busy);
    int64_t silent_ms = submit_client_silent_ms(state->client);
    if (silent_ms > SILENT_MS)
        fprintf(stderr, "  no answer for %d s: does intake run there, and does it know this key?",
                (int)(silent_ms / 1000));
    else if (state->waits_for[0] != '\0')
        fprintf(stderr, "  %s", state->waits_for);
    if (meter->terminal)
        fputs("\033[K", stderr);
    if (!meter->terminal || last)
        fputc('\n', stderr);
    fflush(stderr);
}

void import_meter_note(const struct import_meter *meter, const char *format, ...) {
    va_list arguments;
    if (meter->terminal)
        fputs("\r\033[K", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
