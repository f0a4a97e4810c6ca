/* zhitong migrate: brings a database to the shape that this program's services expect. */
#ifndef ZHITONG_MIGRATE_H
#define ZHITONG_MIGRATE_H

/* Exit code: 0 every migration is applied (or, with --dry-run, could be), 1 refused or failed, 2 wrong use. */
int migrate_command(int argc, char **argv);

#endif
