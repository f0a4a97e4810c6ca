/* The row of a stored file. */
#ifndef ZHITONG_INTAKE_FILE_ROW_H
#define ZHITONG_INTAKE_FILE_ROW_H

#include "common/asks.h"
#include "common/city.h"
#include "services/intake/strip.h"

struct file_row {
    const char *file, *type; /* SHA-256 hex; media type */
    uint64_t bytes;
    uint32_t width, height; /* 0: no picture */
    double lat, lon;        /* NaN: none */
    int64_t taken_at;       /* 0: unknown */
};

/* What a picture told. A camera's time without a zone is the city's; without a city it is unknown. */
void file_row_of(const struct strip *found, const struct city *city, struct file_row *row);
/* Adds the step that writes it. */
void file_row_step(const struct file_row *row, struct ask *ask);

#endif
