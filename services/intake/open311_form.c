#include "services/intake/open311_form.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/city_questions.h"
#include "common/source_map.h"
#include "services/intake/open311_query.h"

#define ATTRIBUTE "attribute["
#define KEY_NUMBER_MAX 60 /* bytes of a number that stands in a key as it is */

struct filling { /* of one report */
    const struct open311_form *form;
    struct submit *submit;
    struct open311_errors *errors;
};

static void wrong(const struct filling *filling, int status, const struct reason *why) {
    open311_error(filling->errors, status, why);
}

const char *open311_form_value(const struct open311_form *form, const char *name) {
    for (size_t i = 0; i < form->count; i++)
        if (form->fields[i].file == NULL && strcmp(form->fields[i].name, name) == 0)
            return form->fields[i].value[0] != '\0' ? form->fields[i].value : NULL;
    return NULL;
}

/* ---- names --------------------------------------------------------------------------------------------------------------- */

/* What a form says once. Other attributes may have several answers and a report several pictures; names that are not of the standard
 * mean nothing here. */
static const char *const once[] = {
    "jurisdiction_id",
    "api_key",
    "service_code",
    "lat",
    "long",
    "address_string",
    "address_id",
    "description",
    "email",
    "device_id",
    "account_id",
    "first_name",
    "last_name",
    "phone",
    (ATTRIBUTE "title]"),
    (ATTRIBUTE "external_id]"),
    (ATTRIBUTE "fixmystreet_id]"),
    "service_request_id",
    "updated_datetime",
    "update_id",
    "status",
};

void open311_form_once(const struct open311_form *form, struct open311_errors *errors) {
    struct reason why;
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
        int count = 0;
        for (size_t j = 0; j < form->count; j++)
            count += form->fields[j].file == NULL && strcmp(form->fields[j].name, once[i]) == 0;
        if (count < 2)
            continue;
        (void)refuse(&why, once[i], "stands there twice; say it once");
        open311_error(errors, 400, &why);
    }
}

/* ---- texts ---------------------------------------------------------------------------------------------------------------- */

static void put(const struct filling *filling, const char *name, char *to, size_t room) {
    const char *text = open311_form_value(filling->form, name);
    struct reason why;
    if (text == NULL)
        return;
    if (strlen(text) < room) {
        strcpy(to, text);
        return;
    }
    (void)refuse(&why, name, "is %zu bytes long; at most %zu are taken", strlen(text), room - 1);
    wrong(filling, 400, &why);
}
#define PUT(filling, name, to) put((filling), (name), (to), sizeof(to))

static void read_name(const struct filling *filling) {
    char *to = filling->submit->reporter_name, last[sizeof filling->submit->reporter_name] = "";
    PUT(filling, "first_name", filling->submit->reporter_name);
    PUT(filling, "last_name", last);
    size_t size = strlen(to);
    struct reason why;
    if (size + strlen(last) + 2 > sizeof filling->submit->reporter_name) {
        (void)refuse(&why, "last_name", "is too long together with first_name; at most %zu bytes are taken",
                     sizeof filling->submit->reporter_name - 1);
        wrong(filling, 400, &why);
        return;
    }
    if (size > 0 && last[0] != '\0')
        strcat(to, " ");
    strcat(to, last);
}

static void read_reporter(const struct filling *filling) {
    struct submit *submit = filling->submit;
    struct reason why;
    read_name(filling);
    PUT(filling, "phone", submit->reporter_phone);
    PUT(filling, "email", submit->reporter_email);
    PUT(filling, open311_form_value(filling->form, "account_id") != NULL ? "account_id" : "device_id",
        submit->reporter_account);
    const char *at = strchr(submit->reporter_email, '@');
    if (submit->reporter_email[0] != '\0' && (at == NULL || at == submit->reporter_email || at[1] == '\0')) {
        (void)refuse(&why, "email", "must be an address such as name@example.org");
        wrong(filling, 400, &why);
    }
    if (submit->reporter_phone[strspn(submit->reporter_phone, "0123456789+-() ./x")] != '\0') {
        (void)refuse(&why, "phone", "must be a telephone number");
        wrong(filling, 400, &why);
    }
}

