/* Reading an entry of a stream: the attributes of CloudEvents 1.0 around the case's move. Inside libzhitong-follow; pure. */
#ifndef ZHITONG_EVENT_H
#define ZHITONG_EVENT_H

#include "zhitong_follow.h"
#include "zhitong_reader.h"

/* Reads the next entry of a frame and passes over it; data is borrowed from the frame. false: no event of specversion 1.0, an
 * attribute that is too long or missing, or data that is no map. */
bool zhitong_event_read(struct reader *reader, struct zhitong_event *event);

#endif
