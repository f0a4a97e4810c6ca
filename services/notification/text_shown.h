/* Text of others as it may be shown: one line of UTF-8 without control characters. Pure. */
#ifndef ZHITONG_NOTIFICATION_TEXT_SHOWN_H
#define ZHITONG_NOTIFICATION_TEXT_SHOWN_H

#include <stddef.h>

/* What is no UTF-8 becomes ?, control characters become blanks; cut at a character so that it fits into `room` with its NUL. */
void text_shown(char *shown, size_t room, const char *text);

#endif
