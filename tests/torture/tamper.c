/*
 * The tampering sweep, for Ashlar alone: the store's own tables are edited by somebody who
 * can write the file but has no key. Records are exchanged, copied, moved to another id,
 * space or token, put back as they once were, or taken away, and so are index terms and
 * counters. Each has to be noticed: reading what was hurt is an error and nothing else is
 * hurt, or `ashlar store check` says that the store is damaged. What is read is never wrong;
 * only a record that is gone or is a whole older one may be so in silence.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "check.h"
#include "crew.h"
#include "folder.h"
#include "home.h"
#include "report.h"
#include "store/sqlite/checksum.h"
#include "witness.h"

#define HANG_SECONDS  60
#define SHORT_EACH    7u /* points of each kind */
#define SHORT_SECONDS 20
#define WORKERS_MAX   64
#define ROWS_MAX      256
#define OLD_FILE      "old.db"

/* How many records an edit takes, and which. */
enum takes {
	ONE_ROW,    /* each record */
	OLD_ROW,    /* each record that was another once */
	TWO_ROWS,   /* each pair of records */
	NEIGHBOURS, /* each pair of one space and owner */
	NO_ROW,
};

/* What reading may do in silence, if only the check notices. */
#define NOTHING  0u
#define MISS_IT  (1u << WITNESS_MISSING)
#define GIVE_OLD (1u << WITNESS_OLD)

#define SAME_RECORD(table) \
	" WHERE (space, owner, id) = (SELECT space, owner, id FROM main.record WHERE row = ?1)"
#define OLD(column)                                                                                          \
	"(SELECT " column " FROM old.record o WHERE (o.space, o.owner, o.id) = (record.space, record.owner," \
	" record.id))"

#define OLDER_RECORD                                                                              \
	"UPDATE record SET version = " OLD("version") ", value = " OLD("value") ", terms = " OLD( \
		"terms") " WHERE row = ?1"
#define ALSO_AS_ANOTHER                                                                             \
	"INSERT OR IGNORE INTO term SELECT t.space, t.owner, t.term, mine.id FROM term t,"          \
	" main.record mine, main.record other WHERE mine.row = ?1 AND other.row = ?2 AND (t.space," \
	" t.owner, t.id) = (other.space, other.owner, other.id)"

