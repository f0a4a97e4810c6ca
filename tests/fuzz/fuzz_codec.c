/* First byte: the number of a message. Rest: bytes to decode as that message. What decodes must pass message_check, and
 * must encode to bytes that decode and encode to themselves. */
#include <stdlib.h>
#include <string.h>

#include "proto/codec.h"
#include "proto/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void fuzz_array(const uint8_t *data, size_t size) {
    size_t header = 0;
    long count = guard_array_count(data, size, &header);
    require(count < 0 || (header <= size && (size_t)count <= size - header));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const struct message_spec *spec = message_spec((enum message)data[0]);
    data++;
    size--;
    fuzz_array(data, size);
    enum message claimed = message_peek(data, size);
    if (!spec)
        return 0;

    void *value = malloc(spec->size); /* of exactly its size, so that ASan sees a write past it */
    require(value);
    memset(value, 0xaa, spec->size);
    struct reason why;
    if (message_decode(spec->number, data, size, value, &why) == 0) {
        require(claimed == spec->number);
        require(guard_object_size(data, size) == size);
        require(message_check(spec->number, value, &why) == 0);
        struct bytes once = {0}, twice = {0};
        message_encode(spec->number, value, &once);
        memset(value, 0x55, spec->size);
        require(message_decode(spec->number, once.data, once.size, value, &why) == 0);
        message_encode(spec->number, value, &twice);
        require(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
        bytes_close(&once);
        bytes_close(&twice);
    }
    free(value);
    return 0;
}
