#include "common/report_kept.h"

#include <stdlib.h>
#include <string.h>

#define COPY(field) memcpy(kept->field, opening->field, strlen(opening->field) + 1)

void report_kept_of(const struct case_moved *opening, struct report_kept *kept) {
    COPY(address);
    COPY(title);
    COPY(description);
    COPY(attributes);
    COPY(files);
    COPY(missing);
    COPY(likely);
    kept->lat = opening->lat;
    kept->lon = opening->lon;
}

int report_kept_read(const uint8_t *bytes, size_t size, struct report_kept *kept, struct reason *why) {
    if (message_peek(bytes, size) != MESSAGE_case_moved)
        return message_decode(MESSAGE_report_kept, bytes, size, kept, why);
    struct case_moved opening;
    if (message_decode(MESSAGE_case_moved, bytes, size, &opening, why) != 0)
        return -1;
    report_kept_of(&opening, kept);
    return 0;
}