/* ?1 and ?2 are record.row; `old` is the store as it was before the last changes. */
static const struct {
	const char *name;
	enum takes takes;
	unsigned silent;
	const char *sql;
} edits[] = {
	{ "value-of-another", TWO_ROWS, NOTHING,
	  "UPDATE record SET value = (SELECT value FROM record WHERE row = ?2) WHERE row = ?1" },
	{ "whole-other-record", TWO_ROWS, NOTHING,
	  "UPDATE record SET (version, value) = (SELECT version, value FROM record WHERE row = ?2)"
	  " WHERE row = ?1" },
	{ "older-value", OLD_ROW, NOTHING, "UPDATE record SET value = " OLD("value") " WHERE row = ?1" },
	{ "older-version", OLD_ROW, NOTHING,
	  "UPDATE record SET version = " OLD("version") " WHERE row = ?1" },
	{ "older-record", OLD_ROW, GIVE_OLD, OLDER_RECORD },
	{ "older-record-and-terms", OLD_ROW, GIVE_OLD,
	  OLDER_RECORD "; DELETE FROM term" SAME_RECORD(
		  "term") ";"
			  " INSERT INTO term SELECT * FROM old.term" SAME_RECORD("old.term") },
	{ "copied-to-a-new-id", ONE_ROW, NOTHING,
	  "INSERT INTO record SELECT NULL, space, owner, id + 1000, version, terms, value FROM record"
	  " WHERE row = ?1" },
	{ "moved-to-a-new-id", ONE_ROW, MISS_IT,
	  "UPDATE OR REPLACE record SET id = id + 1000 WHERE row = ?1" },
	{ "moved-to-another-space", ONE_ROW, MISS_IT,
	  "UPDATE OR REPLACE record SET space = CASE space WHEN 5 THEN 4 ELSE 5 END WHERE row = ?1" },
	{ "moved-to-another-token", ONE_ROW, MISS_IT,
	  "UPDATE OR REPLACE record SET owner = owner + 1 WHERE row = ?1" },
	{ "taken-away", ONE_ROW, MISS_IT, "DELETE FROM record WHERE row = ?1" },
	{ "taken-away-with-terms", ONE_ROW, MISS_IT,
	  "DELETE FROM term" SAME_RECORD("term") "; DELETE FROM record WHERE row = ?1" },
	{ "terms-taken-away", ONE_ROW, MISS_IT, "DELETE FROM term" SAME_RECORD("term") },
	{ "all-terms-taken-away", ONE_ROW, MISS_IT,
	  "DELETE FROM term" SAME_RECORD("term") "; UPDATE record SET terms = x'' WHERE row = ?1" },
	{ "terms-of-another", TWO_ROWS, NOTHING,
	  "UPDATE record SET terms = (SELECT terms FROM record WHERE row = ?2) WHERE row = ?1" },
	{ "also-found-as-another", NEIGHBOURS, NOTHING, ALSO_AS_ANOTHER },
	{ "only-found-as-another", NEIGHBOURS, MISS_IT,
	  "DELETE FROM term" SAME_RECORD(
		  "term") "; " ALSO_AS_ANOTHER
			  "; UPDATE record SET terms = (SELECT terms FROM record WHERE row = ?2) WHERE row = ?1" },
	{ "terms-lead-to-another", NEIGHBOURS, MISS_IT,
	  "UPDATE OR REPLACE term SET id = (SELECT id FROM record WHERE row = ?2)" SAME_RECORD("term") },
	{ "one-generation-less", NO_ROW, NOTHING, "UPDATE meta SET generation = generation - 1" },
	{ "counters-that-differ", NO_ROW, NOTHING,
	  "UPDATE meta SET latest_id = latest_id + 1 WHERE one = 2" },
	{ "ids-given-out-again", NO_ROW, NOTHING, "UPDATE meta SET latest_id = 1" },
};

struct point {
	size_t edit;
	int64_t rows[2];
};

struct result {
	bool done;
	bool same;  /* the edit changed nothing: no point */
	int status; /* of the process that looked */
	enum check_verdict check;
	struct witness witness;
};

static struct {
	struct report report;
	struct home homes[WORKERS_MAX];
	struct folder old, now;
	struct witness_known *older, *known;
	struct point *points;
	size_t count;
	const char *point, *ashlar;
	char built[4096];
} sweep;

/* ---- the store, twice ---- */

static CK_RV make_two_tokens(struct actor *actor)
{
	CK_RV rv = witness_make_token(actor, "witness");

	if (rv == CKR_OK)
		rv = actor_open(actor, CKF_RW_SESSION, CKU_USER, USER_PIN_1);
	if (rv == CKR_OK)
		rv = witness_make_objects(actor, false);
	if (rv == CKR_OK)
		rv = witness_make_objects(actor, true);
	if (rv == CKR_OK)
		rv = witness_make_token(actor, "other");
	return rv;
}

/* Every object gets an id, so that there is an older record of each; and the PINs are set anew. */
static CK_RV change_all(struct actor *actor)
{
	CK_OBJECT_HANDLE found[32];
	CK_BYTE id[] = { 7 };
	CK_ATTRIBUTE with_id = { CKA_ID, id, sizeof(id) };
	CK_ULONG count = 0, len = 0;
	CK_UTF8CHAR *pin = NULL;
	CK_RV rv = actor_open(actor, CKF_RW_SESSION, CKU_USER, USER_PIN_1);

	if (rv == CKR_OK)
		rv = actor->p11.C_FindObjectsInit(actor->session, NULL, 0);
	if (rv == CKR_OK)
		rv = actor->p11.C_FindObjects(actor->session, found, COUNT(found), &count);
	if (rv == CKR_OK)
		rv = actor->p11.C_FindObjectsFinal(actor->session);
	/* Data objects and profiles have no id: they refuse it. */
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		(void)actor->p11.C_SetAttributeValue(actor->session, found[i], &with_id, 1);
	pin = actor_pin(USER_PIN_1, &len);
	if (rv == CKR_OK)
		rv = actor->p11.C_SetPIN(actor->session, pin, len, pin, len);
	return rv;
}

