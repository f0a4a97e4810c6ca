/* zhitong parked list|replay|discard: entries that a service could not apply (DESIGN.md section 3). They wait, with the
 * reason, for an operator; later entries of the same case wait behind them. */
#ifndef ZHITONG_PARKED_H
#define ZHITONG_PARKED_H

int parked_list_command(int argc, char **argv);
int parked_replay_command(int argc, char **argv);
int parked_discard_command(int argc, char **argv);

#endif
