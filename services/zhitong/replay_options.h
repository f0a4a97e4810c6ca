/* What `zhitong replay` is asked to do. */
#ifndef ZHITONG_REPLAY_OPTIONS_H
#define ZHITONG_REPLAY_OPTIONS_H

#include "services/zhitong/options.h"

struct replay_options {
    const char *endpoints, *server_key, *key, *until, *url, *file, *courses;
    const char *through, *intake, *desk, *login, *password_file;
    long long records; /* 0: all of them */
    bool quiet;
};

/* 0, or how the command ends: wrong use was complained of. */
int replay_options_read(int argc, char **argv, struct replay_options *options);

#endif