static void run_maker(CK_RV (*make)(struct actor *actor))
{
	struct actor actor;
	int status = 0;
	const pid_t child = fork();

	if (child == 0) {
		CK_RV rv = actor_load(sweep.report.module, &actor);

		if (rv == CKR_OK)
			rv = make(&actor);
		if (rv == CKR_OK)
			rv = actor.p11.C_Finalize(NULL);
		if (rv != CKR_OK)
			(void)fprintf(stderr, "the store can't be made: %s\n", actor_rv_name(rv));
		_exit(rv == CKR_OK ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		report_bail("the store can't be made");
}

static void make_stores(void)
{
	struct home home = home_make();

	home_enter(&home);
	run_maker(make_two_tokens);
	folder_read(home.path, &sweep.old);
	run_maker(change_all);
	folder_read(home.path, &sweep.now);
	home_remove(&home);
}

/* ---- editing ---- */

static sqlite3 *open_database(const struct home *home, const char *name)
{
	char path[HOME_PATH + 32];
	const char *vfs = NULL;
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", home->path, name);
	if (!ash_is_ok(ash_checksum_vfs(&vfs)) ||
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, vfs) != SQLITE_OK)
		report_bail("%s can't be opened", path);
	return db;
}

static void run_sql(sqlite3 *db, const char *text, const int64_t rows[2])
{
	while (text != NULL && *text != '\0') {
		sqlite3_stmt *statement = NULL;
		int result = sqlite3_prepare_v2(db, text, -1, &statement, &text);

		for (int i = 0; result == SQLITE_OK && i < sqlite3_bind_parameter_count(statement); i++)
			result = sqlite3_bind_int64(statement, i + 1, rows[i]);
		while (result == SQLITE_OK || result == SQLITE_ROW)
			result = statement != NULL ? sqlite3_step(statement) : SQLITE_DONE;
		if (result != SQLITE_DONE)
			report_bail("%s", sqlite3_errmsg(db));
		sqlite3_finalize(statement);
	}
}

/* The home keeps its own configuration, which names its place. */
static void lay_out(struct folder *store, const struct home *home)
{
	struct folder own;

	folder_read(home->path, &own);
	for (size_t i = 0; i < own.count; i++) {
		if (strstr(own.files[i].path, ".conf") != NULL)
			(void)folder_put(store, own.files[i].path, own.files[i].data, own.files[i].len);
	}
	folder_done(&own);
	folder_write(store, home->path);
	folder_keep_page(store, home->path);
}

static uint64_t sum_tables(sqlite3 *db)
{
	static const char text[] = "SELECT space, owner, id, version, hex(terms), hex(value) FROM main.record"
				   " UNION ALL SELECT space, owner, id, 0, hex(term), '' FROM main.term"
				   " UNION ALL SELECT one, generation, latest_id, 0, '', '' FROM main.meta"
				   " ORDER BY 1, 2, 3, 4, 5, 6";
	sqlite3_stmt *statement = NULL;
	uint64_t sum = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
		report_bail("%s", sqlite3_errmsg(db));
	while (sqlite3_step(statement) == SQLITE_ROW) {
		for (int column = 0; column < 6; column++) {
			const unsigned char *at = sqlite3_column_text(statement, column);

			for (; at != NULL && *at != '\0'; at++)
				sum = (sum ^ *at) * UINT64_C(0x100000001b3);
			sum = (sum ^ '|') * UINT64_C(0x100000001b3);
		}
	}
	sqlite3_finalize(statement);
	return sum;
}

/* False when it changed nothing. */
static bool edit(const struct point *point, const struct home *home)
{
	const struct folder_file *old = folder_find(&sweep.old, "store.db");
	struct folder with_old;
	sqlite3 *db = NULL;
	uint64_t before = 0, after = 0;
	char path[HOME_PATH + 32];

	lay_out(&sweep.now, home);
	folder_read(home->path, &with_old);
	(void)folder_put(&with_old, OLD_FILE, old->data, old->len);
	folder_write(&with_old, home->path);
	folder_done(&with_old);
	folder_keep_page(&sweep.now, home->path);
	db = open_database(home, "store.db");
	before = sum_tables(db);
	(void)snprintf(path, sizeof(path), "ATTACH '%s/%s' AS old", home->path, OLD_FILE);
	run_sql(db, path, NULL);
	run_sql(db, edits[point->edit].sql, point->rows);
	run_sql(db, "DETACH old", NULL);
	after = sum_tables(db);
	if (sqlite3_close(db) != SQLITE_OK)
		report_bail("SQLite can't close the store");
	(void)snprintf(path, sizeof(path), "%s/%s", home->path, OLD_FILE);
	(void)unlink(path);
	return before != after;
}

/* ---- one point ---- */

static void look(struct witness_known *known, struct result *result)
{
	const pid_t child = fork();

	if (child == 0) {
		(void)alarm(HANG_SECONDS);
		witness_look(sweep.report.module, known, &result->witness);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &result->status, 0) != child)
		report_bail("fork: %s", strerror(errno));
}

