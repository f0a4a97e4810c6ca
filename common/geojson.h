/* fences.geojson of a city's folder: a FeatureCollection (RFC 7946) with one feature an area, whose property `code` is the area's
 * code and whose geometry is a Polygon or MultiPolygon in WGS-84. Its rings become rows of the table fences. */
#ifndef ZHITONG_GEOJSON_H
#define ZHITONG_GEOJSON_H

#include "common/city_draft.h"

/* Adds the rows; complains, with the number of the feature as line, of what is no such file. No file: no rows. */
void geojson_read_fences(struct city_draft *draft, const char *path);

#endif
