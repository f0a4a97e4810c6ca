#include "common/atom.h"

#include "common/event.h"

static void emit_instant(struct emit *emit, const char *name, int64_t at) {
    char text[EVENT_TIME_SIZE + 1];
    event_time(text, at);
    emit_text(emit, name, text);
}

static void emit_link(struct emit *emit, const char *rel, const char *type, const char *href) {
    emit_record(emit, "link");
    emit_attribute(emit, "rel", rel);
    emit_attribute(emit, "type", type);
    emit_attribute(emit, "href", href);
    emit_end(emit);
}

void atom_begin(struct emit *emit, const struct atom_feed *feed) {
    emit_record(emit, "feed");
    emit_attribute(emit, "xmlns", "http://www.w3.org/2005/Atom");
    emit_text(emit, "id", feed->id);
    emit_text(emit, "title", feed->title);
    emit_instant(emit, "updated", feed->updated_at);
    emit_record(emit, "author");
    emit_text(emit, "name", feed->author);
    emit_end(emit);
    emit_link(emit, "self", "application/atom+xml", feed->self);
}

void atom_add(struct emit *emit, const struct atom_entry *entry) {
    emit_record(emit, "entry");
    emit_text(emit, "id", entry->id);
    emit_text(emit, "title", entry->title);
    emit_instant(emit, "updated", entry->updated_at);
    emit_link(emit, "alternate", entry->link_type, entry->link);
    if (entry->category[0] != '\0') {
        emit_record(emit, "category");
        emit_attribute(emit, "term", entry->category);
        emit_end(emit);
    }
    if (entry->summary[0] != '\0')
        emit_text(emit, "summary", entry->summary);
    emit_end(emit);
}

void atom_end(struct emit *emit) {
    emit_end(emit);
}