static enum check_verdict check_store(void)
{
	/* At first without a PIN: a login counts tries, and so writes its ledger anew. */
	enum check_verdict verdict = check_run(sweep.ashlar, NULL, USER_PIN_1);

	if (verdict == CHECK_SOUND)
		verdict = check_run(sweep.ashlar, "witness", USER_PIN_1);
	return verdict != CHECK_SOUND ? verdict : check_run(sweep.ashlar, "other", USER_PIN_1);
}

static void try_point(const void *context, size_t number, unsigned worker, void *given)
{
	const struct home *home = &sweep.homes[worker];
	struct result *result = given;

	(void)context;
	home_enter(home);
	result->same = !edit(&sweep.points[number], home);
	if (!result->same) {
		result->check = check_store(); /* first: looking makes an object */
		look(sweep.known, result);
	}
	result->done = true;
}

/* The store as it was, and as it is. */
static void try_unedited(const void *context, size_t number, unsigned worker, void *given)
{
	struct result *result = given;
	struct witness_known *const known[] = { sweep.older, sweep.known };

	(void)context;
	home_enter(&sweep.homes[worker]);
	lay_out(number == 0 ? &sweep.old : &sweep.now, &sweep.homes[worker]);
	result->check = check_store();
	look(known[number], result);
	result->done = true;
}

static void get_known(void)
{
	struct result *results = NULL;

	sweep.older = witness_known_new();
	sweep.known = witness_known_new();
	results = crew_run(2, sizeof(*results), 1, 0, try_unedited, NULL);
	for (unsigned i = 0; i < 2; i++) {
		witness_bless(&results[i].witness, results[i].status, i == 0 ? sweep.older : sweep.known);
		if (results[i].check != CHECK_SOUND)
			report_bail("nothing is hurt, but `ashlar store check` %s",
				    check_text(results[i].check));
	}
	sweep.known->older = sweep.older;
	crew_done(results, 2, sizeof(*results));
}

/* ---- the sweep ---- */

static void add_point(size_t edit_number, int64_t first, int64_t second)
{
	if (sweep.count % 256 == 0)
		sweep.points = realloc(sweep.points, (sweep.count + 256) * sizeof(*sweep.points));
	if (sweep.points == NULL)
		report_bail("no memory");
	sweep.points[sweep.count++] = (struct point){ edit_number, { first, second } };
}

struct row {
	int64_t row, space, owner;
};

