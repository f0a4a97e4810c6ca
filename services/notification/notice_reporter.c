#include "services/notification/notice_reporter.h"

#include <string.h>

static const struct {
    const char *move, *from; /* from "": any state */
} heard_of[] = {
    {"report", ""},     {"open", ""},
    {"merge", "none"}, /* receipt */
    {"dispatch", ""},   {"transfer", ""},
    {"designate", ""},  {"escalate", ""},
    {"pass_up", ""},                             /* assigned */
    {"suspend", ""},    {"grant_extension", ""}, /* delay */
    {"claim_done", ""}, {"verify", ""},          /* done, call-back question */
    {"decline", ""},    {"conclude", ""},        /* closed */
};

bool notice_for_reporters(const struct case_moved *moved) {
    if (!moved->reporter)
        return false;
    for (size_t i = 0; i < sizeof heard_of / sizeof *heard_of; i++)
        if (strcmp(moved->move, heard_of[i].move) == 0 &&
            (heard_of[i].from[0] == '\0' || strcmp(moved->from, heard_of[i].from) == 0))
            return true;
    return strcmp(moved->state, "closed") == 0 && strcmp(moved->from, "closed") != 0; /* whatever closed it */
}
