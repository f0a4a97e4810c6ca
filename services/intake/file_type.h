/* What a file is, told by its first bytes and never by its name or by what its sender claims. Pure. */
#ifndef ZHITONG_INTAKE_FILE_TYPE_H
#define ZHITONG_INTAKE_FILE_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define FILE_HEAD_BYTES 16 /* so many tell */

enum file_type { FILE_JPEG, FILE_PNG, FILE_WEBP, FILE_PDF, FILE_MP4, FILE_TYPES };

/* The type; -1: it is none that is taken, with a reason (field "file") that names what it is where that is known. Archives and
 * office documents are among those: nothing is unpacked here. */
MUST_CHECK int file_type_of(const uint8_t *head, size_t size, enum file_type *type, struct reason *why);
const char *file_type_mime(enum file_type type); /* IANA media type */
bool file_type_is_picture(enum file_type type);
const char *file_type_ending(enum file_type type);
/* By media type; -1: unknown. */
int file_type_named(const char *mime);

#endif
