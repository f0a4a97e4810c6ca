/* What the door costs, and what it makes of a city's records.
 *
 *     zt-bench-door FOLDER      a city's folder with records.csv
 *
 * Prints `name value` lines: how many of the records a machine could hand in and a person too, how many areas were found and kept,
 * nanoseconds a look without a place, with one, and with answers, and a point in area. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/city_folder.h"
#include "common/city_place.h"
#include "common/csv.h"
#include "services/intake/door.h"
#include "services/intake/report.h"

#define RECORDS_MAX 5000
#define ROUNDS 200000
#define NOW INT64_C(1800000000000)

static struct submit records[RECORDS_MAX];
static size_t record_count;

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void put(char *to, size_t room, const struct csv *csv, const char *name) {
    snprintf(to, room, "%s", csv_field(csv, csv_column(csv, name)));
}

static double degrees(const struct csv *csv, const char *name) {
    const char *text = csv_field(csv, csv_column(csv, name));
    return *text == '\0' ? NAN : strtod(text, NULL);
}

#define PUT(field) put(record->field, sizeof record->field, csv, #field)

static int read_records(const char *folder) {
    char path[1024];
    struct reason why;
    struct csv *csv;
    snprintf(path, sizeof path, "%s/records.csv", folder);
    FILE *file = fopen(path, "r");
    if (file == NULL || csv_open(&csv, file, "records.csv", &why) != 0)
        return -1;
    while (record_count < RECORDS_MAX && csv_next(csv, &why) == 1) {
        struct submit *record = &records[record_count++];
        PUT(channel);
        PUT(item);
        PUT(area);
        PUT(address);
        PUT(title);
        PUT(description);
        record->lat = degrees(csv, "lat");
        record->lon = degrees(csv, "long");
    }
    csv_close(&csv);
    fclose(file);
    return 0;
}

static void print_outcomes(const struct city *city) {
    size_t machine = 0, person = 0, contradicted = 0, found = 0, same = 0;
    double scores = 0;
    for (size_t i = 0; i < record_count; i++) {
        struct door_ask ask = {.city = city, .now = NOW};
        struct submit submit = records[i];
        struct door_found answer;
        struct reason why;
        if (report_check(city, &submit, &why) == 0 && door_look(&ask, &submit, &answer, &why) == 0) {
            machine++;
            scores += (double)answer.score;
            contradicted += strstr(answer.missing, "area") != NULL;
        } else {
            fprintf(stderr, "%zu: %s: %s\n", i + 1, why.field, why.text);
        }
        ask.asks = ask.lists = true;
        submit = records[i];
        person += door_look(&ask, &submit, &answer, &why) == 0;
        submit = records[i];
        strcpy(submit.area, city_top(city)->code);
        if (door_look(&ask, &submit, &answer, &why) == 0) {
            found += strcmp(submit.area, city_top(city)->code) != 0;
            same += strcmp(submit.area, records[i].area) == 0;
        }
    }
    printf("records %zu\ntaken_of_a_machine %zu\ntaken_of_a_person %zu\ncontradicted %zu\n", record_count, machine,
           person, contradicted);
    printf("area_found %zu\narea_found_right %zu\nscore_mean %.1f\n", found, same, scores / (double)record_count);
}

enum what { PLAIN, PLACE, FIND, ANSWERS };

static double look_ns(const struct city *city, enum what what) {
    const struct door_ask ask = {.city = city, .now = NOW};
    uint64_t sum = 0;
    double began = now_ns();
    for (size_t i = 0; i < ROUNDS; i++) {
        struct submit *submit = &records[i % record_count];
        double lat = submit->lat, lon = submit->lon;
        char area[CODE_MAX + 1];
        struct door_found found;
        struct reason why;
        memcpy(area, submit->area, sizeof area);
        if (what != PLACE && what != FIND)
            submit->lat = submit->lon = NAN;
        if (what == FIND)
            strcpy(submit->area, city_top(city)->code);
        strcpy(submit->attributes, what == ANSWERS ? "{\"pole\":\"17\",\"trouble\":\"out\"}" : "");
        sum += door_look(&ask, submit, &found, &why) == 0 ? found.score : 0;
        submit->lat = lat;
        submit->lon = lon;
        memcpy(submit->area, area, sizeof area);
    }
    double ended = now_ns();
    return sum == 0 ? NAN : (ended - began) / ROUNDS;
}

static double point_ns(const struct city *city) {
    size_t held = 0;
    double began = now_ns();
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct submit *submit = &records[i * 7 % record_count];
        double off = (double)(i % 1000) / 10000;
        held += city_fence_at(city, (isnan(submit->lat) ? 33.6 : submit->lat) + off,
                              isnan(submit->lon) ? 114 : submit->lon) != NULL;
    }
    double ended = now_ns();
    return held > ROUNDS ? NAN : (ended - began) / ROUNDS;
}

int main(int argc, char **argv) {
    struct city_draft *draft;
    struct city *city = NULL;
    if (argc != 2 || city_folder_open(&city, &draft, argv[1]) != 0 || read_records(argv[1]) != 0 || record_count == 0) {
        fprintf(stderr, "zt-bench-door FOLDER: a city's folder with records.csv\n");
        return 2;
    }
    city_draft_close(&draft);
    print_outcomes(city);
    printf(
        "ns_a_look %.0f\nns_a_look_with_a_place %.0f\nns_a_look_that_finds_the_area %.0f\nns_a_look_with_answers %.0f\n",
        look_ns(city, PLAIN), look_ns(city, PLACE), look_ns(city, FIND), look_ns(city, ANSWERS));
    printf("ns_a_point_in_area %.0f\n", point_ns(city));
    city_close(&city);
    return 0;
}
