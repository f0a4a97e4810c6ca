#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "services/zhitong/local_time.h"
#include "services/zhitong/options.h"
#include "services/zhitong/status.h"

#define NUMBER_TEXT_MAX 40
#define NAME_WIDTH 13

enum tint { PLAIN, BOLD, RED, YELLOW, GREEN };

/* Select Graphic Rendition of ECMA-48. */
static const char *paint(const struct status_page *page, enum tint tint) {
    static const char *const codes[] = {"\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[32m"};

    return page->colours ? codes[tint] : "";
}

/* ---- words ---------------------------------------------------------------------------------------------------------------- */

/* 1,234,567 */
static const char *number(int64_t value, char text[NUMBER_TEXT_MAX]) {
    char digits[24];
    const int size = snprintf(digits, sizeof digits, "%" PRId64, value);
    char *to = text;

    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0 && digits[i - 1] != '-')
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

static const char *counted(struct counted value, char text[NUMBER_TEXT_MAX]) {
    static const char *const how[] = {[COUNTED] = "", [ABOUT] = "about ", [AT_LEAST] = "at least "};
    char digits[NUMBER_TEXT_MAX];

    snprintf(text, NUMBER_TEXT_MAX, "%.9s%.28s", how[value.how], number(value.count, digits));
    return text;
}

/* With a unit of 1,000: as disks are sold and df -H says. */
static const char *bytes(int64_t value, char text[NUMBER_TEXT_MAX]) {
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double size = (double)value / 1000;
    size_t unit = 0;

    while (size >= 1000 && unit < 3) {
        size /= 1000;
        unit++;
    }
    snprintf(text, NUMBER_TEXT_MAX, "%.1f %s", size, units[unit]);
    return text;
}

static const char *seconds(int64_t ms, char text[NUMBER_TEXT_MAX]) {
    if (ms < 60000)
        snprintf(text, NUMBER_TEXT_MAX, "%.1f s", (double)ms / 1000);
    else if (ms < 7200000)
        snprintf(text, NUMBER_TEXT_MAX, "%" PRId64 " min", ms / 60000);
    else
        snprintf(text, NUMBER_TEXT_MAX, "%" PRId64 " h", ms / 3600000);
    return text;
}

static const char *instant(const struct status_page *page, int64_t at, char text[LOCAL_TEXT_MAX]) {
    if (page->zone != NULL)
        local_print(page->zone, at, text);
    else
        instant_print(at, text);
    return text;
}

/* ---- services --------------------------------------------------------------------------------------------------------------- */

static void print_behind(FILE *out, const struct status_service *service) {
    char entries[NUMBER_TEXT_MAX], age[NUMBER_TEXT_MAX];

    for (size_t i = 0; i < service->upstream_count; i++) {
        const struct status_upstream *upstream = &service->upstreams[i];
        fprintf(out, "%s%s %s", i > 0 ? ", " : "", upstream->name, number(upstream->behind, entries));
        if (upstream->behind > 0 && upstream->oldest_ms >= 0)
            fprintf(out, " (%s)", seconds(upstream->oldest_ms, age));
    }
}

static void print_services(FILE *out, const struct status_page *page) {
    const struct status *status = page->status;
    char head[NUMBER_TEXT_MAX], parked[NUMBER_TEXT_MAX];

    fprintf(out, "\n%s%-*s %5s  %7s  %13s  %6s  %s%s\n", paint(page, BOLD), NAME_WIDTH, "service", "alive", "shards",
            "log head", "parked", "behind, in entries", paint(page, PLAIN));
    for (size_t i = 0; i < status->service_count; i++) {
        const struct status_service *service = &status->services[i];
        const bool sound = service->replicas > 0 && service->shards == SHARD_COUNT && service->parked == 0;
        fprintf(out, "%s%-*s %5d  %3" PRId64 "/%d  %13s  %6s  ", sound ? "" : paint(page, RED), NAME_WIDTH,
                service->name, service->replicas, service->shards, SHARD_COUNT, number(service->head, head),
                number(service->parked, parked));
        print_behind(out, service);
        fprintf(out, "%s\n", sound ? "" : paint(page, PLAIN));
    }
}

static void print_members(FILE *out, const struct status_page *page) {
    const struct status *status = page->status;

    fprintf(out, "\n%s%-*s %5s  %7s  %-25s  %s%s\n", paint(page, BOLD), NAME_WIDTH, "member", "", "shards", "started",
            "endpoint", paint(page, PLAIN));
    for (size_t i = 0; i < status->member_count; i++) {
        const struct status_member *member = &status->members[i];
        char since[LOCAL_TEXT_MAX];
        fprintf(out, "%s%-*s %5d  %7" PRId64 "  %-25s  %s%s%s\n", member->alive ? "" : paint(page, RED), NAME_WIDTH,
                member->service, member->member, member->shards, instant(page, member->started_at, since),
                member->endpoint, member->alive ? "" : " (dead)", member->alive ? "" : paint(page, PLAIN));
    }
    if (status->members_left_out > 0)
        fprintf(out, "and %zu more\n", status->members_left_out);
}

/* ---- the lines below ---------------------------------------------------------------------------------------------------------- */

static void print_clocks(FILE *out, const struct status_page *page) {
    const struct status_clocks *clocks = &page->status->clocks;
    char armed[NUMBER_TEXT_MAX], due[NUMBER_TEXT_MAX], late[NUMBER_TEXT_MAX], next[LOCAL_TEXT_MAX];

    fprintf(out, "%s armed · %s due now", counted(clocks->armed, armed), counted(clocks->due, due));
    if (clocks->due.count > 0)
        fprintf(out, ", the oldest for %s", seconds(clocks->late_ms, late));
    if (clocks->next_at != 0)
        fprintf(out, " · next %s", instant(page, clocks->next_at, next));
}

