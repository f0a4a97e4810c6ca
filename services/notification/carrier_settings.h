/* What an operator says of the ways to people: the mail server, the SMS gateway, and where this city's pages lie. */
#ifndef ZHITONG_NOTIFICATION_CARRIER_SETTINGS_H
#define ZHITONG_NOTIFICATION_CARRIER_SETTINGS_H

#include <stdbool.h>

#include "common/settings.h"

#define SMS_HEADERS_MAX 6
#define SMS_HEADER_MAX 400
#define MAIL_ADDRESS_MAX 254 /* bytes, RFC 5321 section 4.5.3.1.3 without the angles */
#define MAIL_NAME_MAX 120

struct carrier_settings {
    const struct settings *settings; /* borrowed */
    char smtp_url[301], smtp_user[128], smtp_password[128];
    bool smtp_starttls; /* a server that does not offer it gets no mail */
    char mail_from[MAIL_ADDRESS_MAX + 1], mail_name[MAIL_NAME_MAX + 1];
    char sms_url[601], sms_type[81], sms_body[1001], sms_good[121];
    char sms_headers[SMS_HEADERS_MAX][SMS_HEADER_MAX + 1]; /* "Name: value" */
    int sms_header_count;
    int sms_status;        /* HTTP status of a good answer; 0: any 2xx */
    char public_url[301];  /* without a slash at its end; "": messages hold no link to end them */
    char receipt_url[301]; /* with {case} and {receipt}; "": messages hold no link to the receipt */
};

#define SETTINGS_OF_CARRIERS \
    {"ZHITONG_SMTP_URL", \
     SETTING_TEXT, \
     "", \
     "", \
     0, \
     300, \
     "mail server: smtp://HOST:587, or smtps://HOST for TLS from the first byte; empty: no e-mail is sent"}, \
        {"ZHITONG_SMTP_USER", SETTING_TEXT, "", "", 0, 127, "login at the mail server; empty: without"}, \
        {"ZHITONG_SMTP_PASSWORD", SETTING_SECRET, "", "", 0, 127, "password at the mail server"}, \
        {"ZHITONG_SMTP_TLS", \
         SETTING_TEXT, \
         "", \
         "starttls", \
         3, \
         8, \
         "starttls: no mail goes out without it; off: in the clear, for a server on the same machine"}, \
        {"ZHITONG_MAIL_FROM", \
         SETTING_TEXT, \
         "", \
         "", \
         0, \
         380, \
         "sender of all e-mails: ADDRESS, or NAME <ADDRESS>; needed with a mail server"}, \
        {"ZHITONG_SMS_URL", SETTING_TEXT, "", "", 0, 600, "SMS gateway, gets a POST; empty: no SMS is sent"}, \
        {"ZHITONG_SMS_TYPE", \
         SETTING_TEXT, \
         "", \
         "application/json", \
         3, \
         80, \
         "content type of that POST: application/json, application/x-www-form-urlencoded, text/xml or text/plain"}, \
        {"ZHITONG_SMS_BODY", \
         SETTING_SECRET, \
         "", \
         "{\"phone\":\"{phone}\",\"text\":\"{text}\",\"id\":\"{id}\"}", \
         1, \
         1000, \
         "its body with {phone}, {text} and {id}, which are escaped as the type asks"}, \
        {"ZHITONG_SMS_HEADERS", SETTING_SECRET, "", "", 0, 2000, "more headers of that POST, one a line: Name: value"}, \
        {"ZHITONG_SMS_STATUS", SETTING_NUMBER, "", "0", 0, 299, "HTTP status of a good answer; 0: any of 200 to 299"}, \
        {"ZHITONG_SMS_GOOD", \
         SETTING_TEXT, \
         "", \
         "", \
         0, \
         120, \
         "text that stands in a good answer; empty: the status decides"}, \
        {"ZHITONG_PUBLIC_URL", \
         SETTING_TEXT, \
         "", \
         "", \
         0, \
         300, \
         "address at which people reach intake, for the links with which they end messages; empty: messages have none"}, \
    { \
        "ZHITONG_RECEIPT_URL", SETTING_TEXT, "", "", 0, 300, \
            "address of the page on which a reporter sees the case, with {case} and {receipt}; empty: messages have none" \
    }

/* Refuses with the setting's name as field: a URL of another kind, a sender that is no address, a mail server without a sender, a
 * header that is none, an unknown type. */
MUST_CHECK int carrier_settings_of(struct carrier_settings *out, const struct settings *settings, struct reason *why);

/* Whether it is an address of RFC 5321 that every server takes: ASCII, one @, no quotes, blanks or controls. */
bool mail_address_is_plain(const char *address);

#endif
