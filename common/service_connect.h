/* A service's connections to its database. */
#ifndef ZHITONG_SERVICE_CONNECT_H
#define ZHITONG_SERVICE_CONNECT_H

#include "common/service.h"

/* db_open for every connection that a service keeps, with all its queries prepared. Refuses (database) when the database was restored since
 * the process first connected: what it has in memory is of another life of the city, so it asks for nothing there, and ends by SIGTERM. */
MUST_CHECK int service_connect(struct db **out, const struct service *service, const char *url, struct reason *why);

#endif
