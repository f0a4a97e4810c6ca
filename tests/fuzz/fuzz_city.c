/* A line with the name of a file of a city's folder, then the file: tests/fuzz/city with this one in it is a city, or is complained of
 * in words. The folder stands in memory (/dev/shm) where there is one. */
#include <stdbool.h>

#include "common/city_draft.h"
#include "tests/fuzz/fuzz_input.h"

#define FILE_BYTES_MAX 65536

static char folder[] = "/dev/shm/zhitong-fuzz-XXXXXX";

static void path_of(char path[300], const char *name) {
    snprintf(path, 300, "%s/%s", folder, name);
}

/* From tests/fuzz/city; what does not stand there is removed. */
static void restore(const char *name) {
    char from[300], to[300], bytes[FILE_BYTES_MAX];
    snprintf(from, sizeof from, FUZZ_CITY "/%s", name);
    path_of(to, name);
    FILE *in = fopen(from, "re"), *out;
    if (in == NULL) {
        unlink(to);
        return;
    }
    size_t size = fread(bytes, 1, sizeof bytes, in);
    out = fopen(to, "we");
    assert(out != NULL && fwrite(bytes, 1, size, out) == size);
    fclose(in);
    fclose(out);
}

static void remove_folder(void) {
    char path[300];
    for (enum city_table table = 0; table < CITY_TABLE_COUNT; table++) {
        path_of(path, city_table_spec(table)->file);
        unlink(path);
    }
    rmdir(folder);
}

static void make_folder(void) {
    if (mkdtemp(folder) == NULL) {
        strcpy(folder, "/tmp/zhitong-fuzz-XXXXXX");
        assert(mkdtemp(folder) != NULL);
    }
    atexit(remove_folder);
    for (enum city_table table = 0; table < CITY_TABLE_COUNT; table++)
        restore(city_table_spec(table)->file);
    assert(fuzz_city() != NULL);
}

static const char *file_named(const uint8_t *data, size_t size) {
    for (enum city_table table = 0; table < CITY_TABLE_COUNT; table++) {
        const char *file = city_table_spec(table)->file;
        if (strlen(file) == size && memcmp(file, data, size) == 0)
            return file;
    }
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool made;
    const uint8_t *line = memchr(data, '\n', size);
    const char *name = line != NULL ? file_named(data, (size_t)(line - data)) : NULL;
    struct city *city = NULL;
    struct city_draft *draft;
    char path[300];
    if (name == NULL)
        return 0;
    if (!made)
        make_folder();
    made = true;
    path_of(path, name);
    FILE *out = fopen(path, "we");
    assert(out != NULL);
    fwrite(line + 1, 1, size - (size_t)(line + 1 - data), out);
    fclose(out);
    int status = city_folder_open(&city, &draft, folder);
    assert((status == 0) == (draft->complaint_count == 0));
    for (size_t i = 0; i < draft->complaint_count && i < COMPLAINTS_KEPT_MAX; i++)
        fuzz_check_reason(&draft->complaints[i].why);
    city_draft_close(&draft);
    city_close(&city);
    restore(name);
    return 0;
}
