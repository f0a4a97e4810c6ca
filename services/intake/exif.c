#include "services/intake/exif.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/zone.h"

enum { /* tags */
       TAG_ORIENTATION = 0x0112,
       TAG_EXIF_IFD = 0x8769,
       TAG_GPS_IFD = 0x8825,
       TAG_TAKEN = 0x9003,
       TAG_TAKEN_OFFSET = 0x9011,
       TAG_GPS_LAT_REF = 1,
       TAG_GPS_LAT = 2,
       TAG_GPS_LON_REF = 3,
       TAG_GPS_LON = 4,
       TAG_GPS_TIME = 7,
       TAG_GPS_DATE = 29
};

enum { TYPE_ASCII = 2, TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_RATIONAL = 5 };

#define ENTRY_BYTES 12
#define TEXT_BYTES 24

struct tiff {
    const uint8_t *data;
    size_t size;
    bool big; /* endian */
};

struct entry {
    uint16_t type;
    uint32_t count;
    size_t at; /* of the value */
};

static uint16_t read_2(const struct tiff *tiff, size_t at) {
    const uint8_t *b = tiff->data + at;
    return (uint16_t)(tiff->big ? b[0] << 8 | b[1] : b[1] << 8 | b[0]);
}

static uint32_t read_4(const struct tiff *tiff, size_t at) {
    uint32_t first = read_2(tiff, at), second = read_2(tiff, at + 2);
    return tiff->big ? first << 16 | second : second << 16 | first;
}

static bool holds(const struct tiff *tiff, size_t at, size_t size) {
    return at <= tiff->size && size <= tiff->size - at;
}

/* The entry of that tag in the directory at `ifd` (0: there is none). False where it is missing or its value lies outside. */
static bool find(const struct tiff *tiff, uint32_t ifd, uint16_t tag, struct entry *out) {
    static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8};
    if (ifd == 0 || !holds(tiff, ifd, 2))
        return false;
    size_t count = read_2(tiff, ifd);
    for (size_t i = 0; i < count && i < EXIF_ENTRIES_MAX; i++) {
        size_t at = ifd + 2 + i * ENTRY_BYTES;
        if (!holds(tiff, at, ENTRY_BYTES))
            return false;
        if (read_2(tiff, at) != tag)
            continue;
        struct entry entry = {.type = read_2(tiff, at + 2), .count = read_4(tiff, at + 4), .at = at + 8};
        if (entry.type >= sizeof sizes || sizes[entry.type] == 0 || entry.count == 0 || entry.count > tiff->size)
            return false;
        size_t size = (size_t)entry.count * sizes[entry.type];
        if (size > 4)
            entry.at = read_4(tiff, at + 8);
        *out = entry;
        return holds(tiff, entry.at, size);
    }
    return false;
}

static uint32_t directory(const struct tiff *tiff, uint32_t ifd, uint16_t tag) {
    struct entry entry;
    return find(tiff, ifd, tag, &entry) && entry.type == TYPE_LONG ? read_4(tiff, entry.at) : 0;
}

static bool read_text(const struct tiff *tiff, uint32_t ifd, uint16_t tag, char out[TEXT_BYTES]) {
    struct entry entry;
    if (!find(tiff, ifd, tag, &entry) || entry.type != TYPE_ASCII || entry.count > TEXT_BYTES)
        return false;
    memset(out, 0, TEXT_BYTES);
    memcpy(out, tiff->data + entry.at, entry.count < TEXT_BYTES ? entry.count : TEXT_BYTES - 1);
    return true;
}

/* Three fractions: degrees or hours, minutes, seconds. */
static bool read_three(const struct tiff *tiff, uint32_t ifd, uint16_t tag, double out[3]) {
    struct entry entry;
    if (!find(tiff, ifd, tag, &entry) || entry.type != TYPE_RATIONAL || entry.count != 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        double over = read_4(tiff, entry.at + i * 8), under = read_4(tiff, entry.at + i * 8 + 4);
        if (under == 0)
            return false;
        out[i] = over / under;
    }
    return true;
}

