/* What people want of their endpoints: which events, when, how many, in which language. */
#ifndef ZHITONG_ENDPOINTS_PEOPLE_H
#define ZHITONG_ENDPOINTS_PEOPLE_H

#include "common/db.h"
#include "services/notification/carrier.h"

#define ENDPOINTS_PEOPLE_USAGE \
    "[--language CODE] [--events \"CODE …\"] [--quiet HH:MM-HH:MM] [--digest HH:MM] [--per-hour N] [--login LOGIN]"

struct endpoint_people { /* as typed; NULL: not said. "none" takes hours, digest, limit or login away */
    const char *language, *events, *quiet, *digest, *per_hour, *login;
    char quiet_from[6], quiet_to[6];
};

#define ENDPOINT_PEOPLE_OPTIONS(people) \
    {"--language", &(people).language, NULL}, {"--events", &(people).events, NULL}, \
        {"--quiet", &(people).quiet, NULL}, {"--digest", &(people).digest, NULL}, \
        {"--per-hour", &(people).per_hour, NULL}, { \
        "--login", &(people).login, NULL \
    }

/* Refuses with the option: an event that a stream of this unit does not have, a time that is none. */
MUST_CHECK int endpoint_people_check(struct endpoint_people *people, const char *unit, struct reason *why);
/* Appends events, quiet hours from and to, digest, limit and login, after it was checked; borrowed. */
void endpoint_people_params(const struct endpoint_people *people, struct params *params);
/* Whether the carrier of people would take this address and secret. Refuses with the field. */
MUST_CHECK int endpoint_people_address(const struct carrier *carrier, const struct destination *to, struct reason *why);

int endpoints_set_command(int argc, char **argv); /* returns the exit code */

#endif
