/* Group robot of WeCom (企业微信群机器人). Its URL holds a key; nothing is signed. At most 20 messages a minute and robot, a text of
 * at most 2048 bytes. Text, not markdown: what people wrote shows as they wrote it. */
#include "services/notification/carrier_text.h"
#include "services/notification/carriers.h"
#include "services/notification/robot.h"

#define TEXT_BYTES_MAX 2048

static const struct robot_code codes[] = {
    {0, NULL, VERDICT_SENT, 0},
    {45009, NULL, VERDICT_AGAIN, ROBOT_PAUSE_MS}, /* too many in a minute */
    {45033, NULL, VERDICT_AGAIN, ROBOT_PAUSE_MS}, /* too many at once */
    {40008, NULL, VERDICT_DEAD, 0},               /* the kind of message is not known */
    {40058, NULL, VERDICT_DEAD, 0},               /* a parameter is wrong */
    {44004, NULL, VERDICT_DEAD, 0},               /* nothing in it */
    {93000, NULL, VERDICT_DISABLE, 0},            /* the key is not known: the robot was removed */
    {93008, NULL, VERDICT_DISABLE, 0},            /* it is not in a group any more */
    {0, NULL, VERDICT_AGAIN, 0},
};

static int prepare(const struct parcel *parcel, const struct carrier_settings *settings, struct transfer *transfer,
                   struct reason *why) {
    struct bytes text = {0};
    (void)settings;
    if (robot_open(parcel, transfer, why) != 0)
        return -1;
    text_add(&text, parcel->subject);
    text_add(&text, "\n");
    text_add(&text, parcel->text);
    bytes_append(&text, "", 1);
    struct bytes cut = {0};
    text_add_cut(&cut, (const char *)text.data, TEXT_BYTES_MAX);
    bytes_append(&cut, "", 1);
    text_add(&transfer->body, "{\"msgtype\":\"text\",\"text\":{\"content\":\"");
    text_add_json(&transfer->body, (const char *)cut.data);
    text_add(&transfer->body, "\"}}");
    bytes_close(&cut);
    bytes_close(&text);
    return 0;
}

static void judge(const struct carrier_settings *settings, const struct answer *answer, struct verdict *verdict) {
    (void)settings;
    robot_judge(answer, "errcode", codes, verdict);
}

const struct carrier carrier_wecom = {"wecom", true, prepare, judge};
