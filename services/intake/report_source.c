#include "services/intake/report_source.h"

#include <string.h>

#include "common/city_sources.h"
#include "services/intake/report.h"

#define PUBLIC "public" /* privacy of channels by which anybody may report */

static bool has_source(const struct city *city, const char *channel) {
    size_t count;
    const struct source *sources = city_sources(city, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(sources[i].channel, channel) == 0)
            return true;
    return false;
}

/* Else a stranger could pass for the police, and hear from the answer which hidden case a report is like. */
static int check_stranger(const struct city *city, const struct submit *submit, struct reason *why) {
    const struct channel *channel = city_channel(city, submit->channel);
    if (channel == NULL || strcmp(channel->privacy, PUBLIC) == 0 || !has_source(city, submit->channel))
        return 0;
    return refuse(why, "channel", "the channel \"%s\" is for its sources; send the key of one", submit->channel);
}

int report_source_check(const struct city *city, const char *client, const struct submit *submit, struct reason *why) {
    const struct source *source = city_source(city, client);
    if (source == NULL && strcmp(client, REPORT_PUBLIC_CLIENT) == 0)
        return check_stranger(city, submit, why);
    if (source == NULL || strcmp(source->channel, submit->channel) == 0)
        return 0;
    return refuse(why, "channel", "the source %s hands in reports of the channel \"%s\" only", source->code,
                  source->channel);
}

void report_source_note(const struct city *city, const char *client, struct report_received *received) {
    const struct source *source = city_source(city, client);
    strcpy(received->source, source != NULL ? source->code : "");
}
