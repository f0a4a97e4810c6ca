/* Values in PostgreSQL's binary format: parameters, array parameters, results. */
#include <assert.h>
#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/db.h"

/* pg_type.dat */
#define OID_BYTEA 17
#define OID_INT8 20
#define OID_INT2 21
#define OID_INT4 23
#define OID_TEXT 25
#define OID_FLOAT8 701
#define OID_TIMESTAMPTZ 1184
#define OID_UUID 2950

#define ARRAY_HEADER_BYTES 20
#define POSTGRES_EPOCH_MS 946684800000LL /* 2000-01-01 as unix ms */

/* ---- array parameters ---------------------------------------------------------------------------------- */

static uint8_t *column_room(struct column *column, size_t size) {
    if (column->size == 0)
        column->size = ARRAY_HEADER_BYTES;
    if (column->size + size > column->room) {
        column->room = (column->size + size) * 2;
        column->data = realloc(column->data, column->room);
        assert(column->data != NULL);
    }
    uint8_t *at = column->data + column->size;
    column->size += size;
    column->count++;
    return at;
}

static void put_u32(uint8_t *at, uint32_t value) {
    value = htobe32(value);
    memcpy(at, &value, sizeof value);
}

static void put_u64(uint8_t *at, uint64_t value) {
    value = htobe64(value);
    memcpy(at, &value, sizeof value);
}

static void column_value(struct column *column, uint32_t oid, const void *data, size_t size) {
    column->oid = oid;
    uint8_t *at = column_room(column, 4 + size);
    put_u32(at, (uint32_t)size);
    if (size > 0)
        memcpy(at + 4, data, size);
}

static void column_null(struct column *column, uint32_t oid) {
    column->oid = oid;
    put_u32(column_room(column, 4), UINT32_MAX);
}

void column_reset(struct column *column) {
    column->size = 0;
    column->count = 0;
}

void column_close(struct column *column) {
    free(column->data);
    *column = (struct column){0};
}

void column_int2(struct column *column, int16_t value) {
    uint16_t wire = htobe16((uint16_t)value);
    column_value(column, OID_INT2, &wire, sizeof wire);
}

void column_int4(struct column *column, int32_t value) {
    uint32_t wire = htobe32((uint32_t)value);
    column_value(column, OID_INT4, &wire, sizeof wire);
}

void column_int8(struct column *column, int64_t value) {
    uint64_t wire = htobe64((uint64_t)value);
    column_value(column, OID_INT8, &wire, sizeof wire);
}

void column_float8(struct column *column, double value) {
    if (isnan(value)) {
        column_null(column, OID_FLOAT8);
        return;
    }
    uint8_t wire[8];
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_u64(wire, bits);
    column_value(column, OID_FLOAT8, wire, sizeof wire);
}

void column_text(struct column *column, const char *text) {
    if (text[0] == '\0')
        column_null(column, OID_TEXT);
    else
        column_value(column, OID_TEXT, text, strlen(text));
}

void column_bytea(struct column *column, const void *data, size_t size) {
    column_value(column, OID_BYTEA, data, size);
}

void column_uuid(struct column *column, const uint8_t uuid[16]) {
    column_value(column, OID_UUID, uuid, 16);
}

static uint64_t postgres_time(int64_t unix_ms) {
    return (uint64_t)((unix_ms - POSTGRES_EPOCH_MS) * 1000);
}

void column_time(struct column *column, int64_t unix_ms) {
    if (unix_ms == 0) {
        column_null(column, OID_TIMESTAMPTZ);
        return;
    }
    uint8_t wire[8];
    put_u64(wire, postgres_time(unix_ms));
    column_value(column, OID_TIMESTAMPTZ, wire, sizeof wire);
}

/* ---- scalar parameters ------------------------------------------------------------------------------------ */

static void params_value(struct params *params, const void *data, size_t size) {
    assert(params->count < DB_PARAMS_MAX);
    int i = params->count++;
    params->values[i] = data;
    params->lengths[i] = (int)size;
    params->formats[i] = 1;
}

static void params_scalar(struct params *params, uint64_t big_endian, size_t size) {
    assert(params->count < DB_PARAMS_MAX);
    uint64_t *scalar = &params->scalars[params->count];
    *scalar = big_endian;
    params_value(params, scalar, size);
}

void params_int2(struct params *params, int16_t value) {
    params_scalar(params, htobe16((uint16_t)value), 2);
}
void params_int4(struct params *params, int32_t value) {
    params_scalar(params, htobe32((uint32_t)value), 4);
}
void params_int8(struct params *params, int64_t value) {
    params_scalar(params, htobe64((uint64_t)value), 8);
}
void params_time(struct params *params, int64_t unix_ms) {
    params_scalar(params, htobe64(postgres_time(unix_ms)), 8);
}

void params_text(struct params *params, const char *text) {
    params_value(params, text, text ? strlen(text) : 0);
}

void params_bytea(struct params *params, const void *data, size_t size) {
    params_value(params, data, size);
}

void params_column(struct params *params, struct column *column) {
    assert(column->count > 0);
    put_u32(column->data, 1);     /* dimensions */
    put_u32(column->data + 4, 1); /* may hold NULLs */
    put_u32(column->data + 8, column->oid);
    put_u32(column->data + 12, column->count);
    put_u32(column->data + 16, 1); /* first index */
    params_value(params, column->data, column->size);
}

/* ---- results ------------------------------------------------------------------------------------------------ */

static const char *value_of(const PGresult *result, int row, int column, int size) {
    assert(PQgetlength(result, row, column) == size);
    return PQgetvalue(result, row, column);
}

static uint64_t value_u64(const PGresult *result, int row, int column) {
    uint64_t wire;
    memcpy(&wire, value_of(result, row, column, 8), sizeof wire);
    return be64toh(wire);
}

bool db_null(const PGresult *result, int row, int column) {
    return PQgetisnull(result, row, column) != 0;
}

int16_t db_int2(const PGresult *result, int row, int column) {
    uint16_t wire;
    memcpy(&wire, value_of(result, row, column, 2), sizeof wire);
    return (int16_t)be16toh(wire);
}

int32_t db_int4(const PGresult *result, int row, int column) {
    uint32_t wire;
    memcpy(&wire, value_of(result, row, column, 4), sizeof wire);
    return (int32_t)be32toh(wire);
}

int64_t db_int8(const PGresult *result, int row, int column) {
    return (int64_t)value_u64(result, row, column);
}

double db_float8(const PGresult *result, int row, int column) {
    if (db_null(result, row, column))
        return NAN;
    uint64_t bits = value_u64(result, row, column);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

int64_t db_time(const PGresult *result, int row, int column) {
    if (db_null(result, row, column))
        return 0;
    return db_int8(result, row, column) / 1000 + POSTGRES_EPOCH_MS;
}

bool db_bool(const PGresult *result, int row, int column) {
    return *value_of(result, row, column, 1) != 0;
}

const char *db_text(const PGresult *result, int row, int column) {
    return PQgetvalue(result, row, column);
}

const uint8_t *db_bytea(const PGresult *result, int row, int column, size_t *size) {
    *size = (size_t)PQgetlength(result, row, column);
    return (const uint8_t *)PQgetvalue(result, row, column);
}
