/* Whoever reported: the courier asks people_find() for each entry, which names another carrier. Nothing goes out by this one. */
#include "services/notification/carriers.h"

static int prepare(const struct parcel *parcel, const struct carrier_settings *settings, struct transfer *transfer,
                   struct reason *why) {
    (void)parcel;
    (void)settings;
    (void)transfer;
    return refuse(why, "address", "is found for each entry");
}

static void judge(const struct carrier_settings *settings, const struct answer *answer, struct verdict *verdict) {
    (void)settings;
    (void)answer;
    *verdict = (struct verdict){.kind = VERDICT_DEAD};
}

const struct carrier carrier_reporters = {"reporters", true, prepare, judge};
