/* Feeds of the Atom Syndication Format (RFC 4287). Pure. */
#ifndef ZHITONG_ATOM_H
#define ZHITONG_ATOM_H

#include "common/emit.h"

#define ATOM_TYPE "application/atom+xml; charset=utf-8"

struct atom_feed {  /* borrowed texts; none may be empty */
    const char *id; /* for good: an IRI (RFC 4151 tag) */
    const char *title;
    const char *author;
    const char *self;   /* where the feed is */
    int64_t updated_at; /* unix ms */
};

struct atom_entry {
    const char *id;
    const char *title;
    const char *link, *link_type; /* link_type: media type of what is there */
    const char *summary;          /* "" for none */
    const char *category;         /* a code; "" for none */
    int64_t updated_at;
};

void atom_begin(struct emit *emit, const struct atom_feed *feed);
void atom_add(struct emit *emit, const struct atom_entry *entry);
void atom_end(struct emit *emit); /* the bytes are the caller's to close */

#endif
