/* zhitong deliveries …: what waits for an endpoint, what was given up, every attempt, and having it told again. */
#ifndef ZHITONG_DELIVERIES_H
#define ZHITONG_DELIVERIES_H

/* All return the exit code. */
int deliveries_list_command(int argc, char **argv);
int deliveries_show_command(int argc, char **argv);
int deliveries_retry_command(int argc, char **argv);
int deliveries_replay_command(int argc, char **argv);

#endif
