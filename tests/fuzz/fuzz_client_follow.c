/* What libzhitong-follow reads of a server: first byte even: a header frame, odd: the entries of a frame. Whatever is read lies within
 * the bytes, and what was read as an event can be asked for any field. */
#include <stdlib.h>
#include <string.h>

#include "clients/c/zhitong_event.h"
#include "clients/c/zhitong_owner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void ask_fields(const struct zhitong_event *event) {
    static const char *const names[] = {"case", "title", "lat", "reporter", ""};
    char text[8];
    int64_t whole;
    double number;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        long length = zhitong_event_text(event, names[i], text, sizeof text);
        require(length >= -1 && length <= (long)event->size && strlen(text) < sizeof text);
        (void)zhitong_event_whole(event, names[i], &whole);
        (void)zhitong_event_number(event, names[i], &number);
        (void)zhitong_event_flag(event, names[i]);
    }
}

static void fuzz_entries(const uint8_t *data, size_t size) {
    struct reader reader = {data, data + size};
    struct reader_value array;
    if (!reader_value(&reader, &array) || array.kind != READ_ARRAY)
        return;
    for (size_t i = 0; i < array.size; i++) {
        struct zhitong_event event;
        struct reader skipped = reader;
        bool whole = reader_skip(&skipped);
        if (!zhitong_event_read(&reader, &event))
            return;
        require(!whole || reader.at == skipped.at);
        require(event.data >= data && event.data + event.size <= data + size);
        ask_fields(&event);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct owner_message message;
    if (size == 0)
        return 0;
    uint8_t *copy = malloc(size); /* of exactly its size, so that ASan sees a read past it */
    require(copy != NULL);
    memcpy(copy, data, size);
    if (data[0] % 2 == 1)
        fuzz_entries(copy + 1, size - 1);
    else if (owner_message_read(copy + 1, size - 1, &message))
        require(memchr(message.stream, 0, sizeof message.stream) != NULL);
    free(copy);
    return 0;
}
