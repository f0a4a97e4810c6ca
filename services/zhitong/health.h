/* zhitong health: whether the service in this container or on this machine can take work; for health checks. */
#ifndef ZHITONG_HEALTH_H
#define ZHITONG_HEALTH_H

int health_command(int argc, char **argv);

#endif
