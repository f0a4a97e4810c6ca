/* From the form of POST requests to a report. Pure.
 *
 * The specification's parameters: service_code; lat and long, address_string or address_id (an area's code), one of them at least;
 * attribute[CODE] and attribute[CODE][]; description, media_url, email, first_name, last_name, phone, device_id, account_id. Beside
 * them files, in parts of any name. What FixMyStreet puts into attributes is taken from there: title, and external_id or
 * fixmystreet_id, the report's number in the system it comes from. Attributes that no question of the item asks for are left out. */
#ifndef ZHITONG_INTAKE_OPEN311_FORM_H
#define ZHITONG_INTAKE_OPEN311_FORM_H

#include "common/city_sources.h"
#include "services/intake/open311.h"

struct open311_field {
    const char *name, *value;
    const char *file; /* SHA-256 in hex of a file that was stored; NULL: a text */
};

struct open311_form {
    const struct open311_field *fields;
    size_t count;
    const struct city *city;
    const struct source *source;
};

/* The first value of that name; NULL when it is absent or empty. */
const char *open311_form_value(const struct open311_form *form, const char *name);

/* Tells every parameter that may stand there once and is there again; both kinds of form have them. */
void open311_form_once(const struct open311_form *form, struct open311_errors *errors);

/* Fills all of the report but its key. Tells every field that is wrong; true: none is. */
MUST_CHECK bool open311_form_read(const struct open311_form *form, struct submit *submit,
                                  struct open311_errors *errors);

/* The idempotency key of a report with a number of its own: "id:" and the number, or its BLAKE2b where it is long. */
#define OPEN311_KEY_SIZE 65
void open311_form_key(const char *source_id, char key[OPEN311_KEY_SIZE]);

#endif
