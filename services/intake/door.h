/* The door: how good a report is, and whether it can be taken as it is. Pure.
 *
 * Two kinds of senders. One can be asked again: a person before a page or a program that speaks for one; what is needed and missing,
 * or cannot be right, is refused with its field. The other cannot: a sensor, a list of yesterday's calls; then all is kept, and what is
 * missing or wrong lowers the score. What nobody can have meant is refused of both: a place outside the city, an instant in the
 * future, answers that are no answers.
 *
 *   what                                         can be asked   cannot be asked
 *   datum unknown, position outside the city     refused        refused
 *   happened later than in DOOR_AHEAD_MINUTES    refused        refused
 *   attributes are no JSON object of texts       refused        refused
 *   happened longer ago than door.happened_days  refused        kept, counts as flaw
 *   area and position contradict each other      refused        kept, counts as flaw
 *   answer to no question, or to no choice       refused        kept, counts as no answer
 *   needed text, place, picture or answer        refused        missing
 *   wanted text, place, picture or answer        missing        missing
 */
#ifndef ZHITONG_INTAKE_DOOR_H
#define ZHITONG_INTAKE_DOOR_H

#include "common/city_questions.h"
#include "proto/codec.h"

#define DOOR_AHEAD_MINUTES 10  /* a clock may be fast by so much */
#define DOOR_COARSE_METRES 500 /* a border may be drawn wrong by so much */
#define DOOR_MISSING_MAX 240   /* bytes of the list of what is missing */

struct door_ask {
    const struct city *city;
    int64_t now; /* unix ms */
    bool asks;   /* the sender can be asked again */
    bool lists;  /* and only wants to know: what is needed and missing is listed, not refused */
};

struct door_found {
    uint64_t score; /* 1 to 100 */
    char missing[DOOR_MISSING_MAX +
                 1]; /* fields and attribute.CODE, apart by blanks, the weightiest first; cut at a name */
    bool lacks;      /* something needed is missing */
};

/* Looks at a report that report_check found no fault in, and sets it right: its position becomes WGS-84, and an area that is the
 * whole city becomes the one of the position, or else of the address; of a sender that cannot be asked, which may know wide areas only,
 * any area becomes the one in it that the address names. Refuses as said above. The score weighs what the item's
 * door asks for; what it does not ask for does not count, and neither does who reports. */
MUST_CHECK int door_look(const struct door_ask *ask, struct submit *submit, struct door_found *found,
                         struct reason *why);

/* Whether a client of this name can be asked again: a source whose adapter is http, and whoever calls the HTTP API without a key. */
bool door_asks(const struct city *city, const char *client);

/* What to say of a name in `missing`, to whoever reports: of a field of submit a sentence, of attribute.CODE the question's text. "" for
 * another name. */
const char *door_says(const struct city *city, const char *item, const char *name, const char *language);

/* ---- its parts ------------------------------------------------------------------------------------------------------ */

/* Position and area, as above; *contradicted: they do, and were kept. */
MUST_CHECK int door_place(const struct door_ask *ask, struct submit *submit, bool *contradicted, struct reason *why);

/* Looks at the answers; a bit of *answered for each question that has one. Attributes must not be empty. */
MUST_CHECK int door_answers(const struct door_ask *ask, const struct submit *submit, const struct item_words *words,
                            uint32_t *answered, struct reason *why);

#define DOOR_ATTRIBUTE "attribute."
_Static_assert(sizeof DOOR_ATTRIBUTE + CODE_MAX < REASON_FIELD_MAX, "a refusal names a question by its whole code");

#endif
