/* How far streams have got, told by the loop to the courier's thread. Telling costs a look into a table where nobody wants to know. */
#ifndef ZHITONG_NOTIFICATION_STREAM_BOARD_H
#define ZHITONG_NOTIFICATION_STREAM_BOARD_H

#include <stddef.h>
#include <stdint.h>

#include "common/city.h"

struct stream_board;

struct stream_board *board_open(void);
void board_close(struct stream_board **board);
int board_fd(const struct stream_board *board); /* readable while there is news */

/* From now on news of this stream is wanted. What is wanted once stays wanted. Courier's thread. */
void board_watch(struct stream_board *board, const char *stream);
/* Any thread. */
void board_advanced(struct stream_board *board, const char *stream, uint64_t seq);

struct board_news {
    char stream[CODE_MAX + 1];
    uint64_t seq;
};
/* Takes at most `room` of what is new; call it until it returns 0. Courier's thread. */
size_t board_take(struct stream_board *board, struct board_news *news, size_t room);

#endif
