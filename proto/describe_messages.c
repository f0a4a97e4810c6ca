#include "proto/describe.h"

#include <ctype.h>

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

static const char following[] =
    "## Following a log\n\n"
    "A log is a stream of entries numbered 1, 2, 3, … without gaps. The number is called *seq*. Who reads a log is its\n"
    "follower, who keeps it is its owner. A follower remembers one number, its *cursor*: the last seq that it has\n"
    "committed, stored in the same transaction as what it made of the entry. Nothing else needs to be kept, and a\n"
    "connection may break at any time.\n\n"
    "The follower connects a ZeroMQ DEALER socket to the owner's ROUTER socket. Each message is one frame; only\n"
    "`entries` has a second one, a msgpack array of `count` entries.\n\n"
    "| the follower says | |\n|---|---|\n"
    "| `hello` | once, first: who speaks |\n"
    "| `follow` | send stream `stream` from seq `from` on, at most `credit` entries for now |\n"
    "| `credit` | entries up to `applied` are committed here; `more` entries may be sent |\n"
    "| `unfollow` | send no more of this stream |\n"
    "| `lag` | how far behind the follower is (between services) |\n\n"
    "| the owner says | the follower does |\n|---|---|\n"
    "| `entries` | `first` = cursor + 1: applies them; lower: drops those it has; higher: follows again from the cursor |\n"
    "| `head` | with a stream: learns how far behind it is; without: the owner is alive (one each second) |\n"
    "| `moved` | another replica has the stream: connects to `endpoint` and follows there; no endpoint: asks again in a "
    "second |\n"
    "| `truncated` | what was asked for is no longer kept, `first` is the oldest entry: decides what the gap means, then "
    "follows from `first` or later |\n"
    "| `refused` | reads `reason`; the connection lives on |\n\n"
    "A follower that hears nothing for several seconds closes its socket, connects and follows from its cursor. Credit is\n"
    "what bounds memory on both sides: the owner never sends more entries than were granted.\n\n"
    "### An example\n\n"
    "A department's system has committed its stream up to 41. F is the follower, O the owner.\n\n"
    "```\n"
    "F  hello      service \"department\", protocol 1\n"
    "F  follow     stream \"works-north\", from 42, credit 1000\n"
    "O  entries    stream \"works-north\", first 42, count 6    + [case_moved, case_moved, …]\n"
    "F  credit     stream \"works-north\", applied 47, more 6\n"
    "O  head       stream \"works-north\", seq 47\n"
    "O  head                                               each second\n"
    "O  entries    stream \"works-north\", first 48, count 1    + [case_moved]\n"
    "   … the connection breaks before 48 is committed; the follower connects again …\n"
    "F  hello      service \"department\", protocol 1\n"
    "F  follow     stream \"works-north\", from 48, credit 1000\n"
    "O  moved      stream \"works-north\", endpoint \"tcp://10.0.0.7:7201\", curve_key \"…\"\n"
    "   … the follower connects to that endpoint …\n"
    "F  hello      service \"department\", protocol 1\n"
    "F  follow     stream \"works-north\", from 48, credit 1000\n"
    "O  entries    stream \"works-north\", first 48, count 1    + [case_moved]\n"
    "F  credit     stream \"works-north\", applied 48, more 1\n"
    "```\n\n"
    "A follower that was away for longer than the log is kept:\n\n"
    "```\n"
    "F  follow     stream \"works-north\", from 48, credit 1000\n"
    "O  truncated  stream \"works-north\", first 9001            48 to 9000 are gone\n"
    "F  follow     stream \"works-north\", from 9001, credit 1000\n"
    "```\n\n"
    "### Keys\n\n"
    "Every connection is encrypted and authenticated with CURVE (RFC 26 of ZeroMQ). The city gives a department a key\n"
    "pair and the server's public key; a client sets its own public and secret key and the server's key on the socket\n"
    "before connecting. The key decides which stream may be followed: asking for another one is answered with `refused`.\n"
    "A server does not answer a key that it does not know. A key that was withdrawn is refused at the next `follow`.\n\n";

static void hex(FILE *out, const struct bytes *bytes) {
    fputs("```\n", out);
    for (size_t i = 0; i < bytes->size; i += 16) {
        size_t end = i + 16 < bytes->size ? i + 16 : bytes->size;
        for (size_t j = i; j < i + 16; j++)
            if (j < end)
                fprintf(out, "%02x ", bytes->data[j]);
            else
                fputs("   ", out);
        fputc(' ', out);
        for (size_t j = i; j < end; j++)
            fputc(isprint(bytes->data[j]) ? bytes->data[j] : '.', out);
        fputc('\n', out);
    }
    fputs("```\n\n", out);
}

static void bytes_example(FILE *out) {
    struct follow example = {.stream = "works-north", .from = 42, .credit = 1000};
    struct bytes bytes = {0};
    message_encode(MESSAGE_follow, &example, &bytes);
    fputs("`follow` for stream \"works-north\" from 42 with a credit of 1000 is these bytes:\n\n", out);
    hex(out, &bytes);
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
    fputs(following, out);

    fputs("## Messages\n\n"
          "The number stands in the log's type column; on the wire the name does. Texts show their limit in bytes.\n\n",
          out);
    size_t count;
    const struct message_spec *specs = message_specs(&count);
    for (size_t i = 0; i < count; i++)
        message_table(out, &specs[i]);
}
