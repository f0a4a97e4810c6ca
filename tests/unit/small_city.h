/* A small city's folder to read and to break, made anew for each test. */
#ifndef ZHITONG_TESTS_SMALL_CITY_H
#define ZHITONG_TESTS_SMALL_CITY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/city_folder.h"
#include "common/zone.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* A small city with everything in it: one county, one township, two villages of which one has no centre, a grid. */
static const struct {
    const char *file, *text;
} small_city[] = {
    {"city.csv", "key,value\ncode,small\nname_en,Small\nname_zh,小城\ntimezone,Asia/Shanghai\nattribution,\n"},
    {"channels.csv", "code,name_en,name_zh,enabled,auto_accept,severity,privacy,duplicate_hours,callback\n"
                     "hotline,Hotline,热线,yes,no,,public,24,yes\n"
                     "sensor,Sensors,险情,yes,yes,orange,internal,,no\n"},
    {"areas.csv", "code,name_en,name_zh,parent,tier,stat_code,code_year,lat,long\n"
                  "s,Small,,,4,411100,2023,33.58,114.01\n"
                  "c,County,,s,3,,,,\n"
                  "t,Township,,c,2,,,,\n"
                  "v,Village,,t,1,,,,\n"
                  "w,Other village,,t,1,,,,\n"
                  "g,Grid,,v,1,,,,\n"},
    {"units.csv", "code,name_en,name_zh,kind,tier,area,above\n"
                  "s-centre,City centre,,centre,4,s,\n"
                  "c-centre,County centre,,centre,3,c,\n"
                  "t-centre,Township centre,,centre,2,t,\n"
                  "v-desk,Village desk,,centre,1,v,\n"
                  "c-water,County water office,,water,3,c,s-water\n"
                  "s-water,City water office,,water,4,s,\n"
                  "queue-a,Queue A,,queue,2,s,c-water\n"
                  "queue-b,Queue B,,queue,2,s,\n"},
    {"items.csv", "code,name_en,name_zh,parent,matter,severity,tier,unit_kind,unit,limit,limit_unit\n"
                  "noise,Noise,,,service,yellow,1,centre,,,\n"
                  "leak,Leak,,,service,orange,3,water,,2,continuous_hours\n"
                  "drain,Drain,,leak,service,yellow,1,water,,,\n"
                  "sign,Sign,,,service,blue,2,,queue-a,3,working_days\n"},
    {"ladder.csv", "tier,severity,clock,limit,limit_unit,grace,grace_unit\n"
                   "1,yellow,resolve,1,working_days,30,working_minutes\n2,yellow,resolve,3,working_days,,\n"
                   "3,yellow,resolve,5,working_days,,\n4,yellow,resolve,15,working_days,,\n"
                   "1,orange,resolve,24,continuous_hours,,\n2,orange,resolve,24,continuous_hours,,\n"
                   "3,orange,resolve,24,continuous_hours,1,continuous_hours\n4,orange,resolve,24,continuous_hours,,\n"
                   "2,blue,resolve,1,working_days,,\n3,blue,resolve,1,working_days,,\n"
                   "4,blue,resolve,1,working_days,,\n1,yellow,sign,30,working_minutes,,\n"},
    {"calendar.csv", "date,kind,name\n2025-10-01,off,National Day\n2025-10-11,work,\n"},
    {"hours.csv", "weekday,from,to\n1,09:00,12:00\n1,14:00,18:00\n2,09:00,18:00\n3,09:00,18:00\n4,09:00,18:00\n"
                  "5,09:00,18:00\n"},
};

/* What a folder may have besides; written by the tests that need it. */
static const char *const more_files[] = {"rules.csv",     "reasons.csv",       "templates.csv",     "slots.csv",
                                         "sources.csv",   "source_fields.csv", "source_values.csv", "questions.csv",
                                         "choices.csv",   "door.csv",          "item_texts.csv",    "notices.csv",
                                         "fences.geojson"};

static char folder[64];

static inline void path_of(char *path, size_t room, const char *file) {
    snprintf(path, room, "%s/%s", folder, file);
}

static inline void write_file(const char *file, const char *text) {
    char path[128];

    path_of(path, sizeof path, file);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static inline int make_folder(void **state) {
    (void)state;
    strcpy(folder, "/tmp/zhitong_city_XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    for (size_t i = 0; i < LENGTH(small_city); i++)
        write_file(small_city[i].file, small_city[i].text);
    return 0;
}

static inline int remove_folder(void **state) {
    char path[128];

    (void)state;
    for (size_t i = 0; i < LENGTH(small_city); i++) {
        path_of(path, sizeof path, small_city[i].file);
        unlink(path);
    }
    for (size_t i = 0; i < LENGTH(more_files); i++) {
        path_of(path, sizeof path, more_files[i]);
        unlink(path);
    }
    return rmdir(folder);
}

#endif
