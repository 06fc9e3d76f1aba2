#pragma once
#include <sqlite3.h>

/* Closing the connection does not write the log home. sqlite3_db_config has variable arguments,
   which Swift cannot pass. */
static inline int fl_sqlite_leave_log(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