static void read_media_url(const struct filling *filling) {
    const char *url = filling->submit->media_url;
    struct reason why;
    PUT(filling, "media_url", filling->submit->media_url);
    if (*url == '\0' || strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0)
        return;
    (void)refuse(&why, "media_url", "must begin with http:// or https://");
    wrong(filling, 400, &why);
}

/* ---- what and where ------------------------------------------------------------------------------------------------------- */

static void read_service(const struct filling *filling) {
    const char *code = open311_form_value(filling->form, "service_code");
    struct reason why;
    if (code == NULL && filling->form->source->item[0] != '\0')
        code = filling->form->source->item;
    if (code == NULL) {
        (void)refuse(&why, "service_code", "is missing; GET services lists them");
        wrong(filling, 400, &why);
    } else if (city_item(filling->form->city, code) == NULL) {
        (void)refuse(&why, "service_code", "there is no service \"%.48s\"; GET services lists them", code);
        wrong(filling, 404, &why);
    } else {
        strcpy(filling->submit->item, code);
    }
}

static void read_degrees(const struct filling *filling, const char *name, double most, double *degrees) {
    const char *text = open311_form_value(filling->form, name);
    struct reason why;
    *degrees = NAN;
    if (text != NULL && open311_number_read(name, text, (const double[]){-most, most}, degrees, &why) != 0)
        wrong(filling, 400, &why);
}

static const struct area *whole_city(const struct city *city) {
    size_t count;
    const struct unit *units = city_units(city, &count);
    const struct area *area = units[0].area;
    while (area->parent != NULL)
        area = area->parent;
    return area;
}

/* The area that is named, the source's, or the city; the door makes it narrower where there is a point. Beside another place an
 * address_id may be of somebody else's. */
static void read_area(const struct filling *filling) {
    const char *named = open311_form_value(filling->form, "address_id"), *source = filling->form->source->area;
    const struct area *area = city_area(filling->form->city, named != NULL ? named : source);
    struct reason why;
    bool alone = open311_form_value(filling->form, "lat") == NULL &&
                 open311_form_value(filling->form, "address_string") == NULL;
    if (named != NULL && area == NULL && !alone)
        area = city_area(filling->form->city, source);
    if (named != NULL && area == NULL && alone) {
        (void)refuse(&why, "address_id", "there is no area \"%.48s\"", named);
        wrong(filling, 400, &why);
    }
    strcpy(filling->submit->area, area != NULL ? area->code : whole_city(filling->form->city)->code);
}

static void read_place(const struct filling *filling) {
    const struct open311_form *form = filling->form;
    const char *lat = open311_form_value(form, "lat"), *lon = open311_form_value(form, "long");
    struct reason why;
    read_degrees(filling, "lat", 90, &filling->submit->lat);
    read_degrees(filling, "long", 180, &filling->submit->lon);
    PUT(filling, "address_string", filling->submit->address);
    read_area(filling);
    if ((lat == NULL) != (lon == NULL)) {
        (void)refuse(&why, lat == NULL ? "lat" : "long", "is missing: lat and long come together");
        wrong(filling, 400, &why);
    } else if (lat == NULL && open311_form_value(form, "address_string") == NULL &&
               open311_form_value(form, "address_id") == NULL) {
        (void)refuse(&why, "lat", "is missing: lat and long, address_string or address_id must be given");
        wrong(filling, 400, &why);
    }
}

/* ---- attributes and files --------------------------------------------------------------------------------------------------- */

/* CODE of attribute[CODE] or attribute[CODE][]; *several: of the second form. False: another name. */
static bool attribute_code(const char *name, char code[CODE_MAX + 1], bool *several) {
    size_t head = strlen(ATTRIBUTE);
    if (strncmp(name, ATTRIBUTE, head) != 0)
        return false;
    size_t size = strcspn(name + head, "[]");
    const char *tail = name + head + size;
    *several = strcmp(tail, "][]") == 0;
    if (size == 0 || size > CODE_MAX || (!*several && strcmp(tail, "]") != 0))
        return false;
    memcpy(code, name + head, size);
    code[size] = '\0';
    return true;
}

