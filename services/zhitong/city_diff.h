/* `zhitong city diff`: what a load would change, row by row and field by field. */
#ifndef ZHITONG_CITY_DIFF_H
#define ZHITONG_CITY_DIFF_H

int city_diff_command(int argc, char **argv);

#endif
