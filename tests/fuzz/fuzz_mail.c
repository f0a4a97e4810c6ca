/* Any bytes as an e-mail (RFC 5322, MIME), and as a text in a charset: what is read is clean text within its bounds. */
#include "services/zhitong/mail_charset.h"
#include "services/zhitong/mail_read.h"
#include "tests/fuzz/fuzz_input.h"

static void check(const char *text, size_t room) {
    assert(strlen(text) < room && text_clean(text, strlen(text)) == strlen(text));
}

static void charset(const uint8_t *data, size_t size) {
    static const char *const charsets[] = {NULL, "gb2312", "iso-8859-1", "utf-16", "no-such"};
    char out[512];
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++) {
        size_t length = mail_charset_to_utf8(charsets[i], data, size < 256 ? size : 256, out, sizeof out);
        assert(length < sizeof out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int started;
    struct mail *mail = NULL;
    struct reason why = {.text = ""};
    if (started++ == 0)
        mail_start();
    charset(data, size);
    if (mail_read(&mail, data, size, &why) != 0) {
        fuzz_check_reason(&why);
        return 0;
    }
    check(mail->title, sizeof mail->title);
    check(mail->description, sizeof mail->description);
    check(mail->name, sizeof mail->name);
    check(mail->email, sizeof mail->email);
    check(mail->automatic, sizeof mail->automatic);
    assert(mail->id[0] != '\0' && mail->file_count <= MAIL_FILES_MAX);
    for (size_t i = 0; i < mail->file_count; i++) {
        check(mail->files[i].name, sizeof mail->files[i].name);
        assert(mail->files[i].size <= MAIL_FILE_BYTES_MAX);
    }
    mail_close(&mail);
    return 0;
}