/* What has a field of its own in a report. */
static bool is_taken(const char *code) {
    static const char *const codes[] = {"title", "external_id", "fixmystreet_id"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

static void add_attribute(json_t *attributes, const char *code, bool several, const char *value) {
    json_t *before = json_object_get(attributes, code);
    if (before == NULL) {
        json_object_set_new(attributes, code, several ? json_pack("[s]", value) : json_string(value));
        return;
    }
    if (!json_is_array(before)) {
        json_t *array = json_array();
        json_array_append(array, before);
        json_object_set_new(attributes, code, array);
        before = array;
    }
    json_array_append_new(before, json_string(value));
}

static void keep_attributes(const struct filling *filling, const json_t *attributes) {
    char *text = json_dumps(attributes, JSON_COMPACT | JSON_SORT_KEYS);
    struct reason why;
    if (json_object_size(attributes) == 0) {
        free(text);
        return;
    }
    if (text != NULL && strlen(text) < sizeof filling->submit->attributes) {
        strcpy(filling->submit->attributes, text);
    } else {
        (void)refuse(&why, "attribute", "all answers together must be UTF-8 and at most %zu bytes of JSON",
                     sizeof filling->submit->attributes - 1);
        wrong(filling, 400, &why);
    }
    free(text);
}

/* Clients in the field send what they know beside what was asked, such as easting and northing: that is no answer. */
static bool is_asked(const struct filling *filling, const char *code) {
    const struct item *item = city_item(filling->form->city, filling->submit->item);
    return item != NULL && question_of(city_item_words(filling->form->city, item), code) != NULL;
}

static void read_attributes(const struct filling *filling) {
    json_t *attributes = json_object();
    struct reason why;
    for (size_t i = 0; i < filling->form->count; i++) {
        const struct open311_field *field = &filling->form->fields[i];
        char code[CODE_MAX + 1];
        bool several;
        if (field->file != NULL || strncmp(field->name, "attribute", 9) != 0)
            continue;
        if (!attribute_code(field->name, code, &several)) {
            (void)refuse(&why, field->name,
                         "must be attribute[CODE] or attribute[CODE][] with a code of at most %d bytes", CODE_MAX);
            wrong(filling, 400, &why);
        } else if (field->value[0] != '\0' && !is_taken(code) && is_asked(filling, code)) {
            add_attribute(attributes, code, several, field->value);
        }
    }
    keep_attributes(filling, attributes);
    json_decref(attributes);
    PUT(filling, ATTRIBUTE "title]", filling->submit->title);
    const char *number = open311_form_value(filling->form, ATTRIBUTE "external_id]") != NULL ? ATTRIBUTE "external_id]"
                                                                                             : ATTRIBUTE
                             "fixmystreet_id]";
    PUT(filling, number, filling->submit->source_id);
}

static void read_files(const struct filling *filling) {
    char *files = filling->submit->files;
    struct reason why;
    for (size_t i = 0; i < filling->form->count; i++) {
        const char *file = filling->form->fields[i].file;
        if (file == NULL)
            continue;
        if (strlen(files) + strlen(file) + 2 > sizeof filling->submit->files) {
            (void)refuse(&why, filling->form->fields[i].name, "is one file too many");
            wrong(filling, 400, &why);
            return;
        }
        strcat(strcat(files, files[0] != '\0' ? " " : ""), file);
    }
}

bool open311_form_read(const struct open311_form *form, struct submit *submit, struct open311_errors *errors) {
    const struct filling filling = {form, submit, errors};
    memset(submit, 0, sizeof *submit);
    strcpy(submit->channel, form->source->channel);
    strcpy(submit->datum, form->source->datum);
    open311_form_once(form, errors);
    read_service(&filling);
    read_place(&filling);
    PUT(&filling, "description", submit->description);
    read_media_url(&filling);
    read_reporter(&filling);
    read_attributes(&filling);
    read_files(&filling);
    return errors->count == 0;
}

void open311_form_key(const char *source_id, char key[OPEN311_KEY_SIZE]) {
    if (strlen(source_id) <= KEY_NUMBER_MAX) {
        snprintf(key, OPEN311_KEY_SIZE, SOURCE_KEY "%s", source_id);
        return;
    }
    unsigned char digest[24];
    char hex[2 * sizeof digest + 1];
    crypto_generichash(digest, sizeof digest, (const unsigned char *)source_id, strlen(source_id), NULL, 0);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    snprintf(key, OPEN311_KEY_SIZE, SOURCE_KEY "%s", hex);
}
