#include "proto/describe.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "proto/codec.h"

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
    "| `skip` | sets its cursor to `seq`: it asked to begin behind it, or its filter leaves out what is before |\n"
    "| `truncated` | what was asked for is no longer kept, `first` is the oldest entry: decides what the gap means, then "
    "follows from `first` or later |\n"
    "| `refused` | reads `field` and `reason`; the connection lives on; see Refusals |\n\n"
    "A follower that hears nothing for several seconds closes its socket, connects and follows from its cursor. Credit is\n"
    "what bounds memory on both sides: the owner never sends more entries than were granted. A follower that does not read at\n"
    "all for a minute loses its connection. An owner that has sent departments very much that they have not applied sends each\n"
    "of them less than its credit: say `credit` once a second while there is something new that you have applied.\n\n"
    "### An example\n\n"
    "A department's system has committed its stream up to 41. F is the follower, O the owner.\n\n"
    "```\n"
    "F  hello      service \"department\", protocol 1\n"
    "F  follow     stream \"works-north\", from 42, credit 1000\n"
    "O  head       stream \"works-north\", seq 47\n"
    "O  entries    stream \"works-north\", first 42, count 6    + [event, event, …]\n"
    "F  credit     stream \"works-north\", applied 47, more 6\n"
    "O  head       stream \"works-north\", seq 47\n"
    "O  head                                               each second\n"
    "O  entries    stream \"works-north\", first 48, count 1    + [event]\n"
    "   … the connection breaks before 48 is committed; the follower connects again …\n"
    "F  hello      service \"department\", protocol 1\n"
    "F  follow     stream \"works-north\", from 48, credit 1000\n"
    "O  moved      stream \"works-north\", endpoint \"tcp://10.0.0.7:7201\", curve_key \"…\"\n"
    "   … the follower connects to that endpoint …\n"
    "F  hello      service \"department\", protocol 1\n"
    "F  follow     stream \"works-north\", from 48, credit 1000\n"
    "O  entries    stream \"works-north\", first 48, count 1    + [event]\n"
    "F  credit     stream \"works-north\", applied 48, more 1\n"
    "```\n\n"
    "A follower that was away for longer than the log is kept:\n\n"
    "```\n"
    "F  follow     stream \"works-north\", from 48, credit 1000\n"
    "O  truncated  stream \"works-north\", first 9001            48 to 9000 are gone\n"
    "F  follow     stream \"works-north\", from 9001, credit 1000\n"
    "```\n\n";

static const char departments[] =
    "## Entries for departments\n\n"
    "Notification's public endpoint serves every unit's stream: what concerns the unit, in order. There an entry is an event of\n"
    "[CloudEvents 1.0](https://github.com/cloudevents/spec): a msgpack map of attributes around `data`, which is the `case_moved`\n"
    "map of the tables below as it stands in the log. (Between services entries are the plain maps.) Webhooks, pages and\n"
    "`zhitong follow` give the same as JSON.\n\n"
    "| attribute | |\n|---|---|\n"
    "| `specversion` | `1.0` |\n"
    "| `id` | `CASE.VERSION`, after a restore `CASE.VERSION.INCARNATION`: the same in every stream and whenever it is told again; drop "
    "what you have seen |\n"
    "| `source` | `/zhitong/CITY`, the city's code |\n"
    "| `type` | `zhitong.case.MOVE`, a move of CASE_LIFE.md |\n"
    "| `subject` | `CASE`, decimal |\n"
    "| `time` | when it moved: RFC 3339, UTC, with ms |\n"
    "| `sequence` | the seq, 20 digits with leading zeros: texts sort as the numbers do |\n"
    "| `unit` | whose stream it is |\n"
    "| `traceparent` | W3C Trace Context of the report or command that brought it about, where its sender gave one |\n"
    "| `data` | the `case_moved` |\n\n"
    "All attributes are texts and all but `traceparent` are there; skip those that you do not know. ";

