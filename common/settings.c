#include "common/settings.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/host.h"

#define PREFIX "ZHITONG_"
#define FILE_SUFFIX "_FILE"
#define NAME_BYTES_MAX 64
#define FILE_BYTES_MAX 65536
#define ADVICE_DISTANCE_MAX 3 /* a name further away than this many letters is not what was meant */

extern char **environ;

struct value {
    const struct setting *setting;
    char *text;
    long long number; /* of a number; 0 or 1 of a flag */
};

struct settings {
    size_t count;
    struct value values[];
};

/* Variables that belong to the tools around a service (run folder, tests, source tree) and not to it. */
static bool belongs_to_tools(const char *name, size_t size) {
    static const char *const prefixes[] = {"ZHITONG_RUN", "ZHITONG_TEST"};

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (size >= strlen(prefixes[i]) && memcmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return size == strlen("ZHITONG_ROOT") && memcmp(name, "ZHITONG_ROOT", size) == 0;
}

static bool is_called(const struct setting *setting, const char *name, size_t size) {
    return strlen(setting->name) == size && memcmp(setting->name, name, size) == 0;
}

static bool is_known(const struct settings *settings, const char *name, size_t size) {
    size_t suffix = strlen(FILE_SUFFIX);
    bool file = size > suffix && memcmp(name + size - suffix, FILE_SUFFIX, suffix) == 0;

    for (size_t i = 0; i < settings->count; i++)
        if (is_called(settings->values[i].setting, name, size) ||
            (file && is_called(settings->values[i].setting, name, size - suffix)))
            return true;
    return false;
}

/* Levenshtein's distance of two names of at most NAME_BYTES_MAX bytes. */
static size_t name_distance(const char *left, const char *right) {
    size_t row[NAME_BYTES_MAX + 1];
    size_t width = strlen(right);

    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 0; left[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t change = diagonal + (left[i] != right[j]);
            size_t step = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
            diagonal = row[j + 1];
            row[j + 1] = change < step ? change : step;
        }
    }
    return row[width];
}

static int refuse_unknown(const struct settings *settings, const char *entry, size_t size, struct reason *why) {
    char name[NAME_BYTES_MAX + 1];
    char bare[NAME_BYTES_MAX + 1];
    const char *suffix = "";
    const char *nearest = NULL;
    size_t best = ADVICE_DISTANCE_MAX + 1;

    snprintf(name, sizeof name, "%.*s", (int)(size < NAME_BYTES_MAX ? size : NAME_BYTES_MAX), entry);
    memcpy(bare, name, sizeof bare);
    if (strlen(bare) > strlen(FILE_SUFFIX) && strcmp(bare + strlen(bare) - strlen(FILE_SUFFIX), FILE_SUFFIX) == 0) {
        bare[strlen(bare) - strlen(FILE_SUFFIX)] = '\0';
        suffix = FILE_SUFFIX;
    }
    for (size_t i = 0; i < settings->count; i++) {
        size_t distance = name_distance(bare, settings->values[i].setting->name);
        if (distance < best) {
            best = distance;
            nearest = settings->values[i].setting->name;
        }
    }
    if (nearest == NULL)
        return refuse(why, name, "is no setting of this service; --help lists them");
    return refuse(why, name, "is no setting of this service; did you mean %s%s?", nearest, suffix);
}

static int refuse_unknown_variables(const struct settings *settings, struct reason *why) {
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        size_t size = strcspn(*entry, "=");
        if (strncmp(*entry, PREFIX, strlen(PREFIX)) != 0 || belongs_to_tools(*entry, size) ||
            is_known(settings, *entry, size))
            continue;
        return refuse_unknown(settings, *entry, size, why);
    }
    return 0;
}