static double degrees(const struct tiff *tiff, uint32_t gps, uint16_t tag, const char *signs) {
    char reference[TEXT_BYTES];
    double parts[3];
    if (!read_text(tiff, gps, (uint16_t)(tag - 1), reference) || !read_three(tiff, gps, tag, parts) ||
        (reference[0] != signs[0] && reference[0] != signs[1]) || parts[1] > 60 || parts[2] > 60)
        return NAN;
    double value = parts[0] + parts[1] / 60 + parts[2] / 3600;
    return reference[0] == signs[1] ? -value : value;
}

static void read_place(const struct tiff *tiff, uint32_t gps, struct exif *out) {
    double lat = degrees(tiff, gps, TAG_GPS_LAT, "NS"), lon = degrees(tiff, gps, TAG_GPS_LON, "EW");
    if (!(fabs(lat) <= 90) || !(fabs(lon) <= 180) || (lat == 0 && lon == 0)) /* cameras write 0, 0 for "no fix" */
        return;
    out->lat = lat;
    out->lon = lon;
}

/* "2026:11:25 16:30:00" */
static int64_t clock_of(const char *text) {
    int year, month, day, hour, minute, second;
    if (sscanf(text, "%4d:%2d:%2d %2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second) != 6 ||
        year < ZONE_YEAR_FIRST || year > ZONE_YEAR_LAST || !date_is_valid(year, month, day) || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 59)
        return 0;
    return date_of(year, month, day) * DAY_MS + (hour * 60 + minute) * MINUTE_MS + second * INT64_C(1000);
}

static bool read_satellite_time(const struct tiff *tiff, uint32_t gps, struct exif *out) {
    char date[TEXT_BYTES], text[TEXT_BYTES + 16];
    double parts[3];
    if (!read_text(tiff, gps, TAG_GPS_DATE, date) || !read_three(tiff, gps, TAG_GPS_TIME, parts) || !(parts[0] < 24) ||
        !(parts[1] < 60) || !(parts[2] < 60))
        return false;
    snprintf(text, sizeof text, "%.10s %02d:%02d:%02d", date, (int)parts[0], (int)parts[1], (int)parts[2]);
    out->taken_at = clock_of(text);
    out->taken_in_utc = true;
    return out->taken_at != 0;
}

static void read_time(const struct tiff *tiff, uint32_t details, struct exif *out) {
    char text[TEXT_BYTES], sign;
    int hours, minutes;
    if (!read_text(tiff, details, TAG_TAKEN, text))
        return;
    out->taken_at = clock_of(text);
    out->taken_in_utc = false;
    if (out->taken_at == 0 || !read_text(tiff, details, TAG_TAKEN_OFFSET, text) ||
        sscanf(text, "%c%2d:%2d", &sign, &hours, &minutes) != 3 || (sign != '+' && sign != '-') || hours < 0 ||
        hours > 14 || minutes < 0 || minutes > 59)
        return;
    out->taken_at -= (sign == '-' ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
    out->taken_in_utc = true;
}

void exif_none(struct exif *out) {
    *out = (struct exif){.lat = NAN, .lon = NAN, .orientation = 1};
}

void exif_read(const uint8_t *data, size_t size, struct exif *out) {
    struct tiff tiff = {data, size, false};
    struct entry entry;
    exif_none(out);
    if (size < 8 || (memcmp(data, "II\x2a\0", 4) != 0 && memcmp(data, "MM\0\x2a", 4) != 0))
        return;
    tiff.big = data[0] == 'M';
    uint32_t first = read_4(&tiff, 4);
    if (find(&tiff, first, TAG_ORIENTATION, &entry) && entry.type == TYPE_SHORT) {
        uint16_t orientation = read_2(&tiff, entry.at);
        out->orientation = orientation >= 1 && orientation <= 8 ? (uint8_t)orientation : 1;
    }
    uint32_t gps = directory(&tiff, first, TAG_GPS_IFD);
    read_place(&tiff, gps, out);
    if (!read_satellite_time(&tiff, gps, out))
        read_time(&tiff, directory(&tiff, first, TAG_EXIF_IFD), out);
}

void exif_minimal(uint8_t orientation, uint8_t out[EXIF_MINIMAL_BYTES]) {
    static const uint8_t block[EXIF_MINIMAL_BYTES] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1};
    memcpy(out, block, sizeof block);
    out[19] = orientation;
}
