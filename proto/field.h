/* The rule for a text field, held by writer and reader alike. Inside proto/ only. */
#ifndef ZHITONG_FIELD_H
#define ZHITONG_FIELD_H

#include "proto/codec.h"

/* Refuses, with the field's name, a text that is too long, empty where it is NEEDED, or not clean (text.h). `text` needs
 * no NUL. */
MUST_CHECK int field_check_text(const struct field_spec *field, const char *text, size_t size, struct reason *why);

#endif
