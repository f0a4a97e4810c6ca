#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "common/host.h"
#include "common/settings.h"

static const struct setting common_table[] = {
    {"ZHITONG_DATABASE", SETTING_TEXT, "", NULL, 1, 200, "where PostgreSQL is"},
    {"ZHITONG_PASSWORD", SETTING_SECRET, "", "hush-hush", 0, 64, "the role's password"},
};
static const struct setting own_table[] = {
    {"ZHITONG_PATIENCE", SETTING_NUMBER, "ms", "250", -1, 60000, "how long | it waits"},
    {"ZHITONG_DOORS", SETTING_NUMBER, "", "2", 0, 4, "how many doors"},
    {"ZHITONG_LOUD", SETTING_FLAG, "", "no", 0, 0, "speak up"},
    {"ZHITONG_MOTTO", SETTING_TEXT, "", "", 0, 5, "a word"},
    {"ZHITONG_COLOUR", SETTING_WORD, "red green", "red", 0, 0, "of the doors"},
    {"ZHITONG_LISTEN", SETTING_ADDRESS, "", "127.0.0.1", 0, 0, "where it listens"},
    {"ZHITONG_HOST", SETTING_HOST, "", "", 0, 100, "where it is found"},
};

#define OWN_COUNT (sizeof own_table / sizeof own_table[0])

static struct settings *settings;
static struct reason why;

static int open_settings(void) {
    const struct setting_table tables[2] = {{common_table, 2}, {own_table, OWN_COUNT}};
    return settings_open(&settings, tables, &why);
}

