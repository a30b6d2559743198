/* Bare redemptions in a layout of layout.h, as many to a transaction as it is told.
 *
 *   layout_loop LAYOUT DATABASE BATCH SECONDS CODES [SYNCS]
 *
 * Prints one line of JSON, as load.c does; a latency is that of a transaction. */
#include "layout.h"

int main(int argc, char **argv)
{
    static struct loop loop;
    if (argc < 6 || !open_layout(&loop, argv[1], argv[2], argv[5])) {
        fputs("usage: layout_loop lean|obvious DATABASE BATCH SECONDS CODES [SYNCS]\n", stderr);
        return EXIT_FAILURE;
    }
    measure(&loop, strtoul(argv[3], NULL, 10), strtod(argv[4], NULL),
            syncs_map(argc > 6 ? argv[6] : NULL));
    return EXIT_SUCCESS;
}
