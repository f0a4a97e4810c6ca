#include "common/command_line.h"

#include <stdio.h>
#include <string.h>

#include "common/loop.h"
#include "common/metrics.h"
#include "common/service_connect.h"

static void print_routes(const struct service *service) {
    printf("| method | path | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < service->route_count; i++)
        printf("| %s | `%s` | %s |\n", service->routes[i].method, service->routes[i].path, service->routes[i].meaning);
}

static void print_help(const struct service *service) {
    printf(
        "zt-%s: %s\n\nusage: zt-%s [--help | --check]\n"
        "       zt-%s --settings-markdown | --common-settings-markdown | --metrics-markdown |\n"
        "       --series-markdown | --routes-markdown\n\n"
        "  --check      read the settings, connect, prepare every query, and exit\n"
        "  …-markdown   print the tables of deploy/OPERATIONS.md: its own settings, those of every service, the metrics,\n"
        "               its labelled metrics, its HTTP API\n\n"
        "Settings come from the environment; NAME_FILE names a file that holds the value.\n\n",
        service->name, service->purpose, service->name, service->name);
    settings_help(stdout, common_settings, common_setting_count);
    settings_help(stdout, service->settings, service->setting_count);
}

bool command_line_prints(const struct service *service, int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0)
        print_help(service);
    else if (strcmp(word, "--settings-markdown") == 0)
        settings_markdown(stdout, service->settings, service->setting_count);
    else if (strcmp(word, "--common-settings-markdown") == 0)
        settings_markdown(stdout, common_settings, common_setting_count);
    else if (strcmp(word, "--metrics-markdown") == 0)
        metrics_markdown(stdout);
    else if (strcmp(word, "--series-markdown") == 0)
        series_markdown(stdout, service->series, service->series_count);
    else if (strcmp(word, "--routes-markdown") == 0)
        print_routes(service);
    else
        return false;
    return true;
}

int command_line_check(const struct service *service, const struct settings *settings) {
    struct db *db = NULL;
    struct reason why;
    if (service_connect(&db, service, settings_text(settings, "ZHITONG_DATABASE_URL"), &why) != 0) {
        fprintf(stderr, "zt-%s: %s: %s\n", service->name, why.field, why.text);
        return 1;
    }
    db_close(&db);
    printf("zt-%s: settings and queries are good\n", service->name);
    return 0;
}
