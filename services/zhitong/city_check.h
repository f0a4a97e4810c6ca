/* zhitong city check FOLDER */
#ifndef ZHITONG_CITY_CHECK_H
#define ZHITONG_CITY_CHECK_H

#include "common/city.h"
#include "common/city_draft.h"

/* Reads and checks the folder; prints every complaint to stderr (COMPLAINTS_KEPT_MAX of them) or, when there is none, rows
 * per table to stdout. 0 or -1; the caller closes both, which are NULL after a refusal of the folder's content. */
MUST_CHECK int city_check_folder(struct city **city, struct city_draft **draft, const char *folder);

/* argv[0] is the command's own name, "check". Exit code: 0 fits together, 1 complaints, 2 wrong use. */
int city_check_command(int argc, char **argv);

#endif
