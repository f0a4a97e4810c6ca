/* From the text of an e-mail to what its writer says: HTML without its tags, without what he quotes and how he signs. Pure. */
#ifndef ZHITONG_MAIL_TEXT_H
#define ZHITONG_MAIL_TEXT_H

#include <stddef.h>

/* Writes the text that a reader would see into out, NUL-ended and at most room - 1 bytes: tags go, blocks begin a line, entities
 * become their characters (HTML 4.01's common ones and numbers), what stands in head, script, style, title and blockquote is left
 * out. What is no HTML comes out as it is. Returns its size. */
size_t mail_text_of_html(const char *html, size_t size, char *out, size_t room);

/* Makes it UTF-8 without control bytes, with \n as line ends, no blanks at the end of a line, never two empty lines together and none
 * at either end; what is broken becomes U+FFFD. In place (it never grows beyond room - 1 bytes: what does not fit is cut). */
size_t mail_text_clean(char *text, size_t size, size_t room);

/* Cuts off a signature and a quoted message, drops lines that begin with >. A text of which nothing would be left stays as it is: a
 * forwarded message is what its sender wants to say. In place, NUL-ended. */
void mail_text_own(char *text);

/* Cuts a UTF-8 text to at most size_max bytes between two characters. */
void mail_text_cut(char *text, size_t size_max);

#endif
