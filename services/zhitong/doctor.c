#include "services/zhitong/doctor.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "services/zhitong/options.h"

static const char *const words_of[] = {[WELL] = "ok", [NOTE] = "warn", [ILL] = "bad"};

static void print(const struct findings *findings) {
    size_t count[ILL + 1] = {0};

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->at[i];
        count[finding->health]++;
        printf("%-4s  %-13s %s\n", words_of[finding->health], finding->what, finding->found);
        if (finding->advice[0] != '\0')
            printf("                    %s\n", finding->advice);
    }
    printf("%zu ok, %zu warnings, %zu bad\n", count[WELL], count[NOTE], count[ILL]);
}

/* Texts may come from the database or a program: what is no UTF-8 becomes "?". */
static json_t *text_json(const char *text) {
    json_t *string = json_string(text);
    return string != NULL ? string : json_string("?");
}

static void print_json(const struct findings *findings) {
    json_t *array = json_array();

    for (size_t i = 0; i < findings->count; i++)
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:o, s:o}", "check", findings->at[i].what, "health",
                                        words_of[findings->at[i].health], "found", text_json(findings->at[i].found),
                                        "advice", text_json(findings->at[i].advice)));
    json_t *object = json_pack("{s:s, s:s, s:o}", "zhitong", ZHITONG_VERSION, "health", words_of[findings->worst],
                               "findings", array);
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

int doctor_command(int argc, char **argv) {
    static struct doctor_facts facts;
    static struct findings findings;
    const char *url = NULL, *backup = NULL;
    bool json = false;
    const struct option_row rows[] = {{"--backup", &backup, NULL}, {"--json", NULL, &json}, {NULL, NULL, NULL}};
    struct words words = {.max = sizeof words.at / sizeof words.at[0]};

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    const struct doctor_options options = {url, words.at, words.count, backup};
    doctor_look(&options, &facts);
    doctor_judge(&facts, &findings);
    if (json)
        print_json(&findings);
    else
        print(&findings);
    return findings.worst == ILL ? EXIT_REFUSED : EXIT_GOOD;
}
