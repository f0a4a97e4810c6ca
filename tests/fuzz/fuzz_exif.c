/* Any bytes as a file: what is stripped of it strips to itself, tells neither place nor time, and keeps its sides. And any bytes as a
 * block of EXIF: what is read lies on Earth. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "services/intake/strip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct exif *exif) {
    assert(isnan(exif->lat) == isnan(exif->lon));
    assert(isnan(exif->lat) || (fabs(exif->lat) <= 90 && fabs(exif->lon) <= 180));
    assert(exif->orientation >= 1 && exif->orientation <= 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = {0}, once = {0}, twice = {0};
    struct strip found, again;
    struct exif exif;
    enum file_type type;
    struct reason why;
    exif_read(data, size, &exif);
    check(&exif);
    if (file_type_of(data, size, &type, &why) != 0)
        return 0;
    bytes_append(&in, data, size);
    if (strip_file(type, &in, &once, &found, &why) == 0) {
        enum file_type same;
        check(&found.exif);
        assert(file_type_of(once.data, once.size, &same, &why) == 0 && same == type);
        int status = strip_file(type, &once, &twice, &again, &why);
        assert(status == 0);
        assert(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
        assert(isnan(again.exif.lat) && again.exif.taken_at == 0);
        assert(again.width == found.width && again.height == found.height);
    }
    bytes_close(&in);
    bytes_close(&once);
    bytes_close(&twice);
    return 0;
}
