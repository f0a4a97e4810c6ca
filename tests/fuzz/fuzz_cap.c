/* Any bytes as a CAP alert: what is read keeps its bounds and is clean text, what is refused says why. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "common/cap.h"
#include "proto/text.h"

static void check_text(const char *text, size_t most) {
    size_t size = strlen(text);
    assert(size <= most && text_clean(text, size) == size);
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
    cap_close(&alert);
    return 0;
}
