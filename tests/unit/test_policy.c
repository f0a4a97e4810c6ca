#include "common/policy.h"

#include "common/city_private.h"

#include "tests/unit/small_city.h"

static struct city *open_small_city(void) {
    struct city_draft *draft;
    struct city *city = NULL;

    if (city_folder_open(&city, &draft, folder) != 0)
        fail_msg("%s:%zu: %s", city_table_spec(draft->complaints[0].table)->file, draft->complaints[0].line,
                 draft->complaints[0].why.text);
    city_draft_close(&draft);
    return city;
}

static struct rung rung_of(const struct city *city, const struct rung_asked *asked) {
    struct rung rung = {0};
    struct reason why;

    if (policy_rung(city_policy_at(city, 0), asked, &rung, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    return rung;
}

static void every_clock_has_its_name(void **state) {
    (void)state;
    for (size_t clock = 0; clock < LADDER_CLOCKS; clock++)
        assert_int_equal(ladder_clock_named(ladder_clock_name((enum ladder_clock)clock)), clock);
    assert_int_equal(ladder_clock_named("close"), LADDER_CLOCKS);
}

static void a_rung_is_the_ladders_but_resolve_the_items_at_its_own_tier(void **state) {
    static const struct {
        struct rung_asked asked;
        uint32_t amount;
        enum time_unit unit;
        bool of_item;
    } cases[] = {
        {{"leak", "orange", 3, LADDER_resolve}, 120, CONTINUOUS_MINUTES, true},
        {{"leak", "orange", 4, LADDER_resolve}, 1440, CONTINUOUS_MINUTES, false},
        {{"nothing", "orange", 3, LADDER_resolve}, 1440, CONTINUOUS_MINUTES, false},
        {{"noise", "yellow", 1, LADDER_sign}, 30, WORKING_MINUTES, false},
        {{"sign", "blue", 2, LADDER_sign}, 0, CONTINUOUS_MINUTES, false}, /* does not run */
        {{"noise", "yellow", 1, LADDER_arrive}, 0, CONTINUOUS_MINUTES, false},
    };
    struct city *city = open_small_city();

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct rung rung = rung_of(city, &cases[i].asked);
        assert_int_equal(rung.limit.amount, cases[i].amount);
        assert_int_equal(rung.limit.unit, cases[i].unit);
        assert_int_equal(rung.of_item, cases[i].of_item);
    }
    struct rung rung = rung_of(city, &(struct rung_asked){"leak", "orange", 3, LADDER_resolve});
    assert_int_equal(rung.grace.amount, 60); /* the row's, also with the item's limit */
    city_close(&city);
}

static void a_wrong_severity_or_tier_is_refused(void **state) {
    struct city *city = open_small_city();
    const struct policy *policy = city_policy_at(city, 0);
    struct rung_asked asked = {"leak", "pink", 3, LADDER_sign};
    struct rung rung;
    struct reason why;

    (void)state;
    assert_int_equal(policy_rung(policy, &asked, &rung, &why), -1);
    assert_string_equal(why.field, "severity");
    asked.severity = "red";
    asked.tier = 0;
    assert_int_equal(policy_rung(policy, &asked, &rung, &why), -1);
    assert_string_equal(why.field, "tier");
    asked.tier = 5;
    assert_int_equal(policy_rung(policy, &asked, &rung, &why), -1);
    city_close(&city);
}

static void a_case_moves_up_unless_the_row_says_no(void **state) {
    (void)state;
    write_file("ladder.csv", "moves_up,tier,severity,clock,limit,limit_unit\n"
                             "no,1,yellow,contact,2,working_hours\nyes,1,yellow,sign,1,working_hours\n"
                             ",1,yellow,resolve,1,working_days\n,2,yellow,resolve,1,working_days\n"
                             ",3,yellow,resolve,1,working_days\n,4,yellow,resolve,1,working_days\n"
                             ",1,orange,resolve,1,working_days\n,2,orange,resolve,1,working_days\n"
                             ",3,orange,resolve,1,working_days\n,4,orange,resolve,1,working_days\n"
                             ",2,blue,resolve,1,working_days\n,3,blue,resolve,1,working_days\n"
                             ",4,blue,resolve,3,working_days\n,4,red,review,7,calendar_days\n");
    struct city *city = open_small_city(); /* columns in another order, grace left out */
    struct rung_asked asked = {"noise", "yellow", 1, LADDER_contact};
    assert_false(rung_of(city, &asked).moves_up);
    asked.clock = LADDER_sign;
    assert_true(rung_of(city, &asked).moves_up);
    asked.clock = LADDER_resolve;
    assert_true(rung_of(city, &asked).moves_up);
    assert_int_equal(rung_of(city, &asked).grace.amount, 0);

    asked = (struct rung_asked){"noise", "yellow", 4, LADDER_review}; /* no row: the pace of blue */
    assert_int_equal(rung_of(city, &asked).limit.amount, 3);
    asked.severity = "red";
    assert_int_equal(rung_of(city, &asked).limit.amount, 7);
    city_close(&city);
}

static void rules_that_a_city_leaves_out_have_their_default(void **state) {
    struct city *city = open_small_city(); /* it has no rules.csv */
    const struct policy_rules *rules = policy_rules(city_policy_at(city, 0));

    (void)state;
#define RULE_LIMIT(name, amount_is, unit_is, meaning) \
    assert_int_equal(rules->name.amount, amount_is); \
    assert_int_equal(rules->name.unit, unit_is);
#define RULE_NUMBER(name, value, least, most, meaning) assert_int_equal(rules->name, value);
#include "common/policy_rules.def"
#undef RULE_LIMIT
#undef RULE_NUMBER
    city_close(&city);
    write_file("rules.csv", "key,value,unit\nmerge_metres,0,\nanswer_within,36,continuous_hours\n");
    city = open_small_city();
    rules = policy_rules(city_policy_at(city, 0));
    assert_int_equal(rules->merge_metres, 0);
    assert_int_equal(rules->answer_within.amount, 36 * 60);
    assert_int_equal(rules->answer_within.unit, CONTINUOUS_MINUTES);
    assert_int_equal(rules->callback_attempts, 3);
    city_close(&city);
}

static void a_listed_move_takes_its_reasons_only(void **state) {
    struct city *city = open_small_city();

    (void)state;
    assert_true(city_has_reason(city, "return", "whatever"));
    assert_false(city_has_reason(city, "return", ""));
    city_close(&city);
    write_file("reasons.csv", "move,code,name_en,name_zh\nreturn,not_ours,Not ours,不属本辖区\n");
    city = open_small_city();
    assert_true(city_has_reason(city, "return", "not_ours"));
    assert_false(city_has_reason(city, "return", "whatever"));
    assert_false(city_has_reason(city, "return", ""));
    char codes[12];
    assert_int_equal(city_list_reasons(city, "return", codes, sizeof codes), 1);
    assert_string_equal(codes, "not_ours");
    assert_int_equal(city_list_reasons(city, "return", codes, 8), 1); /* no half codes */
    assert_string_equal(codes, "");
    assert_true(city_has_reason(city, "decline", "whatever")); /* that move has no rows */
    assert_false(city_has_reason(city, "decline", ""));
    city_close(&city);
}

static void parties_are_the_nearest_of_their_kind(void **state) {
    static const struct {
        const char *code, *area, *parties; /* NULL: refused */
    } cases[] = {
        {"joint", "g", "c-water v-desk"}, /* the grid's county and village */
        {"joint", "t", "c-water t-centre"},
        {"joint", "s", "s-water s-centre"},
        {"fixed", "g", "queue-b s-water"},
        {"twice", "c", "c-water"}, /* one unit, named by kind and by code */
        {"patrol", "g", "v-patrol"},
        {"patrol", "w", NULL}, /* nowhere around it */
        {"nothing", "g", NULL},
    };

    (void)state;
    write_file("templates.csv", "code,name_en,party\njoint,Joint,water\njoint,Joint,centre\nfixed,Fixed,queue-b\n"
                                "fixed,Fixed,s-water\ntwice,Twice,water\ntwice,Twice,c-water\npatrol,Patrol,patrol\n");
    char units[4096];
    snprintf(units, sizeof units, "%sv-patrol,Patrol,,patrol,1,v,\n", small_city[3].text);
    write_file("units.csv", units);
    struct city *city = open_small_city();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char parties[241] = "as before";
        struct reason why;
        int status = city_template_parties(city, cases[i].code, city_area(city, cases[i].area), parties, &why);
        assert_int_equal(status, cases[i].parties == NULL ? -1 : 0);
        assert_string_equal(parties, cases[i].parties == NULL ? "as before" : cases[i].parties);
        if (status != 0)
            assert_string_equal(why.field, "parties");
    }
    city_close(&city);
}

