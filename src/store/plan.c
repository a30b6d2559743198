/* Statistics for SQLite's query planner. */
#include "store/plan.h"

#include "store/sqlite.h"

/* Without statistics SQLite believes that one tenant has ten rows and reads the whole tenant
 * through the primary key where an index would find the row. Gathered statistics would change with
 * the data, and plans with them; so every index of a tenant's table gets the same ones: a tenant
 * has a million rows, each further column narrows them to a few, a unique index to one. But all
 * redemptions may be of one coupon or code: any other condition narrows them more. */
bool plan_indexes(struct db *db)
{
    return sqlite_execute(
        db,
        "ANALYZE sqlite_schema;" /* makes the table of statistics and reads nothing large */
        "DELETE FROM sqlite_stat1;"
        "INSERT INTO sqlite_stat1 (tbl, idx, stat)"
        " SELECT t.name,"
        " CASE WHEN i.origin = 'pk' AND t.sql LIKE '%WITHOUT ROWID' THEN t.name ELSE i.name END,"
        " '1000000 1000000' || substr(' 20 20 20 20 20 20', 1, 3 * (COUNT(*) - 2))"
        " || CASE i.\"unique\" WHEN 1 THEN ' 1' ELSE ' 20' END"
        " FROM sqlite_schema AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c"
        " WHERE t.type = 'table' GROUP BY t.name, i.name"
        " HAVING MIN(CASE c.seqno WHEN 0 THEN c.name END) = 'tenant';"
        "UPDATE sqlite_stat1 SET stat = '1000000 1000000 ' || CASE idx"
        " WHEN 'redemption_records_status' THEN '1000 1'"
        " WHEN 'redemption_records_promotion_code' THEN '2000 1' ELSE '5000 1' END"
        " WHERE idx IN ('redemption_records_status', 'redemption_records_promotion_code',"
        " 'redemption_records_coupon');");
}