static size_t list_rows(struct row rows[ROWS_MAX])
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	size_t count = 0;

	lay_out(&sweep.now, &sweep.homes[0]);
	db = open_database(&sweep.homes[0], "store.db");
	if (sqlite3_prepare_v2(db, "SELECT row, space, owner FROM record ORDER BY row", -1, &statement,
			       NULL) != SQLITE_OK)
		report_bail("%s", sqlite3_errmsg(db));
	for (; count < ROWS_MAX && sqlite3_step(statement) == SQLITE_ROW; count++)
		rows[count] =
			(struct row){ sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
				      sqlite3_column_int64(statement, 2) };
	sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return count;
}

static bool takes_pair(enum takes takes, const struct row *one, const struct row *other)
{
	if (takes == NEIGHBOURS && (one->space != other->space || one->owner != other->owner))
		return false;
	return one != other;
}

static void add_points(void)
{
	struct row rows[ROWS_MAX];
	const size_t count = list_rows(rows);

	for (size_t i = 0; i < COUNT(edits); i++) {
		const bool pairs = edits[i].takes == TWO_ROWS || edits[i].takes == NEIGHBOURS;

		if (edits[i].takes == NO_ROW)
			add_point(i, 0, 0);
		for (size_t a = 0; a < count && edits[i].takes != NO_ROW; a++) {
			if (!pairs)
				add_point(i, rows[a].row, 0);
			for (size_t b = 0; b < count && pairs; b++) {
				if (takes_pair(edits[i].takes, &rows[a], &rows[b]))
					add_point(i, rows[a].row, rows[b].row);
			}
		}
	}
}

/* Of each kind of edit a few, in an order that the seed gives: time may end it early. */
static void thin_points(void)
{
	uint64_t state = sweep.report.seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	size_t kept = 0;

	for (size_t begin = 0, end = 0; begin < sweep.count; begin = end) {
		const size_t edit_number = sweep.points[begin].edit;
		size_t step = 0;

		while (end < sweep.count && sweep.points[end].edit == edit_number)
			end++;
		step = (end - begin) / SHORT_EACH + 1;
		for (size_t i = begin + sweep.report.seed % step; i < end; i += step)
			sweep.points[kept++] = sweep.points[i];
	}
	sweep.count = kept;
	for (size_t i = sweep.count; i > 1; i--) {
		const struct point point = sweep.points[i - 1];
		size_t other = 0;

		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		other = (size_t)(state >> 33) % i;
		sweep.points[i - 1] = sweep.points[other];
		sweep.points[other] = point;
	}
}

static void parse_point(const char *text)
{
	char name[64];
	long long rows[2];

	if (sscanf(text, "%63[a-z-]:%lld:%lld", name, &rows[0], &rows[1]) != 3)
		report_bail("no point is called %s", text);
	for (size_t i = 0; i < COUNT(edits); i++) {
		if (strcmp(edits[i].name, name) == 0)
			add_point(i, rows[0], rows[1]);
	}
}

/* Points, by who notices; and of those that only the check notices, how the hurt record read. */
struct tally {
	uint64_t read, check, unnoticed, missing, old;
};

/* Why it is bad, in words; or NULL. */
static const char *judge(const struct point *point, const struct result *result, char *words, size_t len,
			 struct tally *tally)
{
	const struct witness *witness = &result->witness;

	if (result->status != 0) {
		(void)snprintf(words, len, "the process ended with %#x", (unsigned)result->status);
		return words;
	}
	if (result->check == CHECK_BROKEN)
		return "the check breaks down";
	if (!witness_is_good(witness, edits[point->edit].silent, words, len))
		return words;
	if (witness_is_good(witness, NOTHING, words, len) && witness_count(witness, WITNESS_TOLD) != 0) {
		tally->read++;
		return NULL;
	}
	if (result->check != CHECK_DAMAGED)
		return "neither reading nor the check notices";
	tally->check++;
	tally->missing += witness_count(witness, WITNESS_MISSING) != 0;
	tally->old += witness_count(witness, WITNESS_OLD) != 0;
	return NULL;
}

