/* The middle of a place that a CAP alert names. Pure. Degrees are WGS-84. -1: the text is none, or lies outside the globe. */
#ifndef ZHITONG_CAP_PLACE_H
#define ZHITONG_CAP_PLACE_H

#include "proto/reason.h"

#define CAP_POINTS_MAX 2000 /* of a polygon */

/* `lat,long radius`, the radius in km. */
MUST_CHECK int cap_circle(const char *text, double *lat, double *lon);
/* `lat,long lat,long …`, four or more, the last the same as the first: its centroid, or the mean of its points where it has no
 * area or crosses itself so that the centroid would not lie among them. */
MUST_CHECK int cap_polygon(const char *text, double *lat, double *lon);

#endif
