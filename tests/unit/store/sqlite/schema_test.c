#include "store/sqlite/schema.h"

#include "unit/test.h"

static bool is_right_after(int64_t made, int64_t wanted, const char *change)
{
	sqlite3 *db = NULL;
	bool right = false;

	EXPECT_NUMBER(SQLITE_OK, sqlite3_open(":memory:", &db));
	EXPECT_NUMBER(SQLITE_OK, ash_schema_make(db, made));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_exec(db, change, NULL, NULL, NULL));
	EXPECT_NUMBER(SQLITE_OK, ash_schema_check(db, wanted, &right));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_close(db));
	return right;
}

TEST(what_was_made_is_right)
{
	EXPECT(is_right_after(1, 1, ""));
	EXPECT(is_right_after(2, 2, ""));
	EXPECT(!is_right_after(1, 2, ""));
	EXPECT(!is_right_after(2, 1, ""));
}

TEST(nothing_else_is)
{
	EXPECT(!is_right_after(2, 2, "CREATE TABLE more(a)"));
	EXPECT(!is_right_after(2, 2, "DROP TABLE term"));
	EXPECT(!is_right_after(2, 2, "DROP INDEX record_name"));
	EXPECT(!is_right_after(2, 2,
			       "DROP INDEX record_name;"
			       "CREATE UNIQUE INDEX record_name ON record(owner, space, id)"));
	EXPECT(!is_right_after(2, 2,
			       "PRAGMA writable_schema=ON;"
			       "UPDATE sqlite_master SET rootpage = 9 - rootpage WHERE rootpage IN (4, 5)"));
}
