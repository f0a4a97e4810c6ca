/* zhitong replay: lets the records of a city's past happen again, in the city's (driven) time. */
#ifndef ZHITONG_REPLAY_H
#define ZHITONG_REPLAY_H

int replay_command(int argc, char **argv);

#endif