static void print_streams(FILE *out, const struct status_page *page) {
    const struct status_streams *streams = &page->status->streams;
    char count[NUMBER_TEXT_MAX], today[NUMBER_TEXT_MAX], behind[NUMBER_TEXT_MAX], moved[LOCAL_TEXT_MAX];

    fprintf(out, "%s · %s entries today", number(streams->streams, count), number(streams->entries_today, today));
    if (streams->groups > 0)
        fprintf(out, " · %s group%s", number(streams->groups, count), streams->groups == 1 ? "" : "s");
    if (streams->slowest[0] != '\0')
        fprintf(out, ", the slowest is %s: %s behind since %s", streams->slowest, number(streams->behind, behind),
                instant(page, streams->moved_at, moved));
}

static void print_endpoints(FILE *out, const struct status_page *page) {
    const struct status_endpoints *endpoints = &page->status->endpoints;
    char count[NUMBER_TEXT_MAX], disabled[NUMBER_TEXT_MAX], waiting[NUMBER_TEXT_MAX], dead[NUMBER_TEXT_MAX];

    fprintf(out, "%s · %s disabled · %s waiting · %s given up", number(endpoints->endpoints, count),
            number(endpoints->disabled, disabled), counted(endpoints->waiting, waiting),
            counted(endpoints->dead, dead));
    if (endpoints->worst[0] != '\0')
        fprintf(out, " · furthest behind is %s, by %s", endpoints->worst, number(endpoints->behind, count));
}

static void print_cases(FILE *out, const struct status_page *page) {
    const struct status_cases *cases = &page->status->cases;
    char text[NUMBER_TEXT_MAX];
    struct counted open = {0};

    for (int i = 0; i < STATUS_TIERS; i++) {
        open.count += cases->open[i].count;
        if (cases->open[i].how > open.how)
            open.how = cases->open[i].how;
    }
    fprintf(out, "%s reports today", counted(cases->reports_today, text));
    fprintf(out, " · %s open", counted(open, text));
    for (int i = 0; i < STATUS_TIERS; i++)
        fprintf(out, "%s tier %d %s", i == 0 ? ":" : ",", i + 1, number(cases->open[i].count, text));
    fprintf(out, " · %s overdue", counted(cases->overdue, text));
}

static void print_disk(FILE *out, const struct status_page *page) {
    const struct status_disk *disk = &page->status->disk;
    char text[NUMBER_TEXT_MAX], total[NUMBER_TEXT_MAX];

    fprintf(out, "%s:", bytes(disk->bytes, text));
    for (size_t i = 0; i < disk->schema_count; i++)
        fprintf(out, "%s %s %s", i > 0 ? "," : "", disk->schemas[i].name, bytes(disk->schemas[i].bytes, text));
    fprintf(out, " · %s day partitions", number(disk->partitions, text));
    if (disk->total_bytes > 0)
        fprintf(out, " · %s free of %s", bytes(disk->free_bytes, text), bytes(disk->total_bytes, total));
}

static void print_keys(FILE *out, const struct status_page *page) {
    const struct status *status = page->status;
    char ends[LOCAL_TEXT_MAX];

    if (status->key_count == 0)
        fputs("none ends within 14 days", out);
    for (size_t i = 0; i < status->key_count; i++)
        fprintf(out, "%s%s (%s) ends %s", i > 0 ? " · " : "", status->keys[i].name, status->keys[i].what,
                instant(page, status->keys[i].ends_at, ends));
}

static const struct {
    const char *name;
    void (*print)(FILE *out, const struct status_page *page);
} lines[] = {
    {"clocks", print_clocks}, {"streams", print_streams}, {"endpoints", print_endpoints},
    {"cases", print_cases},   {"disk", print_disk},       {"keys", print_keys},
};

/* ---- the screen ----------------------------------------------------------------------------------------------------------------- */

static void print_title(FILE *out, const struct status_page *page) {
    const struct status_city *city = &page->status->city;
    char now[LOCAL_TEXT_MAX];

    fprintf(out, "%szhitong %s · %s, version %" PRId64 " · %s, ", paint(page, BOLD), ZHITONG_VERSION,
            city->code[0] != '\0' ? city->name : "no city", city->version, instant(page, city->now, now));
    if (city->driven)
        fprintf(out, "driven time, %g times as fast%s\n", city->speed, paint(page, PLAIN));
    else
        fprintf(out, "real time%s\n", paint(page, PLAIN));
}

static void print_advices(FILE *out, const struct status_page *page, bool urgent) {
    for (size_t i = 0; i < page->advices->count; i++) {
        const struct advice *advice = &page->advices->at[i];
        if (advice->urgent != urgent)
            continue;
        fprintf(out, "%s%s %s%s\n", paint(page, urgent ? RED : YELLOW), urgent ? "!" : "-", advice->what,
                paint(page, PLAIN));
        if (advice->help[0] != '\0')
            fprintf(out, "      %s\n", advice->help);
    }
}

void status_print(FILE *out, const struct status_page *page) {
    print_title(out, page);
    print_services(out, page);
    print_members(out, page);
    fputc('\n', out);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        fprintf(out, "%-*s ", NAME_WIDTH, lines[i].name);
        lines[i].print(out, page);
        fputc('\n', out);
    }
    fputc('\n', out);
    print_advices(out, page, true);
    if (!advices_urgent(page->advices))
        fprintf(out, "%snothing needs a person%s\n", paint(page, GREEN), paint(page, PLAIN));
    print_advices(out, page, false);
}
