/* What things are called: services (items), their groups and questions, and units, as the city's folder has them. Read once
 * for each version of the city. */
#ifndef ZHITONG_INTAKE_OPEN311_BOOK_H
#define ZHITONG_INTAKE_OPEN311_BOOK_H

#include "common/asks.h"
#include "common/code_index.h"
#include "common/db.h"
#include "common/emit.h"

/* English, Chinese, or whichever the city's folder has: Chinese where there is a Chinese name, else English. */
enum open311_language { OPEN311_THEIRS, OPEN311_ENGLISH, OPEN311_CHINESE };

struct open311_book;

/* Asks for all of it; `done` gets what the ask brought. */
struct ask *open311_book_ask(ask_done *done, void *context);
/* The book of what such an ask brought, NULL when it failed. The caller closes it. */
struct open311_book *open311_book_open(const struct ask *ask, uint64_t version);
void open311_book_close(struct open311_book **book);
uint64_t open311_book_version(const struct open311_book *book); /* of the city that was loaded when it was asked for */

/* THEIRS is Chinese where the city's folder names its first service in Chinese, else English; another one is itself. */
enum open311_language open311_book_language(const struct open311_book *book, enum open311_language asked);

/* Names by code; the code itself where there is none. Borrowed from the book. */
const char *open311_service_name(const struct open311_book *book, enum open311_language language, const char *item);
const char *open311_unit_name(const struct open311_book *book, enum open311_language language, const char *unit);
/* What is said of a service; "" where nothing is, or there is none. */
const char *open311_service_text(const struct open311_book *book, enum open311_language language, const char *item);

/* The list of services, and the definition of one. */
void open311_emit_services(struct emit *emit, const struct open311_book *book, enum open311_language language);
void open311_emit_service(struct emit *emit, const struct open311_book *book, enum open311_language language,
                          const char *item);

#endif
