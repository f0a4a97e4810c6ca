/* Group robot of Feishu (飞书自定义机器人). Signed in the body: timestamp is unix seconds, sign is base64 of HMAC-SHA256 with
 * `timestamp newline secret` as key over nothing. At most 5 messages a second and 100 a minute. A post of plain text elements, in
 * which neither tags nor markdown mean anything. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/notification/carrier_text.h"
#include "services/notification/carriers.h"
#include "services/notification/robot.h"

#define TEXT_BYTES_MAX 8000 /* the robot takes 20 KB in all */
#define TITLE_BYTES_MAX 200

static const struct robot_code codes[] = {
    {0, NULL, VERDICT_SENT, 0},
    {11232, NULL, VERDICT_AGAIN, ROBOT_PAUSE_MS}, /* too many */
    {9499, "too many", VERDICT_AGAIN, ROBOT_PAUSE_MS},
    {9499, NULL, VERDICT_DEAD, 0},     /* the request is not well formed */
    {11246, NULL, VERDICT_DEAD, 0},    /* the content is wrong */
    {19001, NULL, VERDICT_DISABLE, 0}, /* the token is not known */
    {19007, NULL, VERDICT_DISABLE, 0}, /* the robot was stopped */
    {0, NULL, VERDICT_AGAIN, 0}, /* 19021 to 19024 too, a wrong signature, address or keyword: somebody can mend it */
};

static void add_signature(const struct parcel *parcel, struct bytes *body) {
    char key[CARRIER_SECRET_MAX + 32], signature[SIGNATURE_TEXT_SIZE], member[160];
    snprintf(key, sizeof key, "%" PRId64 "\n%s", parcel->at / 1000, parcel->to->secrets[0]);
    text_sign(signature, key, "");
    snprintf(member, sizeof member, "\"timestamp\":\"%" PRId64 "\",\"sign\":\"%s\",", parcel->at / 1000, signature);
    text_add(body, member);
}

static void add_lines(const char *text, struct bytes *body) {
    const char *between = "";
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        struct bytes line = {0};
        bytes_append(&line, text, size);
        bytes_append(&line, "", 1);
        text_add(body, between);
        text_add(body, "[{\"tag\":\"text\",\"text\":\"");
        text_add_json(body, (const char *)line.data);
        text_add(body, "\"}]");
        bytes_close(&line);
        between = ",";
        text += size + (text[size] == '\n');
    }
}

static int prepare(const struct parcel *parcel, const struct carrier_settings *settings, struct transfer *transfer,
                   struct reason *why) {
    struct bytes title = {0}, text = {0};
    (void)settings;
    if (robot_open(parcel, transfer, why) != 0)
        return -1;
    text_add_cut(&title, parcel->subject, TITLE_BYTES_MAX);
    bytes_append(&title, "", 1);
    text_add_cut(&text, parcel->text, TEXT_BYTES_MAX);
    bytes_append(&text, "", 1);
    text_add(&transfer->body, "{");
    if (parcel->to->secret_count > 0)
        add_signature(parcel, &transfer->body);
    text_add(&transfer->body, "\"msg_type\":\"post\",\"content\":{\"post\":{\"");
    text_add(&transfer->body, strncmp(parcel->language, "zh", 2) == 0 ? "zh_cn" : "en_us");
    text_add(&transfer->body, "\":{\"title\":\"");
    text_add_json(&transfer->body, (const char *)title.data);
    text_add(&transfer->body, "\",\"content\":[");
    add_lines((const char *)text.data, &transfer->body);
    text_add(&transfer->body, "]}}}}");
    bytes_close(&title);
    bytes_close(&text);
    return 0;
}

static void judge(const struct carrier_settings *settings, const struct answer *answer, struct verdict *verdict) {
    (void)settings;
    robot_judge(answer, strstr(answer->body, "\"code\"") != NULL ? "code" : "StatusCode", codes, verdict);
}

const struct carrier carrier_feishu = {"feishu", true, prepare, judge};
