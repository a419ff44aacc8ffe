#include "store/sqlite/result.h"

#include <errno.h>
#include <stddef.h>

bool ash_sqlite_no_memory(int result)
{
	return (result & 0xff) == SQLITE_NOMEM || result == SQLITE_IOERR_NOMEM;
}

static enum ash_code code_of(int result)
{
	if (ash_sqlite_no_memory(result))
		return ASH_E_MEMORY;
	switch (result) {
	case SQLITE_IOERR_CORRUPTFS: return ASH_E_CORRUPT;
	case SQLITE_READONLY_CANTINIT:
	case SQLITE_READONLY_CANTLOCK:
	case SQLITE_READONLY_DIRECTORY:
	case SQLITE_READONLY_RECOVERY: return ASH_E_ACCESS;
	case SQLITE_READONLY_DBMOVED: return ASH_E_IO;
	default: break;
	}
	switch (result & 0xff) {
	case SQLITE_FULL: return ASH_E_FULL;
	case SQLITE_ERROR:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_SCHEMA:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return ASH_E_CORRUPT;
	case SQLITE_READONLY: return ASH_E_TOKEN_WRITE_PROTECTED;
	case SQLITE_AUTH:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM: return ASH_E_ACCESS;
	default: return ASH_E_IO;
	}
}

enum ash_code ash_sqlite_code(sqlite3 *db, int result)
{
	const enum ash_code code = code_of(result);

	/* SQLITE_FULL speaks of the database alone; its index in shared memory takes room as well. */
	if (code == ASH_E_IO && db != NULL && sqlite3_system_errno(db) == ENOSPC)
		return ASH_E_FULL;
	return code;
}
