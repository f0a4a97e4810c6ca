/* First byte: which file with secrets, or a setting. Then its bytes: they are taken or refused in words, and every reader of one format
 * says the same. */
#include <sodium.h>

#include "clients/c/zhitong_keys.h"
#include "common/endpoints.h"
#include "common/secret_keys.h"
#include "common/settings.h"
#include "common/wire.h"
#include "services/notification/carrier_settings.h"
#include "services/notification/carriers.h"
#include "services/notification/destination.h"
#include "services/zhitong/sender_http.h"
#include "tests/fuzz/fuzz_input.h"

static void keyring(const char *path) {
    struct secret_keys *keys = NULL;
    struct reason why = {.text = ""};
    if (secret_keys_open(&keys, path, &why) != 0) {
        fuzz_check_reason(&why);
        return;
    }
    const struct secret_about about = {"reporter.sealed", "7"};
    const struct bytes plain = {.data = (uint8_t *)(uintptr_t) "a", .size = 1};
    struct bytes sealed = {0}, again = {0};
    assert(secret_keys_count(keys) >= 1 && secret_keys_count(keys) <= SECRET_KEYS_MAX);
    secret_seal(keys, &about, &plain, &sealed);
    if (secret_open(keys, &about, &sealed, &again, &why) != 0)
        abort();
    bytes_close(&sealed);
    bytes_close(&again);
    secret_keys_close(&keys);
}

static void curve(const char *path) {
    struct wire_keys keys;
    char public_key[ZHITONG_CURVE_KEY_SIZE], secret_key[ZHITONG_CURVE_KEY_SIZE], server[WIRE_KEY_SIZE];
    struct reason why = {.text = ""};
    int status = wire_keys_read(&keys, path, &why);
    assert(status == zhitong_keys_read(path, public_key, secret_key));
    if (status != 0)
        fuzz_check_reason(&why);
    else
        assert(strcmp(keys.public_key, public_key) == 0 && strcmp(keys.secret_key, secret_key) == 0);
    if (server_key_read(server, path, &why) != 0)
        fuzz_check_reason(&why);
}

/* A secret and an address, one a line, as an endpoint keeps them and as a sender is given them. */
static void secret(const char *text) {
    static struct sender_post post;
    static struct transfer transfer;
    struct destination to = {.secret_count = 1};
    struct reason why = {.text = ""};
    const char *address = strchr(text, '\n');
    snprintf(to.secrets[0], sizeof to.secrets[0], "%.*s", (int)strcspn(text, "\n"), text);
    snprintf(to.address, sizeof to.address, "%s", address != NULL ? address + 1 : "https://example.org/");
    const struct parcel parcel = {.id = "1.2.3", .at = 1, .to = &to, .language = "", .json = "{}", .end_url = ""};
    memset(&transfer, 0, sizeof transfer);
    if (carrier_webhook.prepare(&parcel, &(struct carrier_settings){.sms_status = 0}, &transfer, &why) != 0)
        fuzz_check_reason(&why);
    transfer_close(&transfer);
    memset(&post, 0, sizeof post);
    post.body = "{}";
    post.size = 2;
    if (sender_sign(&post, to.secrets[0], "id", &why) != 0)
        fuzz_check_reason(&why);
}

static void setting(const char *text) {
    static const struct setting rows[] = {{"ZHITONG_PATIENCE", SETTING_NUMBER, "ms", "250", -1, 60000, "how long"},
                                          {"ZHITONG_LOUD", SETTING_FLAG, "", "no", 0, 0, "speak up"},
                                          {"ZHITONG_MOTTO", SETTING_TEXT, "", "", 0, 5, "a word"},
                                          {"ZHITONG_BIND", SETTING_ADDRESS, "", "127.0.0.1", 0, 0, "where"},
                                          {"ZHITONG_NAME", SETTING_HOST, "", "", 0, 0, "who"}};
    static const struct setting_table tables[2] = {{rows, sizeof rows / sizeof *rows}, {NULL, 0}};
    for (size_t i = 0; i < tables[0].count; i++) {
        struct settings *settings = NULL;
        struct reason why = {.text = ""};
        setenv(rows[i].name, text, 1);
        if (settings_open(&settings, tables, &why) != 0)
            fuzz_check_reason(&why);
        else
            assert(settings_number(settings, "ZHITONG_PATIENCE") <= 60000 &&
                   strlen(settings_text(settings, "ZHITONG_MOTTO")) <= 5);
        settings_close(&settings);
        unsetenv(rows[i].name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[FUZZ_PATH_SIZE];
    if (size == 0 || sodium_init() < 0)
        return 0;
    char *text = fuzz_text(data + 1, size - 1);
    int file = fuzz_file(data + 1, size - 1, path);
    switch (data[0]) {
    case 'r':
        keyring(path);
        break;
    case 'c':
        curve(path);
        break;
    case 's':
        setting(text);
        break;
    default:
        secret(text);
    }
    close(file);
    free(text);
    return 0;
}
