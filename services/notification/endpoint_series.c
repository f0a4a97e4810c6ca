#include "services/notification/endpoint_series.h"

#include <pthread.h>

#include "services/notification/series.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct series_sheet *shown; /* under the lock; NULL: the courier has not looked yet */

struct series_sheet *endpoint_series_open(void) {
    return series_sheet_open(&notification_series[SERIES_ENDPOINTS]);
}

void endpoint_series_add(struct series_sheet *sheet, const char *name, const struct endpoint_standing *standing) {
    const int64_t values[] = {standing->lag, standing->waiting, standing->dead, standing->retries};
    series_add(sheet, name, values);
}

void endpoint_series_show(struct series_sheet *take_sheet) {
    pthread_mutex_lock(&lock);
    struct series_sheet *before = shown;
    shown = take_sheet;
    pthread_mutex_unlock(&lock);
    series_sheet_close(&before);
}

void endpoint_series_list(struct service_loop *loop, struct series_sheet *sheet) {
    (void)loop;
    pthread_mutex_lock(&lock);
    if (shown != NULL)
        series_add_all(sheet, shown);
    pthread_mutex_unlock(&lock);
}
