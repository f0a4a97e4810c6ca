#include "services/intake/file_type.h"

#include <stdbool.h>
#include <string.h>

#define TAKEN "taken are JPEG, PNG, WebP, PDF and MP4"

static const struct {
    const char *mime, *ending;
} types[FILE_TYPES] = {
    [FILE_JPEG] = {"image/jpeg", "jpg"},     [FILE_PNG] = {"image/png", "png"}, [FILE_WEBP] = {"image/webp", "webp"},
    [FILE_PDF] = {"application/pdf", "pdf"}, [FILE_MP4] = {"video/mp4", "mp4"},
};

/* A dot in a pattern stands for any byte. */
static const struct {
    const char *head;
    size_t size;
    int type;         /* -1: refused, … */
    const char *says; /* … because of this */
} heads[] = {
    {"\xff\xd8\xff", 3, FILE_JPEG, NULL},
    {"\x89PNG\r\n\x1a\n", 8, FILE_PNG, NULL},
    {"RIFF....WEBP", 12, FILE_WEBP, NULL},
    {"%PDF-", 5, FILE_PDF, NULL},
    {"....ftypheic", 12, -1, "is a HEIC picture; send it as JPEG"},
    {"....ftypheix", 12, -1, "is a HEIC picture; send it as JPEG"},
    {"....ftypmif1", 12, -1, "is a HEIF picture; send it as JPEG"},
    {"....ftypavif", 12, -1, "is an AVIF picture; send it as JPEG"},
    {"....ftypqt", 10, -1, "is a QuickTime film; send it as MP4"},
    {"....ftypisom", 12, FILE_MP4, NULL},
    {"....ftypiso", 11, FILE_MP4, NULL},
    {"....ftypmp4", 11, FILE_MP4, NULL},
    {"....ftypavc1", 12, FILE_MP4, NULL},
    {"....ftypM4V", 11, FILE_MP4, NULL},
    {"....ftyp3gp", 11, FILE_MP4, NULL},
    {"PK\x03\x04", 4, -1, "is a ZIP archive or an office document, which are not opened; send pictures or a PDF"},
    {"PK\x05\x06", 4, -1, "is a ZIP archive or an office document, which are not opened; send pictures or a PDF"},
    {"\xd0\xcf\x11\xe0", 4, -1, "is an office document, which is not opened; send a PDF"},
    {"Rar!", 4, -1, "is an archive, which is not opened; send what is in it"},
    {"7z\xbc\xaf\x27\x1c", 6, -1, "is an archive, which is not opened; send what is in it"},
    {"\x1f\x8b", 2, -1, "is an archive, which is not opened; send what is in it"},
    {"GIF8", 4, -1, "is a GIF picture; send it as JPEG or PNG"},
    {"\x7f"
     "ELF",
     4, -1, "is a program"},
    {"MZ", 2, -1, "is a program"},
};

static bool fits(const uint8_t *head, size_t size, const char *pattern, size_t pattern_size) {
    if (size < pattern_size)
        return false;
    for (size_t i = 0; i < pattern_size; i++)
        if (pattern[i] != '.' && (uint8_t)pattern[i] != head[i])
            return false;
    return true;
}

int file_type_of(const uint8_t *head, size_t size, enum file_type *type, struct reason *why) {
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (!fits(head, size, heads[i].head, heads[i].size))
            continue;
        if (heads[i].type < 0)
            return refuse(why, "file", "%s; " TAKEN, heads[i].says);
        *type = (enum file_type)heads[i].type;
        return 0;
    }
    return refuse(why, "file", "is of a type that is not taken; " TAKEN);
}

const char *file_type_mime(enum file_type type) {
    return types[type].mime;
}

bool file_type_is_picture(enum file_type type) {
    return type == FILE_JPEG || type == FILE_PNG || type == FILE_WEBP;
}

const char *file_type_ending(enum file_type type) {
    return types[type].ending;
}

int file_type_named(const char *mime) {
    for (int type = 0; type < FILE_TYPES; type++)
        if (strcmp(types[type].mime, mime) == 0)
            return type;
    return -1;
}
