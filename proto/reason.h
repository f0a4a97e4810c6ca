/* Why something was refused: the field at fault and one sentence for a person.
 *
 * Every function that can refuse outside input fills a `struct reason`, which its caller owns. Below the
 * edge nothing is logged: the reason travels up to where something can be done about it. */
#ifndef ZHITONG_REASON_H
#define ZHITONG_REASON_H

#include <stdarg.h>

#define REASON_FIELD_MAX 64 /* the answer to a question, attribute.CODE or attribute[CODE], has 59 at most */
#define REASON_TEXT_MAX 240

#define MUST_CHECK __attribute__((warn_unused_result))

struct reason {
    char field[REASON_FIELD_MAX + 1]; /* name of the field, setting, column or table; may be empty */
    char text[REASON_TEXT_MAX + 1];   /* what is wrong and, where known, what to do; never NULL */
};

/* Fills `why` (which may be NULL) and returns -1, so that `return refuse(why, "item", "…")` reads well.
 * Text past REASON_TEXT_MAX bytes is cut at a character border. */
int refuse(struct reason *why, const char *field, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same for whoever takes a format and its arguments. */
int refuse_list(struct reason *why, const char *field, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#ifdef __clang_analyzer__ /* which does not look into another file: so that it knows that nothing goes on after a refusal */
#    define refuse(...) (refuse(__VA_ARGS__), -1)
#    define refuse_list(...) (refuse_list(__VA_ARGS__), -1)
#endif

#endif
