/* What a text is likely to be about, before anybody reports it: items with probabilities, what a report of the likeliest would
 * lack, and what the city always answers to it. Pure; nothing of the text is kept. */
#ifndef ZHITONG_INTAKE_ASSIST_H
#define ZHITONG_INTAKE_ASSIST_H

#include <jansson.h>

#include "common/city.h"
#include "common/classifier.h"
#include "proto/codec.h"
#include "services/intake/items_json.h"

#define ASSIST_TEXT_BYTES_MAX 4000
#define ASSIST_ITEMS_MAX 5

struct assist_ask {
    struct submit report; /* what is known of it: the text as its description; item, area and channel say nothing yet */
    char language[LANGUAGE_MAX + 1]; /* "": none is asked for */
};

/* {"text", "lang", "lat", "long", "attributes"}: only text must be there; attributes is an object of texts, or one as text. Refuses with
 * the field, also a key that is none of these. */
MUST_CHECK int assist_read(const json_t *body, struct assist_ask *ask, struct reason *why);

/* {"language", "items":[{"code","name","probability"}, …], "missing":[{"field","text"}, …], "answer"}: at most ASSIST_ITEMS_MAX items,
 * the likeliest first; labels of the model that are no items of the city are left out, and their probability with them. No item:
 * the model knows nothing in this text. ask->report becomes one of the likeliest item. `now` is unix ms. Refuses a place outside the
 * city (field lat). The caller json_decref()s *out. */
struct assist_with {
    const struct city *city;
    const struct classifier *classifier;
    int64_t now;
};
MUST_CHECK int assist_json(const struct assist_with *with, struct assist_ask *ask, json_t **out, struct reason *why);

#endif