static void count_point(const struct point *point, const struct result *result, struct tally *tally)
{
	char repeat[128], words[256] = "";
	const char *why = NULL;

	if (!result->done || result->same)
		return;
	why = judge(point, result, words, sizeof(words), tally);
	tally->unnoticed += why != NULL;
	(void)snprintf(repeat, sizeof(repeat), "--point %s:%lld:%lld", edits[point->edit].name,
		       (long long)point->rows[0], (long long)point->rows[1]);
	report_point(&sweep.report, why == NULL, repeat, why);
}

static void print_tally(const char *name, const struct tally *tally)
{
	(void)printf("%-24s %8llu %8llu %8llu %8llu %8llu\n", name, (unsigned long long)tally->read,
		     (unsigned long long)tally->check, (unsigned long long)tally->missing,
		     (unsigned long long)tally->old, (unsigned long long)tally->unnoticed);
}

static void print_kind(const struct result *results, size_t kind, struct tally *sum)
{
	struct tally tally = { 0 };

	for (size_t i = 0; i < sweep.count; i++) {
		if (sweep.points[i].edit == kind)
			count_point(&sweep.points[i], &results[i], &tally);
	}
	print_tally(edits[kind].name, &tally);
	sum->read += tally.read;
	sum->check += tally.check;
	sum->unnoticed += tally.unnoticed;
	sum->missing += tally.missing;
	sum->old += tally.old;
}

static void run_points(void)
{
	struct result *results = crew_run(
		sweep.count, sizeof(*results), 0,
		sweep.report.short_run ? SHORT_SECONDS : report_share(&sweep.report, 1), try_point, NULL);
	struct tally sum = { 0 };

	(void)report_goes_on(&sweep.report);
	(void)printf("%-24s %8s %8s %8s %8s %8s\n", "edit; noticed by", "reading", "check", "(missing)",
		     "(old)", "BAD");
	for (size_t kind = 0; kind < COUNT(edits); kind++)
		print_kind(results, kind, &sum);
	print_tally("all", &sum);
	report_more(&sweep.report, "noticed_by_reading", "%llu", (unsigned long long)sum.read);
	report_more(&sweep.report, "noticed_by_check", "%llu", (unsigned long long)sum.check);
	report_more(&sweep.report, "of_these_read_as_missing", "%llu", (unsigned long long)sum.missing);
	report_more(&sweep.report, "of_these_read_as_older", "%llu", (unsigned long long)sum.old);
	for (size_t i = 0; sweep.point != NULL && i < sweep.count; i++)
		(void)printf("the check %s\n", check_text(results[i].check));
	crew_done(results, sweep.count, sizeof(*results));
}

/* The command that was built with us: build/tests/torture/tamper, build/ashlar. */
static void find_ashlar(void)
{
	static const char here[] = "/tests/torture/tamper";
	const ssize_t got = readlink("/proc/self/exe", sweep.built, sizeof(sweep.built) - 16);

	if (sweep.ashlar != NULL)
		return;
	if (got < (ssize_t)sizeof(here))
		report_bail("where is ashlar? Say --ashlar PATH");
	(void)strcpy(sweep.built + (size_t)got - (sizeof(here) - 1), "/ashlar");
	sweep.ashlar = sweep.built;
}

int main(int argc, char **argv)
{
	const struct report_option options[] = {
		{ "point", true, &sweep.point },
		{ "ashlar", true, &sweep.ashlar },
		{ NULL, false, NULL },
	};

	report_begin(&sweep.report, "tamper", argc, argv, "[--point EDIT:ROW:ROW] [--ashlar PATH]", options);
	find_ashlar();
	for (unsigned i = 0; i < crew_workers(); i++)
		sweep.homes[i] = home_make();
	make_stores();
	if (folder_find(&sweep.now, "store.db") == NULL)
		report_bail("only Ashlar's store can be edited");
	get_known();
	if (sweep.point != NULL)
		parse_point(sweep.point);
	else
		add_points();
	if (sweep.report.short_run)
		thin_points();
	run_points();
	for (unsigned i = 0; i < crew_workers(); i++)
		home_remove(&sweep.homes[i]);
	free(sweep.points);
	folder_done(&sweep.old);
	folder_done(&sweep.now);
	return report_end(&sweep.report);
}
