/* What an operator can say about the Open311 endpoint, for the table in main.c. */
#ifndef ZHITONG_INTAKE_OPEN311_SETTINGS_H
#define ZHITONG_INTAKE_OPEN311_SETTINGS_H

#define SETTINGS_OF_OPEN311 \
    {"ZHITONG_OPEN311_SOURCE", \
     SETTING_TEXT, \
     "", \
     "", \
     0, \
     48, \
     "code of the source (adapter http) that Open311 requests without an api_key belong to; empty: every POST needs a key"}, \
        {"ZHITONG_OPEN311_URL", \
         SETTING_TEXT, \
         "", \
         "", \
         0, \
         300, \
         "address of the Open311 endpoint as clients reach it, for discovery; empty: http, the request's host and /open311/v2"}, \
        {"ZHITONG_OPEN311_TEST_URL", \
         SETTING_TEXT, \
         "", \
         "", \
         0, \
         300, \
         "address of a second endpoint for trying out, for discovery; empty: there is none"}, \
        {"ZHITONG_OPEN311_CONTACT", \
         SETTING_TEXT, \
         "", \
         "", \
         0, \
         400, \
         "whom to ask about the Open311 endpoint, for discovery"}, \
    { \
        "ZHITONG_OPEN311_KEY_SERVICE", SETTING_TEXT, "", "", 0, 400, "how to get an api_key, for discovery" \
    }

#endif
