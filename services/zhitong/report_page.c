#include "services/zhitong/report_page.h"

#include <stdio.h>

#include "common/measures.h"

static const char head[] =
    "# What is measured\n"
    "\n"
    "<!-- Made by `zhitong report --definitions` from common/measures.def; do not edit. -->\n"
    "\n"
    "Every number comes from routing's log alone: the entries `case_moved` of each case, in their order. Who folds the log again gets\n"
    "the same numbers. `zhitong report` shows them; `--format json` has numerator and denominator of each.\n"
    "\n"
    "- **Who is charged.** A limit is charged to the unit that held the case when it was kept or when it passed: an escalation counts\n"
    "  against the lower unit. A return is charged to the unit that returned, what comes of a closing to the unit that claimed it done,\n"
    "  what an arrival says to the unit that had the case first.\n"
    "- **What counts.** A limit that an open case has let pass counts against; one that still runs does not count yet. Time for which\n"
    "  a case is suspended does not run. A limit counts once, however often it is moved by an extension, a stricter instant or a\n"
    "  corrected calendar; moving up a tier and doing it again start new ones. A withdrawn or merged case drops the limits that run.\n"
    "- **When.** A case counts in the day on which it was opened or was last closed, as the table says, on the city's clock.\n"
    "- **Left out.** Cases that an approved appeal excludes, a list that names reason and approver (`--exclude`), and cases part of\n"
    "  whose log is gone; how many is always said.\n"
    "- **Composite 综合**: response 响应率 10, solved 解决率 45, satisfied 满意率 45, out of 100; none where one of the three has nothing to\n"
    "  count. Units are ranked by it; nobody is ranked below 30 cases.\n"
    "- **Quality of reports 上报质量分**: the mean of the scores that intake gave when the reports came in (services/intake/door.h), each to the nearest tenth. It is told of\n  sources, channels, items and units, never of a person: nobody who reports gets a score.\n";

static void print_table(bool slots) {
    printf("\n| name | 名称 | | counted by | numerator | denominator | |\n|---|---|---|---|---|---|---|\n");
    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++) {
        const struct measure_spec *spec = measure_spec(measure);
        if (spec->slot == slots)
            printf("| `%s` | %s | %s | %s | %s | %s | %s |\n", spec->name, spec->zh, spec->en,
                   measure_period_name(spec->period), spec->numerator, spec->denominator, spec->meaning);
    }
}

void report_print_page(void) {
    fputs(head, stdout);
    printf("\n## Rates\n");
    print_table(false);
    printf(
        "\n## Eight rule slots 八个必须\n\n"
        "The wording of a city's own eight rules is not public. These titles and predicates are **the project's default, and no city's\n"
        "text**; a city writes its own titles into `slots.csv` (`code` is the name without `slot_`). Each gives a rate of compliance.\n");
    print_table(true);
}
