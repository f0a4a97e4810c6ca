/* Any bytes as what comes over a socket: the guard says how long the first object is before anybody unpacks it; what it lets through is
 * looked into without decoding, and then decoded as the message that it says it is. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/entry.h"
#include "proto/codec.h"
#include "proto/guard.h"

static void decode(enum message type, const uint8_t *data, size_t size) {
    const struct message_spec *spec = message_spec(type);
    struct reason why = {.text = ""};

    if (spec == NULL)
        return;
    void *value = malloc(spec->size);
    assert(value != NULL);
    memset(value, 0xaa, spec->size);
    if (message_decode(type, data, size, value, &why) == 0) {
        if (message_check(type, value, &why) != 0)
            abort();
    } else {
        assert(why.text[0] != '\0');
    }
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char key[ENTRY_KEY_MAX + 1];

    memset(key, 'x', sizeof key);
    entry_key(data, size, key);
    assert(memchr(key, '\0', sizeof key) != NULL);
    for (const char *at = key; *at != '\0'; at++)
        assert(*at > ' ' - 1 && *at <= '~');
    size_t object = guard_object_size(data, size);
    assert(object <= size);
    enum message type = message_peek(data, size);
    if (object > 0 && object == size)
        (void)entry_case(data, size);
    decode(type, data, size);
    return 0;
}
