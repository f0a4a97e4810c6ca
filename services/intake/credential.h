/* Which source a key belongs to. */
#ifndef ZHITONG_INTAKE_CREDENTIAL_H
#define ZHITONG_INTAKE_CREDENTIAL_H

#include "services/intake/intake.h"

/* Code of the source whose key this is; NULL: nobody's. Borrowed until the city changes. */
const char *source_of_key(struct intake *intake, const char *api_key);

#endif
