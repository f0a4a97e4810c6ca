#include "services/notification/carriers.h"

#include <string.h>

static const struct carrier *const carriers[] = {
#define CARRIER(name, people, meaning) &carrier_##name,
#include "services/notification/carriers.def"
#undef CARRIER
};

const struct carrier *carrier_named(const char *name) {
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++)
        if (strcmp(carriers[i]->name, name) == 0)
            return carriers[i];
    return NULL;
}

void transfer_close(struct transfer *transfer) {
    bytes_close(&transfer->body);
}
