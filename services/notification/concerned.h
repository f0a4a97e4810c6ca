/* Whom an entry concerns. Pure. */
#ifndef ZHITONG_NOTIFICATION_CONCERNED_H
#define ZHITONG_NOTIFICATION_CONCERNED_H

#include "common/city.h"
#include "proto/codec.h"

#define CONCERNED_MAX 64

struct concerned { /* unit codes, each once */
    char units[CONCERNED_MAX][CODE_MAX + 1];
    int count;
};

/* The responsible unit, then the supporting ones, then those that oversee. */
void concerned_by(const struct case_moved *moved, struct concerned *concerned);

#endif
