#include "services/intake/items_json.h"

#include <stdlib.h>
#include <string.h>

#include "common/city_door.h"
#include "common/city_place.h"
#include "common/city_questions.h"
#include "common/json_parts.h"

static json_t *named(const char *code, const struct wording *name, const char *language) {
    json_t *json = json_object();
    json_add_text(json, "code", code);
    json_add_text(json, "name", wording_in(name, language));
    return json;
}

static json_t *head_json(const struct item *item, const struct item_words *words, const char *language) {
    json_t *json = named(item->code, &words->name, language);
    const struct item_text *text = item_text_in(words, language);
    json_add_text(json, "parent", item->parent != NULL ? item->parent->code : "");
    json_add_text(json, "matter", words->matter);
    if (text != NULL) {
        json_add_text(json, "description", text->description);
        json_add_text(json, "keywords", text->keywords);
    }
    return json;
}

json_t *items_json(const struct city *city, const char *language) {
    json_t *list = json_array();
    size_t count;
    const struct item *items = city_items(city, &count);
    for (size_t i = 0; i < count; i++) {
        const struct item_words *words = city_item_words(city, &items[i]);
        json_t *json = head_json(&items[i], words, language);
        json_object_set_new(json, "questions", json_integer((json_int_t)words->question_count));
        json_array_append_new(list, json);
    }
    return json_pack("{s:s, s:s, s:o}", "language", language, "area", city_top(city)->code, "items", list);
}

static json_t *question_json(const struct question *question, const char *language) {
    json_t *json = json_pack("{s:s, s:s, s:b}", "code", question->code, "datatype", datatype_name(question->datatype),
                             "needed", question->needed);
    json_add_text(json, "text", wording_in(&question->text, language));
    json_add_text(json, "hint", wording_in(&question->hint, language));
    if (question->choice_count == 0)
        return json;
    json_t *choices = json_array();
    for (size_t i = 0; i < question->choice_count; i++)
        json_array_append_new(choices, named(question->choices[i].code, &question->choices[i].name, language));
    json_object_set_new(json, "choices", choices);
    return json;
}

json_t *item_json(const struct city *city, const struct item *item, const char *language) {
    static const char *const wants[] = {"no", "wanted", "needed"};
    const struct item_words *words = city_item_words(city, item);
    const struct item_text *text = item_text_in(words, language);
    const struct door *door = city_door(city, item->code);
    json_t *json = head_json(item, words, language), *questions = json_array();
    json_add_text(json, "language", language);
    if (text != NULL) {
        json_add_text(json, "filing", text->filing);
        json_add_text(json, "closing", text->closing);
        json_add_text(json, "basis", text->basis);
        json_add_text(json, "answer", text->answer);
    }
    json_object_set_new(json, "asks",
                        json_pack("{s:i, s:s, s:s, s:i}", "text_least", (int)door->text_least, "photo",
                                  wants[door->photo], "place", wants[door->place], "happened_days",
                                  (int)door->happened_days));
    for (size_t i = 0; i < words->question_count; i++)
        json_array_append_new(questions, question_json(&words->questions[i], language));
    json_object_set_new(json, "questions", questions);
    return json;
}

/* ---- languages --------------------------------------------------------------------------------------------------------- */

static bool take_tag(const char *text, size_t size, char language[LANGUAGE_MAX + 1]) {
    if (size < 2 || size > LANGUAGE_MAX || text[0] == '*')
        return false;
    for (size_t i = 0; i < size; i++)
        language[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    language[size] = '\0';
    return strspn(language, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

/* Quality of one entry in thousandths, 0 to 1000 whatever it says (RFC 9110, 12.4.2); 1000 where it says none. */
static int quality_of(const char *entry, size_t size) {
    const char *q = memchr(entry, ';', size);
    if (q == NULL)
        return 1000;
    q += 1 + strspn(q + 1, " \t");
    if ((size_t)(q - entry) + 2 >= size || (*q != 'q' && *q != 'Q') || q[1] != '=')
        return 1000;
    double said = strtod(q + 2, NULL);
    if (!(said > 0)) /* nor is it a number */
        return 0;
    return said < 1 ? (int)(said * 1000) : 1000;
}

void language_of(const struct city *city, const char *wanted, const char *accepted, char language[LANGUAGE_MAX + 1]) {
    int best = 0;
    if (wanted != NULL && take_tag(wanted, strlen(wanted), language))
        return;
    strcpy(language, city_language(city));
    while (accepted != NULL && *accepted != '\0') {
        accepted += strspn(accepted, " \t,");
        size_t size = strcspn(accepted, ",");
        char tag[LANGUAGE_MAX + 1];
        int quality = quality_of(accepted, size);
        if (quality > best && take_tag(accepted, strcspn(accepted, " \t,;"), tag)) {
            strcpy(language, tag);
            best = quality;
        }
        accepted += size;
    }
}