static void a_case_keeps_its_version_and_a_new_one_gets_the_newest_that_holds(void **state) {
    /* by valid-from: what was loaded last need not hold last */
    static struct policy policies[] = {
        {.version = 3}, {.version = 5, .valid_from = 100}, {.version = 4, .valid_from = 200}};
    static const struct {
        int64_t now;
        uint64_t version;
    } at[] = {{0, 3}, {99, 3}, {100, 5}, {199, 5}, {200, 4}};
    static const uint64_t asked[][2] = {{3, 3}, {4, 4}, {5, 5}, {1, 3}, {0, 3}};
    struct city city = {.policies = policies, .policy_count = LENGTH(policies)}, turned = city;
    struct policy backwards[] = {{.version = 9}, {.version = 2}};
    (void)state;
    for (size_t i = 0; i < LENGTH(at); i++)
        assert_int_equal(policy_version(city_policy_at(&city, at[i].now)), at[i].version);
    for (size_t i = 0; i < LENGTH(asked); i++)
        assert_int_equal(policy_version(city_policy(&city, asked[i][0])), asked[i][1]);
    turned.policies = backwards;
    turned.policy_count = LENGTH(backwards);
    assert_int_equal(policy_version(city_policy(&turned, 0)), 2); /* the oldest, wherever it stands */
}

