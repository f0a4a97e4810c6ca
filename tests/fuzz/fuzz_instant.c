/* First byte: which reader. Then an instant as somebody writes it. What is taken lies in the years that are kept, and is written and
 * read again as the same. */
#include "common/instant.h"

#include "common/zone.h"
#include "services/intake/open311_time.h"
#include "services/zhitong/local_time.h"
#include "tests/fuzz/fuzz_input.h"

#define YEAR_10000 INT64_C(253402300800000)

static void check_local(const struct zone *zone, int64_t at) {
    char text[LOCAL_TEXT_MAX];
    int64_t again;
    assert(at >= 0 && at < YEAR_10000);
    local_print(zone, at, text);
    if (at < INT64_C(4102444800000)) /* the zone is known until 2100 */
        assert(local_read(zone, text, &again) == 0 && again == at / 1000 * 1000);
}

static void check_open311(const struct zone *zone, int64_t at) {
    char text[OPEN311_TIME_SIZE];
    struct reason why;
    int64_t again;
    at = at / 1000 * 1000;
    open311_time_write(zone, at, text);
    if (at > INT64_C(946800000000) && at < INT64_C(4102300000000)) /* not the first and last day, which zones shift */
        assert(open311_time_read(zone, "at", text, &again, &why) == 0 && again == at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct zone *zone;
    struct reason why = {.text = ""};
    int64_t at = 0;
    if (size == 0 || (zone == NULL && zone_open(&zone, "Asia/Shanghai", &why) != 0))
        return 0;
    char *text = fuzz_text(data + 1, size - 1);
    switch (data[0]) {
    case 'o':
        if (open311_time_read(zone, "at", text, &at, &why) == 0)
            check_open311(zone, at);
        else
            fuzz_check_reason(&why);
        break;
    case 'l':
        if (local_read(zone, text, &at) == 0)
            check_local(zone, at);
        break;
    case 'r':
        if (instant_read(text, &at) == 0)
            check_local(zone, at);
        break;
    default:
        if (instant_of_text(zone, (enum instant_format)(data[0] % 3), text, &at) == 0)
            check_local(zone, at);
    }
    free(text);
    return 0;
}
