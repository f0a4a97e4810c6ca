/* All carriers, from carriers.def. */
#ifndef ZHITONG_NOTIFICATION_CARRIERS_H
#define ZHITONG_NOTIFICATION_CARRIERS_H

#include "services/notification/carrier.h"

#define CARRIER(name, for_people, meaning) extern const struct carrier carrier_##name;
#include "services/notification/carriers.def"
#undef CARRIER

#endif
