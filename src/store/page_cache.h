#pragma once
/* The pages of a database that SQLite keeps in memory, for each connection of its own. With many
 * pages SQLite's own cache waits for memory at each step: along a chain to find a page, and from
 * line to line in it. Here finding a page touches little, and the page is asked for as a whole. */

/* Connections keep their pages so. To be called before SQLite is first used. */
void page_cache_start(void);
