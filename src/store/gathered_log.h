#pragma once
/* SQLite writes each page of its log with two system calls. Here consecutive writes to a log are
 * gathered and go to the file with one, at the latest when SQLite syncs the log, which it does
 * before a commit returns or is seen by others. */

/* Connections opened after this write their logs so. */
void gathered_log_start(void);
