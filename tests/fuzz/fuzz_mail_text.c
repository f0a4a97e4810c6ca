/* First byte: h for HTML, anything else for text. Then the text of a mail. Whatever it is, what comes out is clean UTF-8 within its
 * room, and doing it again changes nothing. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mail_text.h"
#include "proto/text.h"

#define ROOM 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, size_t size, size_t room) {
    assert(size < room && strlen(text) == size && text_clean(text, size) == size);
    assert(strstr(text, "\n\n\n") == NULL && strstr(text, " \n") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    /* on the heap and as small as it may be, so that a byte too far is seen */
    size_t room = size < 8 ? 8 : size;
    room = room < ROOM ? room : ROOM;
    char *text = malloc(room), *again = malloc(room);
    assert(text != NULL && again != NULL);
    size_t length = size - 1 < room ? size - 1 : room - 1;
    if (data[0] == 'h') {
        length = mail_text_of_html((const char *)data + 1, size - 1, text, room);
        assert(length < room && text[length] == '\0');
    } else {
        memcpy(text, data + 1, length);
    }
    length = mail_text_clean(text, length, room);
    check(text, length, room);
    memcpy(again, text, length + 1);
    assert(mail_text_clean(again, length, room) == length && strcmp(again, text) == 0);
    mail_text_own(text);
    check(text, strlen(text), room);
    assert(strlen(text) <= length);
    mail_text_cut(text, length / 2);
    assert(strlen(text) <= length / 2 && text_clean(text, strlen(text)) == strlen(text));
    free(text);
    free(again);
    return 0;
}