static void rows_of_a_newer_program_are_passed_over(void **state) {
    static const char *const rungs[][4] = {
        {"0", "yellow", "resolve"}, {"5", "yellow", "resolve"}, {"1", "pink", "resolve"}, {"1", "yellow", "someday"}};
    static const struct policy_item item = {.code = "noise", .tier = 1};
    static struct policy policy, before;
    const char *fields[CITY_COLUMNS_MAX];
    (void)state;
    policy_open(&policy, 2);
    before = policy;
    for (size_t i = 0; i < LENGTH(rungs); i++) {
        for (size_t column = 0; column < CITY_COLUMNS_MAX; column++)
            fields[column] = "";
        fields[COLUMN(ladder, tier)] = rungs[i][0];
        fields[COLUMN(ladder, severity)] = rungs[i][1];
        fields[COLUMN(ladder, clock)] = rungs[i][2];
        fields[COLUMN(ladder, limit)] = "1";
        fields[COLUMN(ladder, limit_unit)] = "working_days";
        policy_add_rung(&policy, fields);
        assert_memory_equal(policy.ladder, before.ladder, sizeof policy.ladder);
    }
    fields[COLUMN(rules, key)] = "a_rule_of_tomorrow";
    fields[COLUMN(rules, value)] = "1";
    policy_add_rule(&policy, fields);
    assert_memory_equal(&policy.rules, &before.rules, sizeof policy.rules);
    policy_add_item(&policy, &item);
    policy_add_item(&policy, &item); /* the first of a code counts */
    assert_int_equal(policy.item_count, 1);
    policy_close(&policy);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_clock_has_its_name),
        cmocka_unit_test(a_case_keeps_its_version_and_a_new_one_gets_the_newest_that_holds),
        cmocka_unit_test(rows_of_a_newer_program_are_passed_over),
        IN_FOLDER(a_rung_is_the_ladders_but_resolve_the_items_at_its_own_tier),
        IN_FOLDER(a_wrong_severity_or_tier_is_refused),
        IN_FOLDER(a_case_moves_up_unless_the_row_says_no),
        IN_FOLDER(rules_that_a_city_leaves_out_have_their_default),
        IN_FOLDER(a_listed_move_takes_its_reasons_only),
        IN_FOLDER(parties_are_the_nearest_of_their_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
