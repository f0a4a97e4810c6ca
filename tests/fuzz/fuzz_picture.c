/* Any bytes as a picture that strip_file let pass: a small picture is made of it or it is refused, and the small one is a picture. */
#include "services/intake/thumbnail.h"
#include "tests/fuzz/fuzz_input.h"

#define PIXELS_MAX 65536 /* larger ones take the fuzzer's time and no other way */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = {0}, stripped = {0}, small = {0}, again = {0};
    struct strip found = {.width = 0}, of_small;
    struct reason why = {.text = ""};
    enum file_type type;
    if (file_type_of(data, size, &type, &why) != 0 || !file_type_is_picture(type))
        return 0;
    bytes_append(&in, data, size);
    if (strip_file(type, &in, &stripped, &found, &why) == 0 && (uint64_t)found.width * found.height <= PIXELS_MAX) {
        if (thumbnail_make(type, &stripped, &found, &small, &why) != 0)
            fuzz_check_reason(&why);
        else
            assert(strip_file(FILE_JPEG, &small, &again, &of_small, &why) == 0 && of_small.width > 0 &&
                   of_small.width <= RASTER_SIDE_MAX && of_small.height <= RASTER_SIDE_MAX);
    }
    bytes_close(&in);
    bytes_close(&stripped);
    bytes_close(&small);
    bytes_close(&again);
    return 0;
}