/* Reads a whole file of at most FILE_BYTES_MAX bytes, without the newline at its end; the caller frees *out. */
static int read_file(char **out, const char *name, const char *path, struct reason *why) {
    int failed = -1;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return refuse(why, name, "cannot read %s: %s", path, strerror(errno));
    char *text = malloc(FILE_BYTES_MAX + 1);
    assert(text != NULL);
    size_t size = fread(text, 1, FILE_BYTES_MAX + 1, file);
    if (ferror(file)) {
        refuse(why, name, "cannot read %s: %s", path, strerror(errno));
        goto done;
    }
    if (size > FILE_BYTES_MAX) {
        refuse(why, name, "%s is longer than %d bytes", path, FILE_BYTES_MAX);
        goto done;
    }
    if (size > 0 && text[size - 1] == '\n')
        size--;
    if (size > 0 && text[size - 1] == '\r')
        size--;
    if (memchr(text, '\0', size) != NULL) {
        refuse(why, name, "%s holds a NUL byte; is it a text file?", path);
        goto done;
    }
    text[size] = '\0';
    failed = 0;
done:
    fclose(file);
    if (failed == 0) {
        *out = strdup(text);
        assert(*out != NULL);
    }
    explicit_bzero(text, FILE_BYTES_MAX + 1);
    free(text);
    return failed;
}

/* What the environment, the file or the table says; the caller frees *out. */
static int find_text(char **out, const struct setting *setting, struct reason *why) {
    char file_name[NAME_BYTES_MAX + sizeof FILE_SUFFIX];
    const char *text = getenv(setting->name);

    snprintf(file_name, sizeof file_name, "%s" FILE_SUFFIX, setting->name);
    const char *path = getenv(file_name);
    if (text != NULL && path != NULL)
        return refuse(why, setting->name, "is set twice: here and through %s; unset one of them", file_name);
    if (path != NULL)
        return read_file(out, file_name, path, why);
    if (text == NULL)
        text = setting->fallback;
    if (text == NULL)
        return refuse(why, setting->name, "must be set (or %s): %s", file_name, setting->meaning);
    *out = strdup(text);
    assert(*out != NULL);
    return 0;
}

static int check_length(const struct value *value, struct reason *why) {
    const struct setting *setting = value->setting;
    long long size = (long long)strlen(value->text);

    if (size < setting->min)
        return refuse(why, setting->name, "has %lld bytes, needs at least %lld", size, setting->min);
    if (size > setting->max)
        return refuse(why, setting->name, "has %lld bytes, may have at most %lld", size, setting->max);
    return 0;
}

static int check_number(struct value *value, struct reason *why) {
    const struct setting *setting = value->setting;
    const char *gap = setting->unit[0] == '\0' ? "" : " ";
    char *end = value->text;

    errno = 0;
    if (value->text[0] == '-' || (value->text[0] >= '0' && value->text[0] <= '9'))
        value->number = strtoll(value->text, &end, 10);
    if (end == value->text || *end != '\0')
        return refuse(why, setting->name, "is \"%.40s\", must be a whole number from %lld to %lld%s%s", value->text,
                      setting->min, setting->max, gap, setting->unit);
    if (errno == ERANGE || value->number < setting->min || value->number > setting->max)
        return refuse(why, setting->name, "is %.40s%s%s, must be from %lld to %lld%s%s", value->text, gap,
                      setting->unit, setting->min, setting->max, gap, setting->unit);
    return 0;
}

static int check_flag(struct value *value, struct reason *why) {
    static const char *const words[] = {"no", "yes", "false", "true", "0", "1"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(value->text, words[i]) == 0) {
            value->number = (long long)(i % 2);
            return 0;
        }
    return refuse(why, value->setting->name, "is \"%.40s\", must be yes or no", value->text);
}

static int check_word(const struct value *value, struct reason *why) {
    const struct setting *setting = value->setting;
    const size_t size = strlen(value->text);

    for (const char *word = setting->unit; *word != '\0'; word += strspn(word, " ")) {
        const size_t length = strcspn(word, " ");
        if (length == size && memcmp(word, value->text, size) == 0)
            return 0;
        word += length;
    }
    return refuse(why, setting->name, "is \"%.40s\", must be one of: %s", value->text, setting->unit);
}

