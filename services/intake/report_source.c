#include "services/intake/report_source.h"

#include <string.h>

#include "common/city_sources.h"

int report_source_check(const struct city *city, const char *client, const struct submit *submit, struct reason *why) {
    const struct source *source = city_source(city, client);
    if (source == NULL || strcmp(source->channel, submit->channel) == 0)
        return 0;
    return refuse(why, "channel", "the source %s hands in reports of the channel \"%s\" only", source->code,
                  source->channel);
}

void report_source_note(const struct city *city, const char *client, struct report_received *received) {
    const struct source *source = city_source(city, client);
    strcpy(received->source, source != NULL ? source->code : "");
}