static const char filters[] =
    "### Starting points\n\n"
    "| `from` | `from_at` | begins |\n|---|---|---|\n"
    "| n, from 1 | | at entry n; head + 1 waits for what comes next |\n"
    "| 0 | unix ms | so that none of this instant or later is left out; some of just before it may come |\n"
    "| 0 | | at what is appended from now on |\n\n"
    "With `from` 0 the owner answers with `head`, then `skip`: the follower's cursor is its `seq`. Whoever keeps a cursor uses\n"
    "`from` 0 only the first time. A seq beyond head + 1 is refused (`from`): the cursor comes from another system. What is kept\n"
    "no longer is answered with `truncated`.\n\n"
    "```\n"
    "F  follow     stream \"works-north\", from 0, from_at 1788222600000, credit 1000\n"
    "O  head       stream \"works-north\", seq 47\n"
    "O  skip       stream \"works-north\", seq 30               the cursor is 30\n"
    "O  entries    stream \"works-north\", first 31, count 17   + [event, event, …]\n"
    "```\n\n"
    "### When the city was restored\n\n"
    "A city whose database was restored from a backup has lost what came after it, and says so. Each restored life, its *incarnation*,\n"
    "counts on in a range of its own: in incarnation 2 a stream goes on at seq 2000000000001, case numbers and ids of events are others,\n"
    "too. No number is given twice. Who follows from where the stream ended before, or from beyond it, hears `truncated` with\n"
    "`first`, the first entry of the new range, and `void_from`: what the follower has from that seq on, the city no longer knows. It takes\n"
    "that back, or marks it, and follows from `first`. With a cursor below `void_from` nothing was lost: it follows from `first`. Who was\n"
    "away over several restores hears the lowest `void_from` of them all.\n\n"
    "```\n"
    "F  follow     stream \"works-north\", from 66350, credit 1000\n"
    "O  truncated  stream \"works-north\", first 2000000000001, void_from 61477      61477 to 66349 are void\n"
    "F  follow     stream \"works-north\", from 2000000000001, credit 1000\n"
    "```\n\n"
    "### Filters\n\n"
    "`filter` is a text of at most 16 terms apart by a blank. Each is FIELD=CODE[,CODE…], one of the codes, or\n"
    "FIELD!=CODE[,CODE…], none of them. Every term must hold; an empty filter wants everything.\n\n"
    "| field | codes |\n|---|---|\n"
    "| `area` | of the city's areas; holds for all that lies below too |\n"
    "| `item` | of the city's items; holds for all that lies below too |\n"
    "| `channel` | of the city's channels |\n"
    "| `severity` | `blue`, `yellow`, `orange`, `red` |\n"
    "| `kind` | the move |\n"
    "| `tier` | 1 to 4, after the move |\n"
    "| `state` | after the move |\n\n"
    "For instance `area=north kind!=progress,contact severity=orange,red`. What is left out becomes `skip` and costs no credit:\n"
    "before the next entry that is sent, and at the latest with the next sign of life, a second later. `first` of `entries` is\n"
    "always cursor + 1, so a follower with a filter does nothing but set its cursor at each `skip`.\n\n"
    "```\n"
    "F  follow     stream \"works-north\", from 42, credit 1000, filter \"severity=red\"\n"
    "O  skip       stream \"works-north\", seq 44               42 to 44 are not red\n"
    "O  entries    stream \"works-north\", first 45, count 1    + [event]\n"
    "O  skip       stream \"works-north\", seq 47\n"
    "```\n\n";

