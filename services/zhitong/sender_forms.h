/* A report in the form in which a source would send it: the source's map, read the other way. Pure. Texts are bounded by
 * SENDER_FORM_MAX; what would not fit is left out from the end of the description. */
#ifndef ZHITONG_SENDER_FORMS_H
#define ZHITONG_SENDER_FORMS_H

#include <jansson.h>

#include "common/city_sources.h"

#define SENDER_FORM_MAX 65536

/* What the source calls it: its own word for the code, where source_values.csv has one. */
const char *sender_word(const struct source_field *field, const char *ours);

/* A webhook's JSON, each field at its pointer. The caller owns it. */
json_t *sender_webhook(const struct source *source, const struct submit *report, const struct city *city);
/* What staff enter at desk: a report without channel and key. The caller owns it. */
json_t *sender_entry(const struct submit *report);
/* Open311: application/x-www-form-urlencoded, with an answer to each question that needs one. Returns its size. */
size_t sender_form(const struct city *city, const struct submit *report, char form[SENDER_FORM_MAX]);
/* A CAP 1.2 alert with one info and one area. Returns its size. */
size_t sender_alert(const struct source *source, const struct submit *report, const struct city *city,
                    char xml[SENDER_FORM_MAX]);
/* An e-mail (RFC 5322). Returns its size. */
size_t sender_mail(const struct submit *report, const struct city *city, char mail[SENDER_FORM_MAX]);
/* A CSV file of one report, header and row, with the source's own columns. Returns its size. */
size_t sender_table(const struct source *source, const struct submit *report, const struct city *city,
                    char csv[SENDER_FORM_MAX]);

#endif
