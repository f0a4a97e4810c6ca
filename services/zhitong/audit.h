/* zhitong audit: proves the invariants of DESIGN.md section 8 on one snapshot of the database. Read-only; services may run. */
#ifndef ZHITONG_AUDIT_H
#define ZHITONG_AUDIT_H

/* Exit code: 0 every invariant holds, 1 one is broken or the audit failed, 2 wrong use. */
int audit_command(int argc, char **argv);

#endif
