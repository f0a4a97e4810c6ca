/* What a caller of GET requests asks for. Pure.
 *
 *   service_request_id   numbers, separated by commas; everything else but extensions is then ignored. What is no number, or of no
 *                        request, is left out
 *   service_code         codes, separated by commas; an unknown one is refused with 404
 *   start_date, end_date requested or updated from … until; at most OPEN311_WINDOW_DAYS apart; one alone: that many days from it, or
 *                        before it; neither: requested in the last of them
 *   updated_after, updated_before   updated from … until
 *   status               open, closed, or both, separated by a comma
 *   page, page_size      from 1; at most OPEN311_ROWS_MAX a page; without either: the first OPEN311_ROWS_MAX
 *   lat, long, radius    at most so many metres away; of the newest OPEN311_NEAR_LOOKED in the window
 *   extensions           true: with extended_attributes and notes
 * An empty parameter is one that was not given; one that is none of these is ignored, as the specification's clients expect. */
#ifndef ZHITONG_INTAKE_OPEN311_QUERY_H
#define ZHITONG_INTAKE_OPEN311_QUERY_H

#include "common/city.h"
#include "services/intake/open311.h"

#define OPEN311_WINDOW_DAYS 90
#define OPEN311_ROWS_MAX 1000
#define OPEN311_PAGE_ROWS 50     /* of a page, where page_size is not given */
#define OPEN311_PAGE_MAX 1000000 /* number of a page */
#define OPEN311_NEAR_LOOKED 5000
#define OPEN311_RADIUS_M 1000
#define OPEN311_RADIUS_M_MAX 50000
#define OPEN311_CODES_BYTES_MAX 4000 /* of service_code or service_request_id */

typedef const char *open311_parameter(void *context, const char *name); /* NULL: not given */

struct open311_query {
    bool by_id;
    char ids[OPEN311_CODES_BYTES_MAX + 1];   /* separated by spaces */
    char items[OPEN311_CODES_BYTES_MAX + 1]; /* separated by spaces; "": all */
    bool or_moved;                           /* since and until were given: also what moved then */
    int64_t since, until;                    /* unix ms; 0: not given */
    int64_t moved_since, moved_until;        /* unix ms; 0: not given */
    bool open, closed;                       /* which are wanted; at least one */
    int64_t skip;
    int most;
    bool is_near;
    double lat, lon, radius_m;
    bool extensions;
};

struct open311_asked {
    open311_parameter *parameter;
    void *context;
    const struct city *city;
    const struct zone *zone;
};
/* Tells every parameter that is wrong; true: none is. */
MUST_CHECK bool open311_query_read(struct open311_query *query, const struct open311_asked *asked,
                                   struct open311_errors *errors);

/* The window of GET servicerequestupdates: start_date and end_date as above, the last day where neither is given (since 0). */
MUST_CHECK bool open311_window_read(struct open311_query *query, const struct open311_asked *asked,
                                    struct open311_errors *errors);

/* Whether a place is near enough; a request without one never is. */
bool open311_is_near(const struct open311_query *query, double lat, double lon);

/* A decimal number from least to most, with nothing around it. Refuses with the field. */
MUST_CHECK int open311_number_read(const char *field, const char *text, const double bounds[2], double *number,
                                   struct reason *why);

#endif
