/* Any bytes as a CAP alert: what is read keeps its bounds and is clean text, what is refused says why; the reports that it becomes pass
 * message_check. */
#include <math.h>

#include "common/cap.h"
#include "common/city_sources.h"
#include "services/intake/cap_map.h"
#include "tests/fuzz/fuzz_input.h"

static void check_text(const char *text, size_t most) {
    size_t size = strlen(text);
    assert(size <= most && text_clean(text, size) == size);
}

static void map(const struct cap_alert *alert) {
    static struct submit reports[CAP_AREAS_MAX];
    static char references[CAP_REFERENCES_MAX][CAP_REFERENCE_MAX + 1];
    const struct source *source = city_source(fuzz_city(), "warn");
    const struct cap_origin origin = {source, city_zone(fuzz_city()), alert, cap_info_for(alert, source)};
    struct reason why = {.text = ""};
    size_t count = 0;
    assert(cap_references(alert, references) <= CAP_REFERENCES_MAX);
    if (cap_check(alert, &why) != 0 || (origin.info != NULL && cap_reports(&origin, reports, &count, &why) != 0))
        fuzz_check_reason(&why);
    for (size_t i = 0; i < count; i++) {
        strcpy(reports[i].key, "key");
        if (message_check(MESSAGE_submit, &reports[i], &why) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cap_alert *alert = NULL;
    struct reason why = {.text = ""};

    if (cap_read(&alert, data, size, &why) != 0) {
        assert(alert == NULL && why.text[0] != '\0' && why.field[0] != '\0');
        return 0;
    }
    check_text(alert->identifier, CAP_WORD_MAX);
    assert(alert->identifier[0] != '\0' && alert->info_count <= CAP_INFOS_MAX);
    for (size_t i = 0; i < alert->info_count; i++) {
        const struct cap_info *info = &alert->infos[i];
        check_text(info->description, CAP_TEXT_MAX);
        assert(info->event[0] != '\0' && info->area_count <= CAP_AREAS_MAX);
        for (size_t j = 0; j < info->area_count; j++)
            assert(isnan(info->areas[j].lat) || (fabs(info->areas[j].lat) < 1000 && fabs(info->areas[j].lon) < 1000));
    }
    map(alert);
    cap_close(&alert);
    return 0;
}
