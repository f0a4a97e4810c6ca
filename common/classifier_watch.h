/* The model in use: a thread of its own reads the file when there is one and again when it has changed, so that no caller waits
 * for a disk. While a changed file cannot be used the model before it stays in use. */
#ifndef ZHITONG_CLASSIFIER_WATCH_H
#define ZHITONG_CLASSIFIER_WATCH_H

#include "common/classifier.h"

#define CLASSIFIER_LOOK_MS 1000 /* how often it looks whether the file has changed */

struct classifier_watch;

/* `path` is borrowed until close; "": none is set, and there will be no model. */
struct classifier_watch *classifier_watch_open(const char *path);
void classifier_watch_close(struct classifier_watch **open);
bool classifier_watch_is_set(const struct classifier_watch *watch);

/* The model, good until this is called again; NULL and the reason while there is none. From one thread only. */
const struct classifier *classifier_watch_now(struct classifier_watch *watch, struct reason *why);

#endif
