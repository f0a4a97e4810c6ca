#include "common/fences.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GRID 128 /* cells each way */

struct edge { /* from the lower to the upper end, so that two polygons that share it compute the same */
    double low_lat, low_lon, high_lat, high_lon;
};

struct polygon {
    uint32_t area, part;
    struct edge *edges; /* of all its rings */
    size_t count, room;
    uint32_t *bands; /* edges by row of the grid: numbers */
    uint32_t starts[GRID + 1];
};

struct cell_entry {
    uint32_t polygon;
    bool whole; /* the whole cell lies inside */
};

struct fences {
    struct polygon *polygons;
    size_t count, room, points;
    double south, west, north, east, rows_per_degree, columns_per_degree;
    struct cell_entry *entries;
    uint32_t starts[GRID * GRID + 1];
};

struct fences *fences_open(void) {
    struct fences *fences = calloc(1, sizeof *fences);
    assert(fences != NULL);
    fences->south = fences->west = INFINITY;
    fences->north = fences->east = -INFINITY;
    return fences;
}

void fences_close(struct fences **fences) {
    if (*fences == NULL)
        return;
    for (size_t i = 0; i < (*fences)->count; i++) {
        free((*fences)->polygons[i].edges);
        free((*fences)->polygons[i].bands);
    }
    free((*fences)->polygons);
    free((*fences)->entries);
    free(*fences);
    *fences = NULL;
}

size_t fences_count(const struct fences *fences) {
    return fences->count;
}

/* ---- adding rings --------------------------------------------------------------------------------------------------------- */

static struct polygon *polygon_of(struct fences *fences, const struct fence_ring *ring) {
    for (size_t i = fences->count; i > 0; i--)
        if (fences->polygons[i - 1].area == ring->area && fences->polygons[i - 1].part == ring->part)
            return &fences->polygons[i - 1];
    if (fences->count == fences->room) {
        fences->room = fences->room * 2 + 8;
        fences->polygons = realloc(fences->polygons, fences->room * sizeof *fences->polygons);
        assert(fences->polygons != NULL);
    }
    fences->polygons[fences->count] = (struct polygon){.area = ring->area, .part = ring->part};
    return &fences->polygons[fences->count++];
}

static void add_edge(struct polygon *polygon, const double *from, const double *to) {
    if (from[1] == to[1])
        return; /* level: never crossed by a level ray */
    if (polygon->count == polygon->room) {
        polygon->room = polygon->room * 2 + 64;
        polygon->edges = realloc(polygon->edges, polygon->room * sizeof *polygon->edges);
        assert(polygon->edges != NULL);
    }
    const double *low = from[1] < to[1] ? from : to, *high = from[1] < to[1] ? to : from;
    polygon->edges[polygon->count++] = (struct edge){low[1], low[0], high[1], high[0]};
}

/* One value after the other; NULL: this is none. */
static const char *read_value(const char *at, double *value) {
    char *end;
    *value = strtod(at, &end);
    if (end == at || (*end != ' ' && *end != '\0'))
        return NULL;
    return end + strspn(end, " ");
}

static int read_points(const char *text, double **out, size_t *count, struct reason *why) {
    size_t values = 0, room = strlen(text) / 2 + 2;
    double *points = malloc(room * sizeof *points);
    assert(points != NULL);
    while (*text != '\0') {
        double most = values % 2 == 0 ? 180 : 90, *value = &points[values];
        text = read_value(text, value);
        if (text == NULL || !(fabs(*value) <= most)) {
            free(points);
            return refuse(why, "ring", "value %zu must be %s in degrees, at most %g", values + 1,
                          values % 2 == 0 ? "a longitude" : "a latitude", most);
        }
        values++;
    }
    if (values % 2 != 0 || values < 6) {
        free(points);
        return refuse(why, "ring", "must be at least three points: long and lat in degrees, apart by blanks");
    }
    *out = points;
    *count = values / 2;
    return 0;
}

int fences_add(struct fences *fences, const struct fence_ring *ring, struct reason *why) {
    double *points = NULL;
    size_t count = 0;
    if (read_points(ring->points, &points, &count, why) != 0)
        return -1;
    if (fences->points + count > FENCE_POINTS_MAX) {
        free(points);
        return refuse(why, "ring", "more than %d points in all: simplify the borders", FENCE_POINTS_MAX);
    }
    fences->points += count;
    struct polygon *polygon = polygon_of(fences, ring);
    for (size_t i = 0; i < count; i++) {
        const double *at = &points[2 * i];
        add_edge(polygon, at, &points[2 * ((i + 1) % count)]);
        fences->west = fmin(fences->west, at[0]);
        fences->east = fmax(fences->east, at[0]);
        fences->south = fmin(fences->south, at[1]);
        fences->north = fmax(fences->north, at[1]);
    }
    free(points);
    return 0;
}

/* ---- the grid -------------------------------------------------------------------------------------------------------------- */

static int step(double from, double value, double per_degree) {
    double cell = floor((value - from) * per_degree);
    return cell < 0 ? 0 : cell >= GRID ? GRID - 1 : (int)cell;
}

static int row_of(const struct fences *fences, double lat) {
    return step(fences->south, lat, fences->rows_per_degree);
}

