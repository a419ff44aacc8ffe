#include "store/sqlite/result.h"

#include "unit/test.h"

TEST(every_result_has_a_code)
{
	static const struct {
		int result;
		enum ash_code code;
	} cases[] = {
		{ SQLITE_NOMEM, ASH_E_MEMORY },
		{ SQLITE_IOERR_NOMEM, ASH_E_MEMORY },
		{ SQLITE_FULL, ASH_E_FULL },
		{ SQLITE_CORRUPT, ASH_E_CORRUPT },
		{ SQLITE_CORRUPT_INDEX, ASH_E_CORRUPT },
		{ SQLITE_IOERR_CORRUPTFS, ASH_E_CORRUPT },
		{ SQLITE_NOTADB, ASH_E_CORRUPT },
		{ SQLITE_ERROR, ASH_E_CORRUPT },
		{ SQLITE_CONSTRAINT_UNIQUE, ASH_E_CORRUPT },
		{ SQLITE_READONLY, ASH_E_TOKEN_WRITE_PROTECTED },
		{ SQLITE_READONLY_DIRECTORY, ASH_E_ACCESS },
		{ SQLITE_READONLY_DBMOVED, ASH_E_IO },
		{ SQLITE_CANTOPEN, ASH_E_ACCESS },
		{ SQLITE_IOERR_FSYNC, ASH_E_IO },
		{ SQLITE_BUSY, ASH_E_IO },
		{ SQLITE_INTERNAL, ASH_E_IO },
	};

	for (size_t i = 0; i < ASH_COUNT(cases); i++)
		EXPECT_NUMBER(cases[i].code, ash_sqlite_code(NULL, cases[i].result));
}

TEST(want_of_memory_has_two_results)
{
	EXPECT(ash_sqlite_no_memory(SQLITE_NOMEM));
	EXPECT(ash_sqlite_no_memory(SQLITE_IOERR_NOMEM));
	EXPECT(!ash_sqlite_no_memory(SQLITE_IOERR_READ));
}
