/* Group robot of DingTalk (钉钉自定义机器人). Signed in the URL: timestamp is unix ms, sign is base64 of HMAC-SHA256 with the secret
 * over `timestamp newline secret`, percent-encoded. At most 20 messages a minute and robot. Markdown, with everything that people
 * wrote escaped; it mentions nobody, since it has no member `at`. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/notification/carrier_text.h"
#include "services/notification/carriers.h"
#include "services/notification/robot.h"

#define TEXT_BYTES_MAX 8000 /* before escaping; the robot takes 20,000 */
#define TITLE_BYTES_MAX 200

static const struct robot_code codes[] = {
    {0, NULL, VERDICT_SENT, 0},
    {130101, NULL, VERDICT_AGAIN, ROBOT_PAUSE_MS}, /* too many in a minute */
    {660026, NULL, VERDICT_AGAIN, ROBOT_PAUSE_MS}, /* held back */
    {410100, NULL, VERDICT_AGAIN, ROBOT_PAUSE_MS}, /* too fast */
    {40035, NULL, VERDICT_DEAD, 0},                /* a parameter is wrong */
    {43004, NULL, VERDICT_DEAD, 0},                /* the type is wrong */
    {400105, NULL, VERDICT_DEAD, 0},               /* the kind of message is not known */
    {430101, NULL, VERDICT_DEAD, 0},               /* it does not like the link */
    {430102, NULL, VERDICT_DEAD, 0},               /* nor the text */
    {430103, NULL, VERDICT_DEAD, 0},               /* nor the picture */
    {430104, NULL, VERDICT_DEAD, 0},               /* nor anything of it */
    {300001, NULL, VERDICT_DISABLE, 0},            /* the token is not known */
    {400013, NULL, VERDICT_DISABLE, 0},            /* the group was dissolved */
    {400101, NULL, VERDICT_DISABLE, 0},            /* the token is not known */
    {400102, NULL, VERDICT_DISABLE, 0},            /* the robot was stopped */
    {0, NULL, VERDICT_AGAIN, 0},                   /* 310000 too, a wrong signature: somebody can mend it */
};

static void sign_url(const struct parcel *parcel, struct transfer *transfer) {
    char message[CARRIER_SECRET_MAX + 32], signature[SIGNATURE_TEXT_SIZE];
    struct bytes coded = {0};
    const char *secret = parcel->to->secrets[0];
    snprintf(message, sizeof message, "%" PRId64 "\n%s", parcel->at, secret);
    text_sign(signature, secret, message);
    text_add_form(&coded, signature);
    size_t used = strlen(transfer->url);
    snprintf(transfer->url + used, sizeof transfer->url - used, "%ctimestamp=%" PRId64 "&sign=%.*s",
             strchr(transfer->url, '?') != NULL ? '&' : '?', parcel->at, (int)coded.size, (const char *)coded.data);
    bytes_close(&coded);
}

static int prepare(const struct parcel *parcel, const struct carrier_settings *settings, struct transfer *transfer,
                   struct reason *why) {
    struct bytes title = {0}, text = {0}, markdown = {0};
    (void)settings;
    if (robot_open(parcel, transfer, why) != 0)
        return -1;
    if (parcel->to->secret_count > 0)
        sign_url(parcel, transfer);
    text_add_cut(&title, parcel->subject, TITLE_BYTES_MAX);
    bytes_append(&title, "", 1);
    text_add_cut(&text, parcel->text, TEXT_BYTES_MAX);
    bytes_append(&text, "", 1);
    text_add(&markdown, "#### ");
    text_add_markdown(&markdown, (const char *)title.data);
    text_add(&markdown, "\n\n");
    text_add_markdown(&markdown, (const char *)text.data);
    bytes_append(&markdown, "", 1);
    text_add(&transfer->body, "{\"msgtype\":\"markdown\",\"markdown\":{\"title\":\"");
    text_add_json(&transfer->body, (const char *)title.data);
    text_add(&transfer->body, "\",\"text\":\"");
    text_add_json(&transfer->body, (const char *)markdown.data);
    text_add(&transfer->body, "\"}}");
    bytes_close(&title);
    bytes_close(&text);
    bytes_close(&markdown);
    return 0;
}

static void judge(const struct carrier_settings *settings, const struct answer *answer, struct verdict *verdict) {
    (void)settings;
    robot_judge(answer, "errcode", codes, verdict);
}

const struct carrier carrier_dingtalk = {"dingtalk", true, prepare, judge};
