/* What comes is the attributes of a report. Whatever they are, the door answers with a reason of clean text, or with bits of questions
 * that there are; and who cannot be asked is refused nothing that is not refused of everybody. */
#include <assert.h>
#include <string.h>

#include "proto/text.h"
#include "services/intake/door.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct choice choices[] = {{"a", {"A", ""}}, {"b", {"B", ""}}};
static const struct question questions[] = {
    {.code = "s", .datatype = DATATYPE_string},
    {.code = "n", .datatype = DATATYPE_number},
    {.code = "d", .datatype = DATATYPE_datetime},
    {.code = "t", .datatype = DATATYPE_text},
    {"one", DATATYPE_singlevaluelist, false, {"", ""}, {"", ""}, choices, 2},
    {"many", DATATYPE_multivaluelist, true, {"", ""}, {"", ""}, choices, 2},
};
#define QUESTION_COUNT (sizeof questions / sizeof *questions)

static int look(const struct submit *submit, bool asks) {
    static const struct item_words words = {{"", ""}, "", questions, QUESTION_COUNT, NULL, 0};
    const struct door_ask ask = {.asks = asks};
    struct reason why;
    uint32_t answered = 0;
    int status = door_answers(&ask, submit, &words, &answered, &why);
    assert(answered >> QUESTION_COUNT == 0 && (status == 0 || answered == 0));
    if (status != 0)
        assert(why.text[0] != '\0' && text_clean(why.field, strlen(why.field)) == strlen(why.field) &&
               text_clean(why.text, strlen(why.text)) == strlen(why.text));
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct submit submit;
    if (size >= sizeof submit.attributes)
        return 0;
    memcpy(submit.attributes, data, size);
    submit.attributes[size] = '\0';
    int of_a_machine = look(&submit, false), of_a_person = look(&submit, true);
    assert(of_a_person != 0 || of_a_machine == 0);
    return 0;
}
