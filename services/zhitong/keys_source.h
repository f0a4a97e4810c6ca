/* zhitong keys source …: what a source of the city proves with who it is. */
#ifndef ZHITONG_KEYS_SOURCE_H
#define ZHITONG_KEYS_SOURCE_H

int keys_source_command(int argc, char **argv);

#endif
