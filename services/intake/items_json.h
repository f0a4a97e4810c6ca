/* What can be reported, for pages and programs that ask: GET /items and GET /items/CODE. Pure. */
#ifndef ZHITONG_INTAKE_ITEMS_JSON_H
#define ZHITONG_INTAKE_ITEMS_JSON_H

#include <jansson.h>

#include "common/city.h"

/* {"language":…,"area":…,"items":[{"code","name","parent","matter","description","keywords","questions"}, …]}, in the order
 * of items.csv; area is the whole city, for a report whose area is not known. What the folder does not say is absent. The caller
 * json_decref()s it. */
json_t *items_json(const struct city *city, const char *language);

/* {"code","name","parent","matter","language","description","keywords","filing","closing","basis","answer",
 *  "asks":{"text_least","photo","place","happened_days"},
 *  "questions":[{"code","datatype","needed","text","hint","choices":[{"code","name"}]}]} */
json_t *item_json(const struct city *city, const struct item *item, const char *language);

#define LANGUAGE_MAX 8 /* bytes of a tag */
/* The tag that is asked for: `wanted` (NULL: none), else the best of an Accept-Language header (RFC 9110; NULL: none), else the
 * city's own. */
void language_of(const struct city *city, const char *wanted, const char *accepted, char language[LANGUAGE_MAX + 1]);

#endif
