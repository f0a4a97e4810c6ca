/* What carriers need of the service's settings. Texts are borrowed from the settings. */
#ifndef ZHITONG_NOTIFICATION_CARRIER_SETTINGS_H
#define ZHITONG_NOTIFICATION_CARRIER_SETTINGS_H

struct settings;

struct carrier_settings {
    const struct settings *settings;
};

#endif
