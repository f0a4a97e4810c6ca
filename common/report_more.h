/* What is added to a report after it came: answers to its item's questions, words and files. Pure. Texts are those of the messages:
 * answers a JSON object, files and names lists separated by a blank. Nothing is cut: what does not fit is not added. */
#ifndef ZHITONG_REPORT_MORE_H
#define ZHITONG_REPORT_MORE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/reason.h"

/* Adds answers to those in `answers`, a buffer of that size. An answer that says nothing ("" or no texts) is passed over. Where the
 * question was answered before, the new answer `replaces` it or is passed over. -1: together they are too long, or `said` is no
 * JSON object; nothing was changed then. */
MUST_CHECK int report_add_answers(char *answers, size_t size, const char *said, bool replaces);

/* Adds the file whose SHA-256 in hex `file` begins with, unless it is there. -1 as above, also when it begins with something else. */
MUST_CHECK int report_add_file(char *files, size_t size, const char *file);

/* Adds a line of words. -1: too long, nothing was changed. */
MUST_CHECK int report_add_words(char *text, size_t size, const char *words);

/* Takes out of a list of what is missing what the answers and files say by now. */
void report_fill_missing(char *missing, const char *answers, const char *files);

#endif