static const char groups[] =
    "### Groups\n\n"
    "Consumers of one department that name the same `group` (letters, digits, - _ and .) share its stream: each entry goes to\n"
    "one of them. The owner keeps the group's *mark*, up to which everything is finished; members keep no cursor.\n\n"
    "- `from` and `from_at` count for the first member that there ever was. Later the group goes on behind its mark.\n"
    "- A member gets what falls to it: `first` may be any seq, there is no `skip`, and an entry may come again. Do not compare with\n"
    "  a cursor; drop an `id` that you have seen.\n"
    "- The entries of one case come in their order, to the same member while one of them is under way there.\n"
    "- `credit.applied` means: this entry and all that were sent to me before it are finished. Say the last one that you have\n"
    "  finished, in the order in which they came; 0 when there is none.\n"
    "- A member says `credit` at least every few seconds, with `more` 0 when it has nothing to say. After 10 s of silence, or when\n"
    "  its connection ends, what it had goes to others. If it was only slow it hears `refused` (`silence`) and follows again.\n"
    "- At most 32 groups of a stream have members at a time. A mark that did not move for as long as logs are kept is forgotten.\n"
    "- At most 64 members, all with the same filter; at most 16,384 entries between the mark and the last one that was sent.\n"
    "- When another replica serves the stream the members hear `moved`, or silence, and follow there. What was under way, and what\n"
    "  was finished in the last fifth of a second, is sent again: at least once.\n"
    "- `truncated` means that entries behind the mark are gone: a member that follows with `from` = `first` takes the group there.\n\n"
    "```\n"
    "A  follow     stream \"works-north\", from 1, credit 100, group \"printers\"\n"
    "B  follow     stream \"works-north\", from 1, credit 100, group \"printers\"\n"
    "O  to A: entries  first 42, count 3     + [event, event, event]\n"
    "O  to B: entries  first 45, count 2     + [event, event]\n"
    "A  credit     stream \"works-north\", applied 44, more 3     42 to 44 are finished: the mark is 44\n"
    "   … B dies …\n"
    "O  to A: entries  first 45, count 2     + [event, event]\n"
    "```\n\n"
    "### Refusals\n\n"
    "| `field` | why | the follower does |\n|---|---|---|\n"
    "| `hello` | the connection is not known: the owner was restarted | says `hello` and `follow` |\n"
    "| `key` | the key was withdrawn; nothing comes any more, within 5 s | stops; asks the city |\n"
    "| `stream` | the key follows another unit's stream | stops |\n"
    "| `from`, `from_at` | see Starting points | decides |\n"
    "| `credit`, `more` | a credit beyond 100,000 | grants less: what was refused counts for nothing |\n"
    "| `applied` | an entry that was never sent | is wrong: follows anew from its cursor |\n"
    "| `filter` | is none, names a code that there is not, or differs from the group's | stops |\n"
    "| `group` | its name has other characters, or it has all its members | stops |\n"
    "| `silence` | nothing was heard from a group's member for 10 s | follows again |\n"
    "| `frames` | more than 10,000 frames in a second; the others of that second were not looked at | is wrong |\n"
    "| other | the message could not be read: the field of the tables below | is wrong |\n\n"
    "`key` of the refusal is the stream's name where there is one. A follow that is refused has no effect: an earlier one of the\n"
    "same stream goes on unless the refusal came for the group or the starting point.\n\n";

static const char keys[] =
    "## Keys\n\n"
    "Every connection is encrypted and authenticated with CURVE (RFC 26 of ZeroMQ). The city gives a department a key\n"
    "pair and the server's public key; a client sets its own public and secret key and the server's key on the socket\n"
    "before connecting. The key decides which stream may be followed: asking for another one is answered with `refused`.\n"
    "A server does not answer a key that it does not know. A key that is withdrawn ends its follow within 5 s.\n\n";

void describe_hex(FILE *out, const struct bytes *bytes) {
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

static void put_text(struct bytes *bytes, const char *text) {
    size_t size = strlen(text);
    uint8_t head[] = {0xd9, (uint8_t)size};
    if (size < 32)
        head[1] = (uint8_t)(0xa0 | size);
    bytes_append(bytes, size < 32 ? head + 1 : head, size < 32 ? 1 : 2);
    bytes_append(bytes, text, size);
}

/* The same bytes as common/event.h makes: tests/unit/test_event.c holds them against each other. */
void describe_event_example(struct bytes *bytes) {
    static const char *const texts[] = {"specversion", "1.0",
                                        "id",          "4711.3",
                                        "source",      "/zhitong/zhumadian",
                                        "type",        "zhitong.case.sign",
                                        "subject",     "4711",
                                        "time",        "2026-09-01T00:30:00.250Z",
                                        "sequence",    "00000000000000000042",
                                        "unit",        "works-north",
                                        "data"};
    struct case_moved moved = {.case_id = 4711,
                               .version = 3,
                               .at = 1788222600250,
                               .move = "sign",
                               .from = "dispatched",
                               .state = "handling",
                               .tier = 3,
                               .unit = "works-north",
                               .severity = "yellow",
                               .actor = "li.wei",
                               .channel = "hotline",
                               .item = "streetlight",
                               .area = "north",
                               .lat = NAN,
                               .lon = NAN};
    bytes_append(bytes, "\x89", 1);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        put_text(bytes, texts[i]);
    message_encode(MESSAGE_case_moved, &moved, bytes);
}

void describe_following(FILE *out) {
    struct bytes bytes = {0};
    fputs(following, out);
    fputs(keys, out);
    fputs(departments, out);
    describe_event_example(&bytes);
    fputs("Entry 42 of works-north is these bytes:\n\n", out);
    describe_hex(out, &bytes);
    bytes_close(&bytes);
    fputs(filters, out);
    fputs(groups, out);
}
