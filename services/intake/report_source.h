/* Whether a report may come from whom it comes. Pure. */
#ifndef ZHITONG_INTAKE_REPORT_SOURCE_H
#define ZHITONG_INTAKE_REPORT_SOURCE_H

#include "common/city.h"
#include "proto/codec.h"

/* A client whose name is a source's code is that source, and hands in reports of its own channel only; whoever
 * shows no key (REPORT_PUBLIC_CLIENT) uses no channel that is not public and has a source; others are the operator's, and may use
 * any. Refuses with the field "channel". */
MUST_CHECK int report_source_check(const struct city *city, const char *client, const struct submit *submit,
                                   struct reason *why);

/* Writes the source into the log entry; "" where the client is none. */
void report_source_note(const struct city *city, const char *client, struct report_received *received);

#endif
