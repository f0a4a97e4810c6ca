#include "common/settings.h"

#include <string.h>

/* A secret's value is never printed, not even the one in the table. */
static const char *fallback_text(const struct setting *setting) {
    if (setting->fallback == NULL)
        return "must be set";
    if (setting->type == SETTING_SECRET)
        return "has a default";
    return setting->fallback[0] == '\0' ? "empty" : setting->fallback;
}

static void range_text(char *out, size_t room, const struct setting *setting) {
    out[0] = '\0';
    switch (setting->type) {
    case SETTING_NUMBER:
        snprintf(out, room, "%lld to %lld%s%s", setting->min, setting->max, setting->unit[0] == '\0' ? "" : " ",
                 setting->unit);
        return;
    case SETTING_FLAG:
        snprintf(out, room, "yes or no");
        return;
    case SETTING_TEXT:
        snprintf(out, room, "%lld to %lld bytes", setting->min, setting->max);
        return;
    case SETTING_WORD:
        snprintf(out, room, "one of: %s", setting->unit);
        return;
    case SETTING_ADDRESS:
        snprintf(out, room, "a numeric IP address");
        return;
    case SETTING_HOST:
        snprintf(out, room, "a host name or numeric IP address");
        return;
    case SETTING_SECRET:
        snprintf(out, room, "secret, %lld to %lld bytes", setting->min, setting->max);
        return;
    }
}

void settings_help(FILE *out, const struct setting *table, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char range[96];

        range_text(range, sizeof range, &table[i]);
        fprintf(
            out, "  %s\n      %s\n      %s; %s%s\n", table[i].name, table[i].meaning, range,
            table[i].fallback == NULL || table[i].type == SETTING_SECRET ? "" : "default: ", fallback_text(&table[i]));
    }
}

/* A bar would end the cell. */
static void put_cell(FILE *out, const char *text) {
    for (; *text != '\0'; text++)
        fprintf(out, *text == '|' ? "\\%c" : "%c", *text);
}

void settings_markdown(FILE *out, const struct setting *table, size_t count) {
    fputs("| setting | values | default | meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < count; i++) {
        char range[96];
        bool literal = table[i].fallback != NULL && table[i].fallback[0] != '\0' && table[i].type != SETTING_SECRET;

        range_text(range, sizeof range, &table[i]);
        fprintf(out, "| `%s` | %s | %s", table[i].name, range, literal ? "`" : "");
        put_cell(out, fallback_text(&table[i]));
        fprintf(out, "%s | ", literal ? "`" : "");
        put_cell(out, table[i].meaning);
        fputs(" |\n", out);
    }
}