static int check_address(const struct value *value, struct reason *why) {
    if (host_is_address(value->text))
        return 0;
    return refuse(why, value->setting->name,
                  "is \"%.40s\", must be a numeric IP address of this host, or 0.0.0.0 for all", value->text);
}

static int check_host(const struct value *value, struct reason *why) {
    const struct setting *setting = value->setting;
    const char *text = value->text;

    if (check_length(value, why) != 0)
        return -1;
    if (host_is_every_address(text))
        return refuse(why, setting->name, "is %.40s, where nobody can connect to; give this host's name or address",
                      text);
    if (host_is_name_or_address(text))
        return 0;
    return refuse(why, setting->name,
                  "is \"%.40s\", must be a host name or a numeric IP address, without scheme or port", text);
}

static int check(struct value *value, struct reason *why) {
    switch (value->setting->type) {
    case SETTING_TEXT:
    case SETTING_SECRET:
        return check_length(value, why);
    case SETTING_NUMBER:
        return check_number(value, why);
    case SETTING_FLAG:
        return check_flag(value, why);
    case SETTING_WORD:
        return check_word(value, why);
    case SETTING_ADDRESS:
        return check_address(value, why);
    case SETTING_HOST:
        return check_host(value, why);
    }
    assert(!"unknown type");
    return -1;
}

static int read_value(struct value *value, struct reason *why) {
    if (find_text(&value->text, value->setting, why) != 0)
        return -1;
    assert(value->text != NULL);
    return check(value, why);
}

static void take_table(struct settings *settings, const struct setting *table, size_t count) {
    for (size_t i = 0; i < count; i++) {
        assert(strlen(table[i].name) <= NAME_BYTES_MAX && strncmp(table[i].name, PREFIX, strlen(PREFIX)) == 0);
        assert(!is_known(settings, table[i].name, strlen(table[i].name)));
        settings->values[settings->count++].setting = &table[i];
    }
}

int settings_open(struct settings **out, const struct setting_table tables[2], struct reason *why) {
    size_t count = tables[0].count + tables[1].count;
    struct settings *settings = calloc(1, sizeof *settings + count * sizeof settings->values[0]);

    assert(settings != NULL);
    for (int i = 0; i < 2; i++)
        take_table(settings, tables[i].rows, tables[i].count);
    if (refuse_unknown_variables(settings, why) != 0)
        goto fail;
    for (size_t i = 0; i < settings->count; i++)
        if (read_value(&settings->values[i], why) != 0)
            goto fail;
    *out = settings;
    return 0;
fail:
    settings_close(&settings);
    return -1;
}

void settings_close(struct settings **settings) {
    if (*settings == NULL)
        return;
    for (size_t i = 0; i < (*settings)->count; i++) {
        struct value *value = &(*settings)->values[i];
        if (value->text != NULL && value->setting->type == SETTING_SECRET)
            explicit_bzero(value->text, strlen(value->text));
        free(value->text);
    }
    free(*settings);
    *settings = NULL;
}

static const struct value *find(const struct settings *settings, const char *name) {
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->values[i].setting->name, name) == 0)
            return &settings->values[i];
    assert(!"a setting that stands in no table");
    return NULL;
}

const char *settings_text(const struct settings *settings, const char *name) {
    const struct value *value = find(settings, name);

    assert(value->setting->type != SETTING_NUMBER && value->setting->type != SETTING_FLAG);
    return value->text;
}

long long settings_number(const struct settings *settings, const char *name) {
    const struct value *value = find(settings, name);

    assert(value->setting->type == SETTING_NUMBER);
    return value->number;
}

bool settings_flag(const struct settings *settings, const char *name) {
    const struct value *value = find(settings, name);

    assert(value->setting->type == SETTING_FLAG);
    return value->number != 0;
}
