#include "services/notification/notice_words.h"

#include <string.h>

#include "common/city_questions.h"
#include "services/notification/carrier_text.h"
#include "services/notification/notice_html.h"

bool notice_has_words(const struct city *city, const char *stream, enum notice_event event) {
    return city_notice(city, notice_audience_of(stream), event, "") != NULL;
}

void notice_words_close(struct notice_words *words) {
    bytes_close(&words->subject);
    bytes_close(&words->text);
    bytes_close(&words->sms);
    bytes_close(&words->html);
}

/* ---- filling in --------------------------------------------------------------------------------------------------------------- */

struct filling {
    const struct notice_about *about;
    const struct case_moved *moved; /* NULL: of no case */
};

/* One line; false where a placeholder of it has nothing. */
static bool fill_line(const struct filling *filling, const char *line, size_t size, struct bytes *out) {
    bool whole = true;
    for (size_t at = 0; at < size;) {
        size_t placeholder = 0, before = out->size;
        enum notice_fact fact = notice_placeholder(line + at, &placeholder);
        if (fact == FACT_COUNT) {
            bytes_append(out, line + at, 1);
            at++;
            continue;
        }
        notice_add_fact(filling->about, filling->moved, fact, out);
        for (size_t i = before; i < out->size; i++) /* what people wrote begins no line of ours */
            if (out->data[i] == '\n' || out->data[i] == '\r')
                out->data[i] = ' ';
        whole = whole && out->size > before;
        at += placeholder;
    }
    return whole;
}

/* All lines but those that lack something. */
static void fill_text(const struct filling *filling, const char *text, struct bytes *out) {
    while (*text != '\0') {
        size_t size = strcspn(text, "\n"), before = out->size;
        if (fill_line(filling, text, size, out))
            bytes_append(out, "\n", 1);
        else
            out->size = before;
        text += size + (text[size] == '\n');
    }
}

/* A subject or short message: one line, whatever it lacks. */
static void fill_short(const struct filling *filling, const char *text, struct bytes *out) {
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        (void)fill_line(filling, text, size, out);
        text += size;
        if (*text != '\0' && *++text != '\0')
            bytes_append(out, " ", 1);
    }
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->size--;
}

/* ---- one message -------------------------------------------------------------------------------------------------------------- */

static const struct notice_text *text_of(const struct notice_about *about, enum notice_event event) {
    return city_notice(about->city, notice_audience_of(about->stream), event, about->language);
}

static void end_all(struct notice_words *words) {
    struct bytes *const all[] = {&words->subject, &words->text, &words->sms, &words->html};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        bytes_append(all[i], "", 1);
}

static void add_html(const struct notice_about *about, const struct filling *filling, struct notice_words *words) {
    const struct notice_text *last = text_of(about, NOTICE_ending);
    struct bytes subject = {0}, text = {0}, ending = {0};
    bytes_append(&subject, words->subject.data, words->subject.size);
    bytes_append(&text, words->text.data, words->text.size);
    if (last != NULL && about->end_url[0] != '\0')
        fill_text(&(struct filling){about, NULL}, last->text, &ending);
    if (ending.size > 0) {
        text_add(&words->text, "\n-- \n");
        bytes_append(&words->text, ending.data, ending.size);
    }
    bytes_append(&subject, "", 1);
    bytes_append(&text, "", 1);
    bytes_append(&ending, "", 1);
    const struct notice_html page = {(const char *)subject.data, (const char *)text.data, (const char *)ending.data,
                                     filling->moved};
    notice_html(about, &page, &words->html);
    bytes_close(&subject);
    bytes_close(&text);
    bytes_close(&ending);
}

static int write_one(const struct notice_about *about, enum notice_event event, const struct case_moved *moved,
                     struct notice_words *words, struct reason *why) {
    const struct notice_text *text = text_of(about, event);
    const struct filling filling = {about, moved};
    if (text == NULL)
        return refuse(why, "notices", "the city has no words for \"%s\"", notice_spec(event)->code);
    fill_short(&filling, text->subject, &words->subject);
    fill_text(&filling, text->text, &words->text);
    fill_short(&filling, *text->sms != '\0' ? text->sms : text->subject, &words->sms);
    add_html(about, &filling, words);
    end_all(words);
    return 0;
}

static void add_item(const struct notice_about *about, const struct case_moved *moved, struct notice_words *words) {
    enum notice_event event = notice_of_stream(about->stream, moved);
    const struct notice_text *text = event != NOTICE_NONE ? text_of(about, event) : NULL;
    if (text == NULL)
        return;
    struct filling filling = {about, moved};
    struct bytes lines = {0};
    text_add(&words->text, "\n* ");
    fill_short(&filling, text->subject, &words->text);
    text_add(&words->text, " (");
    notice_add_fact(about, moved, FACT_at, &words->text);
    text_add(&words->text, ")\n");
    fill_text(&filling, text->text, &lines);
    bytes_append(&lines, "", 1);
    for (const char *line = (const char *)lines.data; *line != '\0';) {
        size_t size = strcspn(line, "\n");
        text_add(&words->text, "  ");
        bytes_append(&words->text, line, size);
        text_add(&words->text, "\n");
        line += size + (line[size] == '\n');
    }
    bytes_close(&lines);
}

static int write_bundle(const struct notice_about *about, struct notice_words *words, struct reason *why) {
    const struct notice_text *text = text_of(about, NOTICE_bundle);
    const struct filling filling = {about, NULL};
    if (text == NULL)
        return refuse(why, "notices", "the city has no words for \"bundle\"");
    fill_short(&filling, text->subject, &words->subject);
    fill_text(&filling, text->text, &words->text);
    fill_short(&filling, *text->sms != '\0' ? text->sms : text->subject, &words->sms);
    for (int i = 0; i < about->count; i++)
        add_item(about, about->moved[i], words);
    add_html(about, &filling, words);
    end_all(words);
    return 0;
}

/* In the language of the words that there are: names go with it. */
static struct notice_about in_its_language(const struct notice_about *about, enum notice_event event) {
    struct notice_about in = *about;
    const struct notice_text *text = text_of(about, event);
    in.language = text != NULL ? text->language : city_language(about->city);
    return in;
}

int notice_words(const struct notice_about *about, struct notice_words *words, struct reason *why) {
    enum notice_event event = about->count == 1 ? notice_of_stream(about->stream, about->moved[0]) : NOTICE_bundle;
    if (event == NOTICE_NONE)
        return refuse(why, "notices", "nothing is told of the move %s", about->moved[0]->move);
    struct notice_about in = in_its_language(about, event);
    return event == NOTICE_bundle ? write_bundle(&in, words, why) : write_one(&in, event, in.moved[0], words, why);
}

int notice_words_of(const struct notice_about *about, enum notice_event event, struct notice_words *words,
                    struct reason *why) {
    struct notice_about in = in_its_language(about, event);
    return write_one(&in, event, NULL, words, why);
}
