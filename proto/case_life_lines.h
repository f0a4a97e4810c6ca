/* case_life.def for one kind of line: whoever includes this has defined STATE, HAT, ROLE or MOVE; the others expand to nothing,
 * and all four are undefined again at the end. Included several times, so without a guard. */
#ifndef STATE
#    define STATE(...)
#endif
#ifndef HAT
#    define HAT(...)
#endif
#ifndef ROLE
#    define ROLE(...)
#endif
#ifndef MOVE
#    define MOVE(...)
#endif
#include "proto/case_life.def"
#undef STATE
#undef HAT
#undef ROLE
#undef MOVE
