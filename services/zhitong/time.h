/* zhitong time show|drive|real: what time it is in the city, and how fast it passes (mesh.clock). */
#ifndef ZHITONG_TIME_H
#define ZHITONG_TIME_H

int time_show_command(int argc, char **argv);
int time_drive_command(int argc, char **argv);
int time_real_command(int argc, char **argv);

#endif
