#include "services/intake/report.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Pages of others make a link of it: no other scheme gets there. */
static bool is_web_address(const char *url) {
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

int report_check(const struct city *city, const struct submit *submit, struct reason *why) {
    const struct channel *channel = city_channel(city, submit->channel);
    if (channel == NULL)
        return refuse(why, "channel", "there is no channel \"%s\"; see channels.csv", submit->channel);
    if (!channel->enabled)
        return refuse(why, "channel", "the channel \"%s\" is closed", submit->channel);
    if (city_item(city, submit->item) == NULL)
        return refuse(why, "item", "there is no item \"%s\"; see items.csv", submit->item);
    if (city_area(city, submit->area) == NULL)
        return refuse(why, "area", "there is no area \"%s\"; see areas.csv", submit->area);
    if (isnan(submit->lat) != isnan(submit->lon))
        return refuse(why, isnan(submit->lat) ? "lat" : "long", "lat and long come together or not at all");
    if (!isnan(submit->lat) && fabs(submit->lat) > 90)
        return refuse(why, "lat", "must be -90 to 90 degrees");
    if (!isnan(submit->lon) && fabs(submit->lon) > 180)
        return refuse(why, "long", "must be -180 to 180 degrees");
    if (submit->media_url[0] != '\0' && !is_web_address(submit->media_url))
        return refuse(why, "media_url", "must begin with http:// or https://");
    return 0;
}

#define COPY(field) memcpy(received->field, submit->field, sizeof received->field)

void report_received_of(const struct submit *submit, struct report_received *received) {
    COPY(channel);
    COPY(item);
    COPY(area);
    COPY(address);
    COPY(title);
    COPY(source_id);
    COPY(attributes);
    COPY(files);
    COPY(media_url);
    COPY(traceparent);
    strcpy(received->description, submit->description);
    received->lat = submit->lat;
    received->lon = submit->lon;
    received->occurred_at = submit->occurred_at;
}

bool report_tells_receipt(const char *client, const struct submit *submit, bool repeated) {
    return !repeated || strcmp(client, REPORT_PUBLIC_CLIENT) != 0 || strlen(submit->key) >= REPORT_KEY_UNGUESSED;
}

void report_pack_attributes(json_t *report) {
    json_t *attributes = json_object_get(report, "attributes");
    if (!json_is_object(attributes))
        return;
    char *text = json_dumps(attributes, JSON_COMPACT);
    json_object_set_new(report, "attributes", json_string(text));
    free(text);
}
