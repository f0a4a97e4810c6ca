#include "common/city_rules.h"

#include "tests/unit/small_city.h"

/* The file with `old` replaced by `new`, or with `new` behind it when old is NULL. A file that the small city lacks is made. */
static void change_file(const char *file, const char *old, const char *new) {
    char text[4096];
    size_t i = 0;

    while (i < LENGTH(small_city) && strcmp(small_city[i].file, file) != 0)
        i++;
    const char *whole = i < LENGTH(small_city) ? small_city[i].text : "",
               *at = old == NULL ? whole + strlen(whole) : strstr(whole, old);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, new, at + (old == NULL ? 0 : strlen(old)));
    write_file(file, text);
}

struct fault {
    const char *file, *old, *new;
    const char *complaint; /* the beginning of the first one */
};

static void check_fault(const struct fault *fault) {
    struct city_draft *draft;
    struct city *city = NULL;
    char printed[512] = "";
    void *state = NULL;

    assert_int_equal(make_folder(&state), 0);
    change_file(fault->file, fault->old, fault->new);
    int status = city_folder_open(&city, &draft, folder);
    if (status == 0)
        fail_msg("nothing wrong found: %s", fault->complaint);
    assert_null(city);
    FILE *out = fmemopen(printed, sizeof printed - 1, "w");
    city_folder_print(out, &draft->complaints[0]);
    fclose(out);
    if (strncmp(printed, fault->complaint, strlen(fault->complaint)) != 0)
        fail_msg("not \"%s\" but \"%s\"", fault->complaint, printed);
    city_draft_close(&draft);
    assert_int_equal(remove_folder(&state), 0);
}

