/* What a form offers: items, channels, units, reasons and templates of the city, with their names. */
#ifndef ZHITONG_DESK_HTTP_OFFERS_H
#define ZHITONG_DESK_HTTP_OFFERS_H

#include "common/http.h"

http_handler desk_get_items, desk_get_channels, desk_get_units, desk_get_reasons, desk_get_templates;

#endif
