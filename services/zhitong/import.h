/* zhitong import FILE.csv …: hands the records of a CSV file in as reports, each once, however often it is run. */
#ifndef ZHITONG_IMPORT_H
#define ZHITONG_IMPORT_H

int import_command(int argc, char **argv);

#endif