static void every_fault_is_named_with_file_line_and_column(void **state) {
    static const struct fault faults[] = {
        {"items.csv", "yellow,1,centre", "yellow,x,centre", "items.csv:2:7: tier: must be 1 to 4, not \"x\""},
        {"items.csv", "service,yellow,1,centre", "service,pink,1,centre", "items.csv:2:6: severity: must be blue"},
        {"items.csv", "yellow,1,centre,,", "yellow,1,center,,", "items.csv:2:8: unit_kind: no unit is of the kind"},
        {"items.csv", "1,water,,,", "1,water,,0,working_days", "items.csv:4:10: limit: must be at least 1"},
        {"items.csv", "1,water,,,", "1,water,,5,", "items.csv:4:11: limit_unit: limit and limit_unit stand together"},
        {"items.csv", "blue,2,,queue-a", "blue,3,,queue-a", "items.csv:5:7: tier: must be 2, the tier of the unit"},
        {"items.csv", "blue,2,,queue-a", "blue,2,,queue-z",
         "items.csv:5:9: unit: there is no \"queue-z\" in units.csv"},
        {"items.csv", "Leak,,,", "Leak,,drain,", "items.csv:3:4: parent: lies below itself"},
        {"items.csv", "drain,Drain", "leak,Drain", "items.csv:4:1: code: \"leak\" stands on line 3 already"},
        {"items.csv", "noise,Noise", "no ise,Noise", "items.csv:2:1: code: must be at most 48 letters"},
        {"items.csv", "noise,Noise", "noise,", "items.csv:2:2: name_en: must not be empty"},
        {"items.csv", "noise,Noise,,", "noise,Noise,", "items.csv:2:10: 10 fields, but the header has 11"},
        {"items.csv", "Noise", "\"Noise", "items.csv:2:2: name_en: the closing quote is missing"},
        {"items.csv", "severity", "urgency", "items.csv:1:1: severity: the header lacks this column"},
        {"items.csv", "unit_kind", "unitkind", "items.csv:1:8: unitkind: is no column of items.csv"},
        {"areas.csv", "c,County,,s", "c,County,,", "areas.csv:3:4: parent: must not be empty: the city is on line 2"},
        {"areas.csv", "s,Small,,,4", "s,Small,,,3", "areas.csv:2:5: tier: must be 4"},
        {"areas.csv", "t,Township,,c,2", "t,Township,,v,2", "areas.csv:4:4: parent: must be of a higher tier than 2"},
        {"areas.csv", "v,Village,,t,1", "v,Village,,g,1", "areas.csv:5:4: parent: lies below itself"},
        {"areas.csv", "33.58", "93.58", "areas.csv:2:8: lat: must be degrees, -90 to 90, not \"93.58\""},
        {"areas.csv", "w,Other", "v,Other", "areas.csv:6:1: code: \"v\" stands on line 5 already"},
        {"units.csv", "3,c,s-water", "3,c,t-centre", "units.csv:6:7: above: must be of a higher tier than 3"},
        {"units.csv", "centre,1,v", "centre,2,v", "units.csv:5:5: tier: must be 1, the tier of v, not 2"},
        {"units.csv", "water,3,c", "water,4,c", "units.csv:6:5: tier: must be at most 3"},
        {"units.csv", NULL, "c-two,Two,,centre,3,c,\n", "units.csv:10:4: kind: c has a unit of kind centre on line 3"},
        {"units.csv", "s-centre,City centre,,centre,4", "s-centre,City centre,,tower,4",
         "items.csv:2:7: tier: in area"},
        {"ladder.csv", "4,orange,resolve", "4,red,resolve",
         "ladder.csv:1:1: tier: add a row for tier 4, orange, resolve"},
        /* raised by a channel */
        {"ladder.csv", "1,orange,resolve", "1,red,resolve",
         "ladder.csv:1:1: tier: add a row for tier 1, orange, resolve"},
        {"ladder.csv", "2,blue", "2,yellow", "ladder.csv:10:1: tier: tier 2, yellow, resolve stands on line 3 already"},
        {"ladder.csv", "1,continuous_hours\n", "1,\n", "ladder.csv:8:7: grace_unit: grace and grace_unit stand"},
        {"ladder.csv", "15,working_days", "15,weeks", "ladder.csv:5:5: limit_unit: must be continuous_minutes"},
        {"channels.csv", "orange", "amber", "channels.csv:3:6: severity: must be blue, yellow"},
        {"channels.csv", "public", "open", "channels.csv:2:7: privacy: must be public"},
        {"channels.csv", "yes,no,,public", "maybe,no,,public", "channels.csv:2:4: enabled: must be yes or no"},
        {"calendar.csv", "2025-10-11", "2025-02-29", "calendar.csv:3:1: date: must be a date that exists"},
        {"calendar.csv", "2025-10-11", "2025-10-01", "calendar.csv:3:1: date: 2025-10-01 stands on line 2 already"},
        {"calendar.csv", "work", "busy", "calendar.csv:3:2: kind: must be off"},
        {"hours.csv", "1,14:00,18:00", "1,11:00,18:00", "hours.csv:3:2: from: overlaps line 2"},
        {"hours.csv", "1,14:00,18:00", "1,18:00,14:00", "hours.csv:3:3: to: must be later than 18:00"},
        {"hours.csv", "14:00", "2pm", "hours.csv:3:2: from: must be HH:MM"},
        {"hours.csv", "2,09:00", "8,09:00", "hours.csv:4:1: weekday: must be 1 (Monday)"},
        {"city.csv", "Asia/Shanghai", "Asia/Luohe", "city.csv:5:2: value: there is no time zone \"Asia/Luohe\""},
        {"city.csv", "code,small\n", "", "city.csv:1:1: key: add a row with the key code"},
        {"city.csv", "attribution", "colour", "city.csv:6:1: key: must be code"},
        {"city.csv", "name_zh", "name_en", "city.csv:4:1: key: \"name_en\" stands there twice"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(faults); i++)
        check_fault(&faults[i]);
}

static void faults_of_the_ladder_and_of_what_may_be_missing_are_named(void **state) {
    static const struct fault faults[] = {
        {"ladder.csv", "resolve", "close", "ladder.csv:2:3: clock: must be accept, sign, contact, progress"},
        {"ladder.csv", NULL, "1,yellow,sign,30,working_minutes,,\n",
         "ladder.csv:14:1: tier: tier 1, yellow, sign stands on line 13"},
        {"rules.csv", NULL, "key,value,unit\nno_such,1,\n", "rules.csv:2:1: key: there is no rule \"no_such\""},
        {"rules.csv", NULL, "key,value,unit\nredo_percent,101,\n",
         "rules.csv:2:2: value: redo_percent must be 1 to 100, not 101"},
        {"rules.csv", NULL, "key,value,unit\nredo_percent,50,working_days\n",
         "rules.csv:2:3: unit: must be empty: redo_percent is a number"},
        {"rules.csv", NULL, "key,value\nanswer_within,3\n", "rules.csv:2:3: unit: must not be empty: answer_within"},
        {"rules.csv", NULL, "key,value,unit\nanswer_within,3,weeks\n",
         "rules.csv:2:3: unit: must be continuous_minutes"},
        {"rules.csv", NULL, "key,value,unit\nanswer_within,0,working_days\n",
         "rules.csv:2:2: value: answer_within must be 1 to 100000, not 0"},
        {"rules.csv", NULL, "key,value,unit\nredo_percent,50,\nredo_percent,60,\n",
         "rules.csv:3:1: key: redo_percent stands on line 2 already"},
        {"rules.csv", NULL, "key,value,unit\nwarn_first_percent,80,\n",
         "rules.csv:2:2: value: warn_second_percent, 80, must be more than warn_first_percent, 80"},
        {"reasons.csv", NULL, "move,code,name_en\nsign,late,Late\n",
         "reasons.csv:2:1: move: must be return, decline, suspend or ask_extension, not \"sign\""},
        {"reasons.csv", NULL, "move,code,name_en\nreturn,a,A\ndecline,a,A\nreturn,a,B\n",
         "reasons.csv:4:2: code: return a stands on line 2 already"},
        {"slots.csv", NULL, "code,title_en\nreceipts,Every report has a number\n",
         "slots.csv:2:1: code: there is no rule slot \"receipts\": see the eight in docs/measures.md"},
        {"slots.csv", NULL, "code,title_en\nredo,Redone\nredo,Again\n",
         "slots.csv:3:1: code: redo stands on line 2 already"},
        {"templates.csv", NULL, "code,name_en,party\njoint,Joint,fire\n",
         "templates.csv:2:3: party: \"fire\" is neither a kind nor a code in units.csv"},
        {"templates.csv", NULL, "code,name_en,party\njoint,Joint,water\njoint,Joint,water\n",
         "templates.csv:3:3: party: joint calls water on line 2 already"},
        {"templates.csv", NULL, "code,name_en,party\njoint,Joint,queue\n",
         "units.csv:9:4: kind: s has a unit of kind queue on line 8 already"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(faults); i++)
        check_fault(&faults[i]);
}

static void all_faults_are_found_at_once_and_sorted(void **state) {
    struct city_draft *draft;
    struct city *city = NULL;

    (void)state;
    change_file("items.csv", "yellow,1,centre", "pink,9,centre");
    change_file("hours.csv", "5,09:00", "5,9:00");
    change_file("channels.csv", "24,yes", "never,perhaps");
    assert_int_equal(city_folder_open(&city, &draft, folder), -1);
    assert_int_equal(draft->complaint_count, 5);
    assert_int_equal(draft->complaints[0].table, CITY_channels);
    assert_int_equal(draft->complaints[0].column, 8);
    assert_int_equal(draft->complaints[1].column, 9);
    assert_int_equal(draft->complaints[2].table, CITY_items);
    assert_int_equal(draft->complaints[2].column, 6);
    assert_int_equal(draft->complaints[4].table, CITY_hours);
    city_draft_close(&draft);
}

static void a_missing_file_is_one_complaint(void **state) {
    struct city_draft *draft;
    struct city *city = NULL;
    char path[128];

    (void)state;
    path_of(path, sizeof path, "ladder.csv");
    unlink(path);
    assert_int_equal(city_folder_open(&city, &draft, folder), -1);
    assert_int_equal(draft->complaint_count, 1);
    assert_non_null(strstr(draft->complaints[0].why.text, "No such file"));
    city_draft_close(&draft);
    write_file("ladder.csv", "");
}

static void more_complaints_than_are_kept_are_counted(void **state) {
    struct city_draft *draft;
    struct city *city = NULL;
    char *text = NULL;
    size_t size = 0;

    (void)state;
    FILE *memory = open_memstream(&text, &size);
    fputs("date,kind,name\n", memory);
    for (int i = 0; i < 1000; i++)
        fputs("soon,off,\n", memory);
    fclose(memory);
    write_file("calendar.csv", text);
    free(text);
    assert_int_equal(city_folder_open(&city, &draft, folder), -1);
    assert_int_equal(draft->complaint_count, 1000);
    city_draft_close(&draft);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_named_with_file_line_and_column),
        cmocka_unit_test(faults_of_the_ladder_and_of_what_may_be_missing_are_named),
        cmocka_unit_test_setup_teardown(all_faults_are_found_at_once_and_sorted, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_missing_file_is_one_complaint, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(more_complaints_than_are_kept_are_counted, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
