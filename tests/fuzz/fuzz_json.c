/* Any bytes as the JSON of a report, as POST /reports reads it. What is taken must pass message_check, hold no text that is not clean, go
 * over the wire and come back the same, and be the same report when its own JSON is read. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/message_json.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct submit submit, decoded, again;
    json_error_t error;
    struct reason why;
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &error);

    if (json == NULL)
        return 0;
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
