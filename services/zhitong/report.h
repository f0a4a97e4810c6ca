/* zhitong report: rates and rule slots (docs/measures.md), from routing's log or from the kept facts. */
#ifndef ZHITONG_REPORT_COMMAND_H
#define ZHITONG_REPORT_COMMAND_H

int report_command(int argc, char **argv);

#endif
