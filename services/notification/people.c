#include "services/notification/people.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/end_token.h"
#include "common/receipt.h"
#include "services/notification/carrier_text.h"
#include "services/notification/notice_words.h"

#define LINK_BYTES_MAX 500

/* ---- links -------------------------------------------------------------------------------------------------------------------- */

/* The operator's address with case and code in their places, percent-encoded. */
static void write_receipt_url(char *url, size_t room, const char *pattern, const char *const values[2]) {
    static const char *const names[] = {"{case}", "{receipt}"};
    struct bytes out = {0};
    while (*pattern != '\0') {
        int i = 0;
        while (i < 2 && strncmp(pattern, names[i], strlen(names[i])) != 0)
            i++;
        if (i < 2)
            text_add_form(&out, values[i]);
        else
            bytes_append(&out, pattern, 1);
        pattern += i < 2 ? strlen(names[i]) : 1;
    }
    bytes_append(&out, "", 1);
    snprintf(url, room, "%s", (const char *)out.data);
    bytes_close(&out);
}

struct links {
    char number[24], receipt[RECEIPT_TEXT_SIZE], receipt_url[LINK_BYTES_MAX], token[END_TOKEN_SIZE + 8];
};

static void write_links(const struct people_entries *entries, struct links *links, struct people_words *words) {
    const struct people_house *house = entries->house;
    *links = (struct links){.number = ""};
    bool reporter = notice_audience_of(entries->endpoint->unit) == AUDIENCE_reporter;
    snprintf(links->token, sizeof links->token, "%s", entries->endpoint->token);
    if (reporter && house->keys != NULL && entries->count == 1) {
        uint64_t case_id = entries->moved[0]->case_id;
        snprintf(links->number, sizeof links->number, "%" PRIu64, case_id);
        receipt_print(house->keys, case_id, links->receipt);
        if (house->settings->receipt_url[0] != '\0')
            write_receipt_url(links->receipt_url, sizeof links->receipt_url, house->settings->receipt_url,
                              (const char *const[]){links->number, links->receipt});
        end_token_print(house->keys, case_id, links->token);
    }
    if (house->settings->public_url[0] != '\0' && links->token[0] != '\0')
        snprintf(words->end_url, sizeof words->end_url, "%s/unsubscribe/%s", house->settings->public_url, links->token);
}

/* ---- words -------------------------------------------------------------------------------------------------------------------- */

/* Text for the carrier: all of it, or the short message. Robots have no ending of their own: whoever made one ends it. */
static void take_words(const struct endpoint *endpoint, struct notice_words *from, struct people_words *words) {
    bool sms = strcmp(endpoint->carrier->name, "sms") == 0;
    bytes_append(&words->subject, from->subject.data, from->subject.size);
    bytes_append(&words->text, sms ? from->sms.data : from->text.data, sms ? from->sms.size : from->text.size);
    bytes_append(&words->html, from->html.data, from->html.size);
    notice_words_close(from);
}

static struct notice_about about_of(const struct people_entries *entries, const struct links *links,
                                    const struct people_words *words) {
    bool mail = strcmp(entries->endpoint->carrier->name, "email") == 0;
    return (struct notice_about){.city = entries->city,
                                 .stream = entries->endpoint->unit,
                                 .language = entries->endpoint->language,
                                 .moved = entries->moved,
                                 .count = entries->count,
                                 .receipt = links->receipt,
                                 .receipt_url = links->receipt_url,
                                 .end_url = mail ? words->end_url : "",
                                 .endpoint = "",
                                 .trouble = ""};
}

static bool is_urgent(const struct people_entries *entries) {
    for (int i = 0; i < entries->count; i++)
        if (severity_rank(entries->moved[i]->severity) >= severity_rank("orange"))
            return notice_audience_of(entries->endpoint->unit) == AUDIENCE_unit;
    return false;
}

int people_render(const struct people_entries *entries, struct people_words *words, struct reason *why) {
    struct notice_words said = {0};
    struct links links;
    if (entries->city == NULL)
        return refuse(why, "city", "none is loaded");
    write_links(entries, &links, words);
    const struct notice_about about = about_of(entries, &links, words);
    if (notice_words(&about, &said, why) != 0)
        return -1;
    take_words(entries->endpoint, &said, words);
    words->urgent = is_urgent(entries);
    return 0;
}

int people_announce(const struct people_entries *to, const struct people_announcement *announcement,
                    struct people_words *words, struct reason *why) {
    struct notice_words said = {0};
    struct links links;
    bool test = strcmp(announcement->kind, "test") == 0;
    if (to->city == NULL)
        return refuse(why, "city", "none is loaded");
    write_links(to, &links, words);
    struct notice_about about = about_of(to, &links, words);
    about.endpoint = announcement->about;
    about.trouble = announcement->why;
    if (notice_words_of(&about, test ? NOTICE_test : NOTICE_disabled, &said, why) != 0)
        return -1;
    take_words(to->endpoint, &said, words);
    return 0;
}

void people_words_close(struct people_words *words) {
    bytes_close(&words->subject);
    bytes_close(&words->text);
    bytes_close(&words->html);
}
