#include "services/zhitong/mail_charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define BROKEN "\xef\xbf\xbd"

/* What is sent under a name that says less. */
static const char *larger(const char *charset) {
    static const struct {
        const char *name, *larger;
    } sets[] = {
        {"gb2312", "GB18030"}, {"gbk", "GB18030"},     {"x-gbk", "GB18030"},           {"gb_2312-80", "GB18030"},
        {"hz-gb-2312", "HZ"},  {"big5", "BIG5-HKSCS"}, {"iso-8859-1", "WINDOWS-1252"}, {"latin1", "WINDOWS-1252"},
        {"us-ascii", NULL},    {"ascii", NULL},        {"unknown-8bit", NULL},         {"8bit", NULL}};
    for (size_t i = 0; charset != NULL && i < sizeof sets / sizeof sets[0]; i++)
        if (strcasecmp(charset, sets[i].name) == 0)
            return sets[i].larger;
    return charset;
}

struct converted {
    size_t size, broken;
    bool known; /* iconv knows the charset */
};

static struct converted convert(const char *charset, const uint8_t *bytes, size_t size, char *out, size_t room) {
    struct converted done = {.known = false};
    iconv_t iconv_handle = iconv_open("UTF-8", charset);
    if (iconv_handle == (iconv_t)-1)
        return done;
    char *from = (char *)(uintptr_t)bytes, *to = out;
    size_t left = size, space = room - 1;
    done.known = true;
    while (left > 0 && iconv(iconv_handle, &from, &left, &to, &space) == (size_t)-1 && errno != E2BIG) {
        if (space < strlen(BROKEN))
            break;
        memcpy(to, BROKEN, strlen(BROKEN));
        to += strlen(BROKEN);
        space -= strlen(BROKEN);
        done.broken++;
        if (left == 0)
            break;
        from++;
        left--;
    }
    iconv_close(iconv_handle);
    done.size = (size_t)(to - out);
    return done;
}

size_t mail_charset_to_utf8(const char *charset, const uint8_t *bytes, size_t size, char *out, size_t room) {
    static const char *const guesses[] = {"UTF-8", "GB18030", "WINDOWS-1252"};
    struct converted done = {.known = false};
    const char *named = larger(charset);
    if (named != NULL && strlen(named) < 40 && strchr(named, '/') == NULL)
        done = convert(named, bytes, size, out, room);
    for (size_t i = 0; !done.known && i < 3; i++) {
        done = convert(guesses[i], bytes, size, out, room);
        done.known = done.broken == 0 || i == 2;
    }
    return done.size;
}