static int column_of(const struct fences *fences, double lon) {
    return step(fences->west, lon, fences->columns_per_degree);
}

static void sort_into_bands(const struct fences *fences, struct polygon *polygon) {
    uint32_t ends[GRID + 1] = {0};
    for (size_t i = 0; i < polygon->count; i++)
        for (int row = row_of(fences, polygon->edges[i].low_lat); row <= row_of(fences, polygon->edges[i].high_lat);
             row++)
            ends[row + 1]++;
    for (int row = 0; row < GRID; row++)
        ends[row + 1] += ends[row];
    memcpy(polygon->starts, ends, sizeof ends);
    polygon->bands = malloc((ends[GRID] + 1) * sizeof *polygon->bands);
    assert(polygon->bands != NULL);
    for (size_t i = 0; i < polygon->count; i++)
        for (int row = row_of(fences, polygon->edges[i].low_lat); row <= row_of(fences, polygon->edges[i].high_lat);
             row++)
            polygon->bands[ends[row]++] = (uint32_t)i;
}

/* A ray to the east crosses the outline an odd number of times. */
static bool holds(const struct fences *fences, const struct polygon *polygon, double lat, double lon) {
    bool inside = false;
    int row = row_of(fences, lat);
    for (uint32_t i = polygon->starts[row]; i < polygon->starts[row + 1]; i++) {
        const struct edge *edge = &polygon->edges[polygon->bands[i]];
        if (lat < edge->low_lat || lat >= edge->high_lat)
            continue;
        double share = (lat - edge->low_lat) / (edge->high_lat - edge->low_lat);
        if (lon < edge->low_lon + share * (edge->high_lon - edge->low_lon))
            inside = !inside;
    }
    return inside;
}

/* Marks the cells whose box an edge's box touches: there the ray decides. */
static void mark_border(const struct fences *fences, const struct polygon *polygon, bool marks[GRID * GRID]) {
    memset(marks, 0, GRID * GRID);
    for (size_t i = 0; i < polygon->count; i++) {
        const struct edge *edge = &polygon->edges[i];
        int west = column_of(fences, fmin(edge->low_lon, edge->high_lon));
        int east = column_of(fences, fmax(edge->low_lon, edge->high_lon));
        for (int row = row_of(fences, edge->low_lat); row <= row_of(fences, edge->high_lat); row++)
            for (int column = west; column <= east; column++)
                marks[row * GRID + column] = true;
    }
}

/* What a polygon is to each cell: 0 outside, 1 the ray decides, 2 inside. */
static void look_over(const struct fences *fences, const struct polygon *polygon, uint8_t kinds[GRID * GRID]) {
    static _Thread_local bool marks[GRID * GRID];
    mark_border(fences, polygon, marks);
    for (int cell = 0; cell < GRID * GRID; cell++) {
        int row = cell / GRID, column = cell % GRID;
        double lat = fences->south + (row + 0.5) / fences->rows_per_degree;
        double lon = fences->west + (column + 0.5) / fences->columns_per_degree;
        kinds[cell] = marks[cell] ? 1 : holds(fences, polygon, lat, lon) ? 2 : 0;
    }
}

void fences_finish(struct fences *fences) {
    if (fences->count == 0)
        return;
    fences->rows_per_degree = GRID / fmax(fences->north - fences->south, 1e-9);
    fences->columns_per_degree = GRID / fmax(fences->east - fences->west, 1e-9);
    uint8_t *kinds = malloc(fences->count * GRID * GRID);
    assert(kinds != NULL);
    for (size_t i = 0; i < fences->count; i++) {
        sort_into_bands(fences, &fences->polygons[i]);
        look_over(fences, &fences->polygons[i], kinds + i * GRID * GRID);
    }
    uint32_t used = 0;
    for (size_t i = 0; i < fences->count * GRID * GRID; i++)
        used += kinds[i] != 0;
    fences->entries = malloc((used + 1) * sizeof *fences->entries);
    assert(fences->entries != NULL);
    used = 0;
    for (int cell = 0; cell < GRID * GRID; cell++) {
        fences->starts[cell] = used;
        for (size_t i = 0; i < fences->count; i++)
            if (kinds[i * GRID * GRID + (size_t)cell] != 0)
                fences->entries[used++] = (struct cell_entry){(uint32_t)i, kinds[i * GRID * GRID + (size_t)cell] == 2};
    }
    fences->starts[GRID * GRID] = used;
    free(kinds);
}

size_t fences_at(const struct fences *fences, double lat, double lon, uint32_t *areas, size_t room) {
    size_t found = 0;
    if (!(lat >= fences->south && lat <= fences->north && lon >= fences->west && lon <= fences->east))
        return 0;
    int cell = row_of(fences, lat) * GRID + column_of(fences, lon);
    for (uint32_t i = fences->starts[cell]; i < fences->starts[cell + 1] && found < room; i++) {
        const struct cell_entry *entry = &fences->entries[i];
        const struct polygon *polygon = &fences->polygons[entry->polygon];
        if (entry->whole || holds(fences, polygon, lat, lon))
            areas[found++] = polygon->area;
    }
    return found;
}
