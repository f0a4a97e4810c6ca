#include "common/city_sources.h"

#include "tests/unit/small_city.h"

static const char sources[] = "code,channel,name_en,name_zh,adapter,item,area,datum,per_minute\n"
                              "police,hotline,Police,,webhook,,s,gcj02,60\n"
                              "sheet,hotline,Sheet,,file,noise,,,\n";
static const char fields[] = "source,field,at,needed,fallback,format\n"
                             "police,source_id,/id,yes,,\n"
                             "police,item,/type,yes,,\n"
                             "police,title,/a~1b/0,,untitled,\n"
                             "police,occurred_at,/at,,,unix\n"
                             "police,attribute.colour,/c,,,\n"
                             "sheet,area,Where,,s,\n";
static const char values[] = "source,field,theirs,ours\n"
                             "police,item,NOISE,noise\n"
                             "police,item,*,drain\n"
                             "police,item,LEAK,leak\n";

static void write_sources(const char *one, const char *two, const char *three) {
    write_file("sources.csv", one);
    write_file("source_fields.csv", two);
    write_file("source_values.csv", three);
}

static int remove_sources(void **state) {
    static const char *const files[] = {"sources.csv", "source_fields.csv", "source_values.csv"};
    char path[128];
    for (size_t i = 0; i < LENGTH(files); i++) {
        path_of(path, sizeof path, files[i]);
        unlink(path);
    }
    return remove_folder(state);
}

static void a_source_has_its_map_and_its_words(void **state) {
    struct city_draft *draft;
    struct city *city = NULL;
    size_t count;
    (void)state;
    write_sources(sources, fields, values);
    assert_int_equal(city_folder_open(&city, &draft, folder), 0);
    assert_null(city_source(city, "nobody"));
    assert_int_equal(city_sources(city, &count)->adapter, ADAPTER_WEBHOOK);
    assert_int_equal(count, 2);
    const struct source *police = city_source(city, "police");
    assert_string_equal(police->channel, "hotline");
    assert_string_equal(police->area, "s");
    assert_string_equal(police->datum, "gcj02");
    assert_int_equal(police->per_minute, 60);
    assert_int_equal(police->field_count, 5);
    assert_int_equal(source_field(police, "occurred_at")->format, INSTANT_UNIX);
    assert_null(source_field(police, "attribute.colour")->spec);
    assert_true(source_field(police, "item")->needed);
    assert_string_equal(source_field(police, "title")->fallback, "untitled");
    const struct source_field *item = source_field(police, "item");
    assert_string_equal(source_value(item, "NOISE"), "noise");
    assert_string_equal(source_value(item, "LEAK"), "leak");
    assert_string_equal(source_value(item, "leak"), "drain"); /* whatever else */
    assert_string_equal(source_value(source_field(police, "title"), "x"), "x");
    city_close(&city);
    city_draft_close(&draft);
}

static void every_fault_is_named_with_its_place(void **state) {
    static const struct {
        int file; /* 0 sources, 1 fields, 2 values */
        const char *row, *complaint;
    } cases[] = {
        {0, "police,hotline,Again,,http,,,,\n", "sources.csv:4:1: code: \"police\" stands on line 2 already"},
        {0, "x,moon,X,,http,,,,\n", "sources.csv:4:2: channel: there is no \"moon\" in channels.csv"},
        {0, "x,hotline,X,,carrier_pigeon,,,,\n", "sources.csv:4:5: adapter: must be"},
        {0, "x,hotline,X,,http,moon,,,\n", "sources.csv:4:6: item: there is no \"moon\" in items.csv"},
        {0, "x,hotline,X,,file,noise,,,\n", "sources.csv:4:7: area: must not be empty, unless"},
        {0, "x,hotline,X,,cap,,s,,\n", "sources.csv:4:6: item: must not be empty, unless"},
        {0, "x,hotline,X,,webhook,noise,s,,\n", "sources.csv:4:5: adapter: a webhook needs rows"},
        {0, "x,hotline,X,,http,,,mars,\n", "sources.csv:4:8: datum: must be"},
        {0, "http,hotline,X,,http,,s,,\n", "sources.csv:4:1: code: \"http\" stands for callers without a key"},
        {1, "nobody,title,/t,,,\n", "source_fields.csv:8:1: source: there is no \"nobody\" in sources.csv"},
        {1, "police,colour,/t,,,\n", "source_fields.csv:8:2: field: \"colour\" is no field"},
        {1, "police,key,/t,,,\n", "source_fields.csv:8:2: field: \"key\" is no field"},
        {1, "police,channel,/t,,,\n", "source_fields.csv:8:2: field: \"channel\" is no field"},
        {1, "police,attribute.,/t,,,\n", "source_fields.csv:8:2: field: \"attribute.\" is no field"},
        {1, "sheet,reports,/t,,,\n", "source_fields.csv:8:2: field: \"reports\" is no field"},
        {1, "police,title,/t,,,\n", "source_fields.csv:8:2: field: title of police stands on line 4 already"},
        {1, "police,address,t,,,\n", "source_fields.csv:8:3: at: must be a JSON pointer"},
        {1, "police,address,/a~2,,,\n", "source_fields.csv:8:3: at: must be a JSON pointer"},
        {1, "police,address,,,,\n", "source_fields.csv:8:3: at: must not be empty, unless there is a fallback"},
        {1, "police,address,/a,maybe,,\n", "source_fields.csv:8:4: needed: must be"},
        {1, "police,area,/a,,moon,\n", "source_fields.csv:8:5: fallback: there is no \"moon\" in areas.csv"},
        {1, "police,address,/a,,,unix\n", "source_fields.csv:8:6: format: is for an instant"},
        {1, "police,lat,/a,,,roman\n", "source_fields.csv:8:6: format: must be iso8601"},
        {2, "police,area,x,s\n", "source_values.csv:5:2: field: police has no row for area"},
        {2, "police,item,NOISE,leak\n", "source_values.csv:5:3: theirs: \"NOISE\" of item stands on line 2 already"},
        {2, "police,item,MOON,moon\n", "source_values.csv:5:4: ours: there is no \"moon\" in items.csv"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char texts[3][1024], printed[512] = "";
        struct city_draft *draft;
        struct city *city = NULL;
        const char *whole[] = {sources, fields, values};
        for (int file = 0; file < 3; file++)
            snprintf(texts[file], sizeof texts[file], "%s%s", whole[file], cases[i].file == file ? cases[i].row : "");
        write_sources(texts[0], texts[1], texts[2]);
        if (city_folder_open(&city, &draft, folder) == 0)
            fail_msg("nothing wrong found: %s", cases[i].complaint);
        FILE *out = fmemopen(printed, sizeof printed - 1, "w");
        city_folder_print(out, &draft->complaints[0]);
        fclose(out);
        if (strncmp(printed, cases[i].complaint, strlen(cases[i].complaint)) != 0)
            fail_msg("not \"%s\" but \"%s\"", cases[i].complaint, printed);
        city_draft_close(&draft);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_source_has_its_map_and_its_words, make_folder, remove_sources),
        cmocka_unit_test_setup_teardown(every_fault_is_named_with_its_place, make_folder, remove_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
