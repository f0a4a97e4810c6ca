#include "proto/describe.h"

#include "proto/codec.h"
#include "proto/guard.h"

static const char introduction[] =
    "# The protocol\n\n"
    "Made from `messages.def` by `zt-describe messages`; do not edit.\n\n"
    "Zhitong's services, and departments that connect their own systems, speak one protocol: they *follow a log*.\n"
    "Every message and log entry is listed below with every field. Any ZeroMQ and msgpack library will do.\n\n"
    "## Encoding\n\n"
    "A message is one [msgpack](https://msgpack.org) map whose keys are texts (`str`).\n\n"
    "- The first key is `t`; its value is the name of the message.\n"
    "- Then come the fields that are present, under their names. We write them in the order of the tables; they are\n"
    "  read in any order. A key that stands twice is refused.\n"
    "- An optional field that is absent is left out, not written as nil. Absent reads as an empty text, 0, not-a-number\n"
    "  or false, depending on its type. A needed field is always written, and a needed text is not empty.\n"
    "- **Skip keys that you do not know**: later versions append optional fields. We skip yours.\n\n"
    "| type | msgpack | range |\n|---|---|---|\n"
    "| text | `str` | UTF-8 up to the limit in bytes; no control characters other than tab and newline |\n"
    "| u64 | integer, shortest form | 0 to 2^64 - 1 |\n"
    "| i64 | integer, shortest form | -2^63 to 2^63 - 1 |\n"
    "| f64 | `float 64`; integers and `float 32` are read too | finite |\n"
    "| flag | `true`, `false` | |\n\n"
    "Names ending in `_at` are instants in unix milliseconds (UTC); `_ms` are durations in milliseconds. Codes are those\n"
    "of the city's tables. Ext types are refused, ";

static void bytes_example(FILE *out) {
    struct follow example = {.stream = "works-north", .from = 42, .credit = 1000};
    struct bytes bytes = {0};
    message_encode(MESSAGE_follow, &example, &bytes);
    fputs("`follow` for stream \"works-north\" from 42 with a credit of 1000 is these bytes:\n\n", out);
    describe_hex(out, &bytes);
    bytes_close(&bytes);
}

static void type_cell(FILE *out, const struct field_spec *field) {
    switch (field->type) {
    case FIELD_TEXT:
        fprintf(out, "text, %zu", field->limit);
        return;
    case FIELD_U64:
        fputs("u64", out);
        return;
    case FIELD_I64:
        fputs("i64", out);
        return;
    case FIELD_F64:
        fputs("f64", out);
        return;
    case FIELD_FLAG:
        fputs("flag", out);
        return;
    }
}

static void message_table(FILE *out, const struct message_spec *spec) {
    fprintf(out, "### %s (%d)\n\n%s\n\nFrom %s to %s.\n\n", spec->name, (int)spec->number, spec->meaning, spec->sender,
            spec->receiver);
    fputs("| field | type | need | meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < spec->field_count; i++) {
        const struct field_spec *field = &spec->fields[i];
        fprintf(out, "| `%s` | ", field->name);
        type_cell(out, field);
        fprintf(out, " | %s | %s |\n", field->needed ? "needed" : "optional", field->meaning);
    }
    fputc('\n', out);
}

void describe_messages(FILE *out) {
    fputs(introduction, out);
    fprintf(out, "as is nesting deeper than %d and more than %d objects in a frame.\n\n", GUARD_DEPTH_MAX,
            GUARD_OBJECTS_MAX);
    bytes_example(out);
    describe_following(out);

    fputs("## Messages\n\n"
          "The number stands in the log's type column; on the wire the name does. Texts show their limit in bytes.\n\n",
          out);
    size_t count;
    const struct message_spec *specs = message_specs(&count);
    for (size_t i = 0; i < count; i++)
        message_table(out, &specs[i]);
}
