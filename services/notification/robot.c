#include "services/notification/robot.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

int robot_open(const struct parcel *parcel, struct transfer *transfer, struct reason *why) {
    const char *url = parcel->to->address;
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        return refuse(why, "address", "must be the robot's URL, beginning with https://");
    for (const unsigned char *at = (const unsigned char *)url; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return refuse(why, "address", "must be a URL without blanks, in ASCII");
    transfer->kind = TRANSFER_HTTP;
    transfer->guarded = true;
    snprintf(transfer->url, sizeof transfer->url, "%s", url);
    snprintf(transfer->headers[transfer->header_count++], TRANSFER_HEADER_MAX + 1, "%s",
             "Content-Type: application/json; charset=utf-8");
    return 0;
}

void robot_judge(const struct answer *answer, const char *name, const struct robot_code *codes,
                 struct verdict *verdict) {
    json_t *json = json_loads(answer->body, 0, NULL);
    const json_t *code = json_object_get(json, name);
    *verdict = (struct verdict){VERDICT_AGAIN, answer->retry_after_ms > 0 ? answer->retry_after_ms : 0};
    if (answer->status == 429 && verdict->wait_ms < ROBOT_PAUSE_MS)
        verdict->wait_ms = ROBOT_PAUSE_MS;
    if (json_is_integer(code) && answer->status != 0) {
        for (; codes->kind != VERDICT_AGAIN || codes->code != 0; codes++) {
            if (codes->code != json_integer_value(code) ||
                (codes->says != NULL && strstr(answer->body, codes->says) == NULL))
                continue;
            *verdict = (struct verdict){codes->kind, codes->wait_ms};
            break;
        }
    }
    json_decref(json);
}
