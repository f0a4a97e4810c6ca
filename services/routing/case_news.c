/* What the entry of a case says of its report: when it opens, and when others hear of it for the first time. */
#include <string.h>

#include "services/routing/case_decide.h"

void case_copy_facts(const struct report_received *report, struct case_moved *moved) {
    memcpy(moved->address, report->address, sizeof report->address);
    memcpy(moved->title, report->title, sizeof report->title);
    memcpy(moved->description, report->description, strlen(report->description) + 1);
    memcpy(moved->attributes, report->attributes, strlen(report->attributes) + 1);
    memcpy(moved->files, report->files, strlen(report->files) + 1);
    memcpy(moved->missing, report->missing, sizeof report->missing);
    memcpy(moved->likely, report->likely, sizeof report->likely);
    moved->lat = report->lat;
    moved->lon = report->lon;
}

bool case_is_news(const struct case_moved *moved) {
    static const char *const moves[] = {"escalate", "pass_up", "transfer", "dispatch", "designate", "whistle"};
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (strcmp(moves[i], moved->move) == 0)
            return true;
    return false;
}

void case_add_facts(const struct report_kept *kept, struct case_moved *moved) {
    memcpy(moved->address, kept->address, sizeof kept->address);
    memcpy(moved->title, kept->title, sizeof kept->title);
    memcpy(moved->description, kept->description, strlen(kept->description) + 1);
    memcpy(moved->attributes, kept->attributes, strlen(kept->attributes) + 1);
    memcpy(moved->files, kept->files, strlen(kept->files) + 1);
    moved->lat = kept->lat;
    moved->lon = kept->lon;
}
