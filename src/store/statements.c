/* Where the declared statements begin and end: the linker knows. */
#include "store/db.h"

extern const struct statement __start_statements[];
extern const struct statement __stop_statements[];

const struct statement *statements_begin(void)
{
    return __start_statements;
}

const struct statement *statements_end(void)
{
    return __stop_statements;
}
