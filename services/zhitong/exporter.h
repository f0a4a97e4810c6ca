/* zhitong exporter: the state of the whole city for Prometheus, as `zhitong status` reads it. One of it is enough. */
#ifndef ZHITONG_EXPORTER_H
#define ZHITONG_EXPORTER_H

int exporter_command(int argc, char **argv);

#endif
