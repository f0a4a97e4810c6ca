/* Blocks of whoever sends spam or abuse, and what they say against it: for who watches over the whole city. */
#ifndef ZHITONG_DESK_HTTP_BLOCKS_H
#define ZHITONG_DESK_HTTP_BLOCKS_H

#include "common/http.h"

http_handler desk_post_block, desk_get_appeals, desk_keep_block, desk_remove_block;

#endif
