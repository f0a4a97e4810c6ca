#include "services/zhitong/mail_read.h"

#include <assert.h>
#include <gmime/gmime.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "common/mail_text.h"
#include "services/zhitong/mail_charset.h"

#define HASH_BYTES 16

void mail_start(void) {
    g_mime_init();
    const char *fallbacks[] = {"utf-8", "gb18030", "iso-8859-1",
                               NULL}; /* of headers with bytes that no charset is named for */
    g_mime_parser_options_set_fallback_charsets(g_mime_parser_options_get_default(), fallbacks);
}

void mail_close(struct mail **mail) {
    if (*mail == NULL)
        return;
    for (size_t i = 0; i < (*mail)->file_count; i++)
        g_free((*mail)->files[i].data);
    g_free(*mail);
    *mail = NULL;
}

/* ---- headers -------------------------------------------------------------------------------------------------------------- */

/* One line of at most room - 1 bytes. */
static void take_line(const char *text, char *out, size_t room) {
    char line[2048];
    size_t size = text != NULL ? strnlen(text, sizeof line / 2) : 0;
    if (size > 0)
        memcpy(line, text, size);
    size = mail_text_clean(line, size, sizeof line);
    for (size_t i = 0; i < size; i++)
        if (line[i] == '\n' || line[i] == '\t')
            line[i] = ' ';
    mail_text_cut(line, room - 1);
    strcpy(out, line);
}

static int take_sender(GMimeMessage *message, struct mail *mail, struct reason *why) {
    InternetAddressList *from = g_mime_message_get_from(message);
    int count = from != NULL ? internet_address_list_length(from) : 0;
    for (int i = 0; i < count; i++) {
        InternetAddress *address = internet_address_list_get_address(from, i);
        if (!INTERNET_ADDRESS_IS_MAILBOX(address))
            continue;
        const char *mailbox = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
        if (mailbox == NULL || strlen(mailbox) >= sizeof mail->email || strchr(mailbox, '@') == NULL)
            continue;
        take_line(mailbox, mail->email, sizeof mail->email);
        take_line(internet_address_get_name(address), mail->name, sizeof mail->name);
        return 0;
    }
    return refuse(why, "From", "names no address of a sender");
}