static int set_up(void **state) {
    (void)state;
    clearenv();
    setenv("ZHITONG_DATABASE", "host=here", 1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    settings_close(&settings);
    return 0;
}

static void defaults_hold_where_nothing_is_set(void **state) {
    (void)state;
    assert_int_equal(open_settings(), 0);
    assert_string_equal(settings_text(settings, "ZHITONG_DATABASE"), "host=here");
    assert_string_equal(settings_text(settings, "ZHITONG_PASSWORD"), "hush-hush");
    assert_int_equal(settings_number(settings, "ZHITONG_PATIENCE"), 250);
    assert_false(settings_flag(settings, "ZHITONG_LOUD"));
    assert_string_equal(settings_text(settings, "ZHITONG_MOTTO"), "");
}

static void the_environment_wins(void **state) {
    (void)state;
    setenv("ZHITONG_PATIENCE", "-1", 1);
    setenv("ZHITONG_LOUD", "true", 1);
    setenv("ZHITONG_MOTTO", "hello", 1);
    assert_int_equal(open_settings(), 0);
    assert_int_equal(settings_number(settings, "ZHITONG_PATIENCE"), -1);
    assert_true(settings_flag(settings, "ZHITONG_LOUD"));
    assert_string_equal(settings_text(settings, "ZHITONG_MOTTO"), "hello");
}

static void bad_values_are_refused_by_name(void **state) {
    static const struct {
        const char *name, *value, *field, *says;
    } examples[] = {
        {"ZHITONG_DATABASE", NULL, "ZHITONG_DATABASE", "must be set (or ZHITONG_DATABASE_FILE): where PostgreSQL is"},
        {"ZHITONG_DATABASE", "", "ZHITONG_DATABASE", "has 0 bytes, needs at least 1"},
        {"ZHITONG_MOTTO", "sixsix", "ZHITONG_MOTTO", "has 6 bytes, may have at most 5"},
        {"ZHITONG_PATIENCE", "60001", "ZHITONG_PATIENCE", "is 60001 ms, must be from -1 to 60000 ms"},
        {"ZHITONG_PATIENCE", "-2", "ZHITONG_PATIENCE", "is -2 ms, must be from -1 to 60000 ms"},
        {"ZHITONG_PATIENCE", "99999999999999999999", "ZHITONG_PATIENCE",
         "is 99999999999999999999 ms, must be from -1 to 60000 ms"},
        {"ZHITONG_PATIENCE", "5s", "ZHITONG_PATIENCE", "is \"5s\", must be a whole number from -1 to 60000 ms"},
        {"ZHITONG_PATIENCE", " 5", "ZHITONG_PATIENCE", "is \" 5\", must be a whole number from -1 to 60000 ms"},
        {"ZHITONG_PATIENCE", "-", "ZHITONG_PATIENCE", "is \"-\", must be a whole number from -1 to 60000 ms"},
        {"ZHITONG_PATIENCE", "", "ZHITONG_PATIENCE", "is \"\", must be a whole number from -1 to 60000 ms"},
        {"ZHITONG_DOORS", "5", "ZHITONG_DOORS", "is 5, must be from 0 to 4"},
        {"ZHITONG_COLOUR", "gree", "ZHITONG_COLOUR", "is \"gree\", must be one of: red green"},
        {"ZHITONG_COLOUR", "", "ZHITONG_COLOUR", "is \"\", must be one of: red green"},
        {"ZHITONG_COLOUR", "red green", "ZHITONG_COLOUR", "is \"red green\", must be one of: red green"},
        {"ZHITONG_LISTEN", "localhost", "ZHITONG_LISTEN",
         "is \"localhost\", must be a numeric IP address of this host, or 0.0.0.0 for all"},
        {"ZHITONG_LISTEN", "", "ZHITONG_LISTEN",
         "is \"\", must be a numeric IP address of this host, or 0.0.0.0 for all"},
        {"ZHITONG_LISTEN", "127.0.0.1:80", "ZHITONG_LISTEN",
         "is \"127.0.0.1:80\", must be a numeric IP address of this host, or 0.0.0.0 for all"},
        {"ZHITONG_HOST", "tcp://a", "ZHITONG_HOST",
         "is \"tcp://a\", must be a host name or a numeric IP address, without scheme or port"},
        {"ZHITONG_HOST", "a:80", "ZHITONG_HOST",
         "is \"a:80\", must be a host name or a numeric IP address, without scheme or port"},
        {"ZHITONG_HOST", "a b", "ZHITONG_HOST",
         "is \"a b\", must be a host name or a numeric IP address, without scheme or port"},
        {"ZHITONG_HOST", "0.0.0.0", "ZHITONG_HOST",
         "is 0.0.0.0, where nobody can connect to; give this host's name or address"},
        {"ZHITONG_HOST", "::", "ZHITONG_HOST", "is ::, where nobody can connect to; give this host's name or address"},
        {"ZHITONG_LOUD", "maybe", "ZHITONG_LOUD", "is \"maybe\", must be yes or no"},
        {"ZHITONG_PATIENSE", "1", "ZHITONG_PATIENSE", "is no setting of this service; did you mean ZHITONG_PATIENCE?"},
        {"ZHITONG_PASWORD_FILE", "/x", "ZHITONG_PASWORD_FILE",
         "is no setting of this service; did you mean ZHITONG_PASSWORD_FILE?"},
        {"ZHITONG_ELEPHANT", "1", "ZHITONG_ELEPHANT", "is no setting of this service; --help lists them"},
        {"ZHITONG_", "1", "ZHITONG_", "is no setting of this service; --help lists them"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        set_up(state);
        if (examples[i].value == NULL)
            unsetenv(examples[i].name);
        else
            setenv(examples[i].name, examples[i].value, 1);
        assert_int_equal(open_settings(), -1);
        assert_null(settings);
        assert_string_equal(why.field, examples[i].field);
        assert_string_equal(why.text, examples[i].says);
    }
}

static void addresses_and_hosts_are_taken_as_they_are(void **state) {
    static const char *const examples[][2] = {
        {"127.0.0.1", "127.0.0.1"},          {"0.0.0.0", ""},      {"::", "::1"}, {"::1", "10.1.0.7"},
        {"10.1.0.7", "host-a.city.example"}, {"fe80::1", "node_1"}};
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        set_up(state);
        setenv("ZHITONG_LISTEN", examples[i][0], 1);
        setenv("ZHITONG_HOST", examples[i][1], 1);
        assert_int_equal(open_settings(), 0);
        assert_string_equal(settings_text(settings, "ZHITONG_LISTEN"), examples[i][0]);
        assert_string_equal(settings_text(settings, "ZHITONG_HOST"), examples[i][1]);
        assert_int_equal(host_is_every_address(examples[i][0]), i == 1 || i == 2);
        settings_close(&settings);
    }
    assert_false(host_is_every_address("host-a"));
    assert_false(host_is_every_address(""));
}

static void a_very_long_unknown_name_is_refused(void **state) {
    char name[5000] = "ZHITONG_";
    (void)state;
    memset(name + 8, 'X', sizeof name - 9);
    name[sizeof name - 1] = '\0';
    setenv(name, "1", 1);
    assert_int_equal(open_settings(), -1);
    assert_true(strncmp(why.field, "ZHITONG_XXX", 11) == 0);
}

static void variables_of_the_tools_are_let_be(void **state) {
    (void)state;
    setenv("ZHITONG_RUN", "/run", 1);
    setenv("ZHITONG_RUN_DIR", "/run", 1);
    setenv("ZHITONG_TEST_SEED", "1", 1);
    setenv("ZHITONG_ROOT", "/src", 1);
    setenv("ZHITON", "1", 1);
    setenv("PATH", "/bin", 1);
    assert_int_equal(open_settings(), 0);
}

static void with_file(const char *bytes, size_t size, char path[32]) {
    strcpy(path, "/tmp/test_settings_XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

static void a_file_can_hold_any_value(void **state) {
    char password[32], patience[32];
    (void)state;
    with_file("s3cret \n", 8, password);
    with_file("17\r\n", 4, patience);
    setenv("ZHITONG_PASSWORD_FILE", password, 1);
    setenv("ZHITONG_PATIENCE_FILE", patience, 1);
    assert_int_equal(open_settings(), 0);
    assert_string_equal(settings_text(settings, "ZHITONG_PASSWORD"), "s3cret ");
    assert_int_equal(settings_number(settings, "ZHITONG_PATIENCE"), 17);
    unlink(password);
    unlink(patience);
}

static void bad_files_are_refused_by_name(void **state) {
    static char big[70000];
    char path[32];
    (void)state;
    setenv("ZHITONG_PASSWORD_FILE", "/nowhere", 1);
    assert_int_equal(open_settings(), -1);
    assert_string_equal(why.field, "ZHITONG_PASSWORD_FILE");
    assert_string_equal(why.text, "cannot read /nowhere: No such file or directory");

    setenv("ZHITONG_PASSWORD_FILE", "/tmp", 1);
    assert_int_equal(open_settings(), -1);
    assert_string_equal(why.text, "cannot read /tmp: Is a directory");

    with_file("a\0b", 3, path);
    setenv("ZHITONG_PASSWORD_FILE", path, 1);
    assert_int_equal(open_settings(), -1);
    assert_non_null(strstr(why.text, "holds a NUL byte"));
    setenv("ZHITONG_PASSWORD", "x", 1);
    assert_int_equal(open_settings(), -1);
    assert_string_equal(why.field, "ZHITONG_PASSWORD");
    assert_non_null(strstr(why.text, "set twice"));
    unsetenv("ZHITONG_PASSWORD");
    unlink(path);

    memset(big, 'x', sizeof big);
    with_file(big, sizeof big, path);
    setenv("ZHITONG_PASSWORD_FILE", path, 1);
    assert_int_equal(open_settings(), -1);
    assert_non_null(strstr(why.text, "is longer than 65536 bytes"));
    unlink(path);
}

static void a_secret_is_never_shown(void **state) {
    char secret[100];
    (void)state;
    memset(secret, 'S', sizeof secret);
    secret[99] = '\0';
    setenv("ZHITONG_PASSWORD", secret, 1);
    assert_int_equal(open_settings(), -1);
    assert_null(strstr(why.text, "SS"));
}

static void printed(char *out, size_t room, void (*print)(FILE *, const struct setting *, size_t)) {
    FILE *file = fmemopen(out, room, "w");
    assert_non_null(file);
    print(file, common_table, 2);
    print(file, own_table, OWN_COUNT);
    fclose(file);
}

static void help_and_markdown_show_the_table_without_secrets(void **state) {
    char text[4096];
    (void)state;
    printed(text, sizeof text, settings_help);
    assert_non_null(strstr(text, "  ZHITONG_DATABASE\n      where PostgreSQL is\n      1 to 200 bytes; must be set\n"));
    assert_non_null(
        strstr(text, "  ZHITONG_PATIENCE\n      how long | it waits\n      -1 to 60000 ms; default: 250\n"));
    assert_null(strstr(text, "hush"));
    printed(text, sizeof text, settings_markdown);
    assert_non_null(strstr(text, "| `ZHITONG_PATIENCE` | -1 to 60000 ms | `250` | how long \\| it waits |\n"));
    assert_non_null(strstr(text, "| `ZHITONG_PASSWORD` | secret, 0 to 64 bytes | has a default |"));
    assert_null(strstr(text, "hush"));
}

int main(void) {
#define SETTINGS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SETTINGS_TEST(defaults_hold_where_nothing_is_set),
        SETTINGS_TEST(the_environment_wins),
        SETTINGS_TEST(bad_values_are_refused_by_name),
        SETTINGS_TEST(addresses_and_hosts_are_taken_as_they_are),
        SETTINGS_TEST(a_very_long_unknown_name_is_refused),
        SETTINGS_TEST(variables_of_the_tools_are_let_be),
        SETTINGS_TEST(a_file_can_hold_any_value),
        SETTINGS_TEST(bad_files_are_refused_by_name),
        SETTINGS_TEST(a_secret_is_never_shown),
        SETTINGS_TEST(help_and_markdown_show_the_table_without_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
