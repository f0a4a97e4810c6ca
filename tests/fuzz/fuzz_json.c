/* Any bytes as the JSON of a report, as POST /reports reads it, and of a command. What is taken must pass message_check, hold no text that is not clean, go
 * over the wire and come back the same, and be the same report when its own JSON is read. */
#include "common/message_json.h"
#include "proto/case_life.h"
#include "services/routing/case_file.h"
#include "services/routing/case_guard.h"
#include "services/routing/case_supplement.h"
#include "tests/fuzz/fuzz_input.h"

static struct submit read_back(const struct submit *submit) {
    struct submit again;
    struct reason why;
    json_t *json = message_to_json(MESSAGE_submit, submit);

    assert(json != NULL);
    if (message_from_json(MESSAGE_submit, json, &again, &why) != 0)
        abort();
    json_decref(json);
    return again;
}

static void encode(const struct submit *submit, struct bytes *bytes) {
    message_encode(MESSAGE_submit, submit, bytes);
}

/* Whether it brings what each move needs. */
static void bring(const struct command *command) {
    static struct case_file file;
    static struct report_kept kept;
    size_t count;
    const struct move_spec *lines = case_moves(&count);
    const struct case_step step = {.city = fuzz_city(), .now = INT64_C(1795595400000), .file = &file};
    struct reason why = {.text = ""};
    strcpy(file.area, "v");
    for (size_t i = 0; i < count; i++)
        if (case_brings(&step, &lines[i], command, &why) != 0)
            fuzz_check_reason(&why);
    (void)case_supplement(command, &kept);
}

/* What a move's page sends. */
static void read_command(const json_t *json) {
    static struct command command;
    struct reason why = {.text = ""};
    if (message_from_json(MESSAGE_command, json, &command, &why) != 0)
        assert(why.text[0] != '\0');
    else if (message_check(MESSAGE_command, &command, &why) != 0)
        abort();
    else
        bring(&command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct submit submit, decoded, again;
    json_error_t error;
    struct reason why;
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &error);

    if (json == NULL)
        return 0;
    read_command(json);
    memset(&submit, 0xaa, sizeof submit);
    if (message_from_json(MESSAGE_submit, json, &submit, &why) == 0) {
        struct bytes once = {0}, twice = {0}, thrice = {0};
        if (message_check(MESSAGE_submit, &submit, &why) != 0)
            abort();
        encode(&submit, &once);
        if (message_decode(MESSAGE_submit, once.data, once.size, &decoded, &why) != 0)
            abort();
        encode(&decoded, &twice);
        assert(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
        again = read_back(&submit);
        encode(&again, &thrice);
        assert(once.size == thrice.size && memcmp(once.data, thrice.data, once.size) == 0);
        bytes_close(&once);
        bytes_close(&twice);
        bytes_close(&thrice);
    } else {
        assert(why.text[0] != '\0');
    }
    json_decref(json);
    return 0;
}