/* Deliveries of one mail differ in their trace headers, so these are left out of its hash. */
static void take_id(GMimeMessage *message, const struct mail *mail, char id[61]) {
    const char *given = g_mime_message_get_message_id(message);
    unsigned char hash[HASH_BYTES];
    char text[2 * HASH_BYTES + 1];
    size_t size = given != NULL ? strlen(given) : 0;
    bool plain = size > 0 && size <= 60;
    for (size_t i = 0; plain && i < size; i++)
        plain = given[i] > ' ' && given[i] < 0x7f;
    if (plain) {
        strcpy(id, given);
        return;
    }
    crypto_generichash_state state;
    const char *date = g_mime_object_get_header(GMIME_OBJECT(message), "Date");
    const char *parts[] = {given != NULL ? given : "", date != NULL ? date : "", mail->email, mail->title,
                           mail->description};
    crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
    for (size_t i = 0; i < (size > 0 ? 1 : sizeof parts / sizeof parts[0]); i++)
        crypto_generichash_update(&state, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
    crypto_generichash_final(&state, hash, HASH_BYTES);
    sodium_bin2hex(text, sizeof text, hash, HASH_BYTES);
    snprintf(id, 61, "hash:%s", text);
}

/* A header that says so, and what it must begin with; "" for anything. */
static const struct {
    const char *header, *begins;
    bool but; /* anything but that */
} automatic[] = {{"Auto-Submitted", "no", true},  {"Precedence", "bulk", false},       {"Precedence", "list", false},
                 {"Precedence", "junk", false},   {"Precedence", "auto_reply", false}, {"List-Id", "", false},
                 {"List-Unsubscribe", "", false}, {"X-Autoreply", "", false},          {"X-Autorespond", "", false},
                 {"Return-Path", "<>", false},    {"X-Failed-Recipients", "", false},  {"Feedback-ID", "", false}};

static void take_automatic(GMimeMessage *message, struct mail *mail) {
    GMimeObject *object = GMIME_OBJECT(message), *top = g_mime_message_get_mime_part(message);
    for (size_t i = 0; i < sizeof automatic / sizeof automatic[0]; i++) {
        const char *value = g_mime_object_get_header(object, automatic[i].header);
        if (value == NULL)
            continue;
        value += strspn(value, " \t");
        bool begins = strncasecmp(value, automatic[i].begins, strlen(automatic[i].begins)) == 0;
        if (begins != automatic[i].but)
            snprintf(mail->automatic, sizeof mail->automatic, "%s", automatic[i].header);
    }
    GMimeContentType *type = top != NULL ? g_mime_object_get_content_type(top) : NULL;
    if (type != NULL && g_mime_content_type_is_type(type, "multipart", "report"))
        snprintf(mail->automatic, sizeof mail->automatic, "Content-Type: multipart/report");
    if (strncasecmp(mail->email, "mailer-daemon@", 14) == 0 || strncasecmp(mail->email, "postmaster@", 11) == 0)
        snprintf(mail->automatic, sizeof mail->automatic, "From");
}

/* ---- parts ------------------------------------------------------------------------------------------------------------------ */

struct found {
    struct mail *mail;
    size_t parts;
    GMimePart *plain, *html; /* the first of each that is no attachment; borrowed */
};

/* Decoded bytes of a part, at most so many; more: NULL. The caller g_free()s them. */
static uint8_t *content_of(GMimePart *part, size_t size_max, size_t *size) {
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    if (content == NULL)
        return NULL;
    GMimeStream *memory = g_mime_stream_mem_new();
    ssize_t written = g_mime_data_wrapper_write_to_stream(content, memory);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
    uint8_t *data = NULL;
    if (written >= 0 && bytes->len > 0 && bytes->len <= size_max) {
        *size = bytes->len;
        data = g_malloc(bytes->len);
        memcpy(data, bytes->data, bytes->len);
    }
    g_object_unref(memory);
    return data;
}

/* What intake's store may take; it looks at the bytes itself. */
static bool may_be_taken(GMimeContentType *type) {
    return g_mime_content_type_is_type(type, "image", "*") || g_mime_content_type_is_type(type, "video", "*") ||
           g_mime_content_type_is_type(type, "application", "pdf") ||
           g_mime_content_type_is_type(type, "application", "octet-stream");
}

static void take_file(struct found *found, GMimePart *part) {
    struct mail *mail = found->mail;
    GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
    struct mail_file *file = &mail->files[mail->file_count];
    char *type_text = g_mime_content_type_get_mime_type(type);
    uint8_t *data = NULL;
    size_t size = 0;
    if (may_be_taken(type) && mail->file_count < MAIL_FILES_MAX)
        data = content_of(part, MAIL_FILE_BYTES_MAX, &size);
    if (data == NULL) {
        mail->left_out++;
    } else {
        *file = (struct mail_file){.data = data, .size = size};
        take_line(g_mime_part_get_filename(part), file->name, sizeof file->name);
        take_line(type_text, file->type, sizeof file->type);
        mail->file_count++;
    }
    g_free(type_text);
}

static void look_at(struct found *found, GMimeObject *object, int depth) {
    if (++found->parts > MAIL_PARTS_MAX || depth > MAIL_DEPTH_MAX) {
        found->mail->left_out++;
        return;
    }
    if (GMIME_IS_MULTIPART(object)) {
        GMimeMultipart *multipart = GMIME_MULTIPART(object);
        int count = g_mime_multipart_get_count(multipart);
        for (int i = 0; i < count && found->parts <= MAIL_PARTS_MAX; i++)
            look_at(found, g_mime_multipart_get_part(multipart, i), depth + 1);
        return;
    }
    if (!GMIME_IS_PART(
            object)) { /* a mail in the mail: what it says is not the sender's, what hangs on it may be anything */
        found->mail->left_out++;
        return;
    }
    GMimePart *part = GMIME_PART(object);
    GMimeContentType *type = g_mime_object_get_content_type(object);
    bool text = g_mime_content_type_is_type(type, "text", "*") && !g_mime_part_is_attachment(part);
    GMimePart **place = g_mime_content_type_is_type(type, "text", "html") ? &found->html : &found->plain;
    if (!text)
        take_file(found, part);
    else if (*place == NULL && (place == &found->html || g_mime_content_type_is_type(type, "text", "plain")))
        *place = part;
}

/* ---- text ------------------------------------------------------------------------------------------------------------------- */

/* The part's text in `out`, of MAIL_TEXT_BYTES_MAX; false: it says nothing. */
static bool text_of(GMimePart *part, bool is_html, char *out) {
    size_t size = 0;
    uint8_t *data = part != NULL ? content_of(part, MAIL_BYTES_MAX, &size) : NULL;
    if (data == NULL)
        return false;
    const char *charset = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), "charset");
    char *text = g_malloc(MAIL_TEXT_BYTES_MAX);
    size = mail_charset_to_utf8(charset, data, size, text, MAIL_TEXT_BYTES_MAX);
    g_free(data);
    if (is_html) {
        size = mail_text_of_html(text, size, out, MAIL_TEXT_BYTES_MAX);
    } else {
        memcpy(out, text, size);
    }
    g_free(text);
    size = mail_text_clean(out, size, MAIL_TEXT_BYTES_MAX);
    mail_text_own(out);
    return out[0] != '\0';
}

static void take_text(const struct found *found) {
    struct mail *mail = found->mail;
    char *text = g_malloc(MAIL_TEXT_BYTES_MAX);
    text[0] = '\0';
    if (!text_of(found->plain, false, text) && !text_of(found->html, true, text))
        text[0] = '\0';
    mail_text_cut(text, sizeof mail->description - 1);
    strcpy(mail->description, text);
    g_free(text);
}

/* ---- the whole -------------------------------------------------------------------------------------------------------------- */

static int take(GMimeMessage *message, struct mail *mail, struct reason *why) {
    if (take_sender(message, mail, why) != 0)
        return -1;
    take_line(g_mime_message_get_subject(message), mail->title, sizeof mail->title);
    take_automatic(message, mail);
    struct found found = {.mail = mail};
    if (g_mime_message_get_mime_part(message) != NULL)
        look_at(&found, g_mime_message_get_mime_part(message), 0);
    take_text(&found);
    take_id(message, mail, mail->id);
    if (mail->title[0] == '\0' && mail->description[0] == '\0' && mail->file_count == 0)
        return refuse(why, "text", "the mail says nothing");
    return 0;
}

int mail_read(struct mail **out, const uint8_t *bytes, size_t size, struct reason *why) {
    if (size > MAIL_BYTES_MAX)
        return refuse(why, "message", "is longer than %d bytes", MAIL_BYTES_MAX);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)bytes, size);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    struct mail *mail = g_malloc0(sizeof *mail);
    int status = message != NULL ? take(message, mail, why) : refuse(why, "message", "is no e-mail (RFC 5322)");
    if (message != NULL)
        g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
    if (status == 0)
        *out = mail;
    else
        mail_close(&mail);
    return status;
}
