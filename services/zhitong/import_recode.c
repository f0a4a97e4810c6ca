#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "services/zhitong/import_source.h"

#define RAW_BYTES 16384
#define NOT_UTF8 '\xff' /* stands for what cannot be converted */

struct recoding {
    FILE *file;
    iconv_t iconv;
    char raw[RAW_BYTES];
    char *at; /* what has been read and not converted */
    size_t left;
    bool at_end;
};

static bool refill(struct recoding *own) {
    if (own->at_end)
        return false;
    memmove(own->raw, own->at, own->left);
    own->at = own->raw;
    size_t got = fread(own->raw + own->left, 1, RAW_BYTES - own->left, own->file);
    own->left += got;
    own->at_end = got == 0;
    return got > 0;
}

/* One byte that begins no character. */
static void skip_byte(struct recoding *own, char **to, size_t *room) {
    *(*to)++ = NOT_UTF8;
    (*room)--;
    own->at++;
    own->left--;
}

static ssize_t read_text(void *cookie, char *buffer, size_t size) {
    struct recoding *own = cookie;
    char *to = buffer;
    size_t room = size;
    while (room > 0) {
        if (own->left == 0 && !refill(own))
            break;
        if (iconv(own->iconv, &own->at, &own->left, &to, &room) != (size_t)-1)
            continue;
        if (errno == E2BIG)
            break;
        if (errno == EINVAL && refill(own)) /* the rest of a character comes with the next bytes */
            continue;
        if (room > 0)
            skip_byte(own, &to, &room);
    }
    if (to == buffer && ferror(own->file))
        return -1;
    return to - buffer;
}

static int close_text(void *cookie) {
    struct recoding *own = cookie;
    iconv_close(own->iconv);
    free(own);
    return 0;
}

int import_recode(FILE **out, FILE *file, const char *encoding, struct reason *why) {
    struct recoding *own = calloc(1, sizeof *own);
    assert(own != NULL);
    own->file = file;
    own->at = own->raw;
    own->iconv = iconv_open("UTF-8", encoding);
    /* (iconv_t)-1 says so, as the standard has it. */
    FILE *text = own->iconv == (iconv_t)-1
                     ? NULL
                     : fopencookie(own, "r", (cookie_io_functions_t){.read = read_text, .close = close_text});
    if (text == NULL) {
        free(own);
        return refuse(why, "--encoding", "%s is not known here; `iconv -l` lists what is", encoding);
    }
    *out = text;
    return 0;
}
