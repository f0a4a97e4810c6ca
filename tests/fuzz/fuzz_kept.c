/* First byte: which reader. Then what stands in a row of our own, that an older or a broken program may have written: it is read or
 * refused, and what was read is written and read again as the same. */
#include <jansson.h>

#include "common/report_kept.h"
#include "common/report_more.h"
#include "services/desk/kept_json.h"
#include "services/routing/case_clocks.h"
#include "tests/fuzz/fuzz_input.h"

static void check_json(json_t *json) {
    if (json == NULL)
        return;
    char *text = json_dumps(json, 0);
    assert(text != NULL);
    free(text);
    json_decref(json);
}

static void case_kept(const char *text) {
    static struct case_file once, twice;
    struct reason why = {.text = ""};
    const char *tasks = strchr(text, '\n');
    memset(&once, 0, sizeof once);
    snprintf(once.kept.clocks, sizeof once.kept.clocks, "%.*s", (int)strcspn(text, "\n"), text);
    snprintf(once.kept.tasks, sizeof once.kept.tasks, "%s", tasks != NULL ? tasks + 1 : "");
    check_json(kept_clocks_json(once.kept.clocks));
    check_json(kept_tasks_json(once.kept.tasks));
    if (case_kept_read(&once, &why) != 0) {
        fuzz_check_reason(&why);
        return;
    }
    case_kept_write(&once);
    twice = once;
    assert(case_kept_read(&twice, &why) == 0);
    assert(once.task_count == twice.task_count && memcmp(once.clocks, twice.clocks, sizeof once.clocks) == 0);
}

static void more(const char *text) {
    char answers[400] = "{\"a\":\"1\"}", files[200] = "", words[100] = "", missing[100] = "photo attribute.a place";
    if (report_add_answers(answers, sizeof answers, text, true) == 0) {
        json_t *json = json_loads(answers, JSON_REJECT_DUPLICATES, NULL);
        assert(json_is_object(json) && strlen(answers) < sizeof answers);
        json_decref(json);
    }
    if (report_add_file(files, sizeof files, text) == 0)
        assert(strspn(files, "0123456789abcdef") >= 64);
    if (report_add_words(words, sizeof words, text) == 0)
        assert(strlen(words) < sizeof words);
    report_fill_missing(missing, text, files);
    assert(strlen(missing) < sizeof missing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct report_kept kept;
    struct reason why = {.text = ""};
    if (size == 0)
        return 0;
    char *text = fuzz_text(data + 1, size - 1);
    if (data[0] == 'c')
        case_kept(text);
    else if (data[0] == 'm' && text_clean(text, strlen(text)) == strlen(text))
        more(text);
    else if (report_kept_read(data + 1, size - 1, &kept, &why) != 0)
        fuzz_check_reason(&why);
    free(text);
    return 0;
}
