/* A city from its folder of CSV files (deploy/cities/NAME), checked as a whole. */
#ifndef ZHITONG_CITY_FOLDER_H
#define ZHITONG_CITY_FOLDER_H

#include <stdio.h>

#include "common/city.h"
#include "common/city_draft.h"

/* Reads every table of the folder and checks it; every fault becomes a complaint of *draft, sorted by file, line and column.
 * 0: no complaints, and *city is built (version 0). -1: see the complaints; *city stays. The caller closes both. */
MUST_CHECK int city_folder_open(struct city **city, struct city_draft **draft, const char *folder);

/* "items.csv:12:5: tier: must be 1 to 4, not \"x\"" */
void city_folder_print(FILE *out, const struct complaint *complaint);

#endif
