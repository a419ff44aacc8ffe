#include "store/sqlite/inspect.h"

#include <string.h>

#include "store/findings.h"
#include "store/sqlite/checksum.h"
#include "store/sqlite/result.h"
#include "store/terms.h"

#define WHOLE ((struct ash_record_name){ 0, 0, 0 })

/* SQLite's log: a header, then frames of a header and a page ("Database File Format", 4.1). */
#define LOG_HEADER   32
#define LOG_SALTS_AT 16
#define FRAME_HEADER 24
#define FRAME_SALTS  8
#define SALTS_LEN    8

/* SQLite never uses the page with the byte that it locks. */
#define LOCK_BYTE_PAGE ((uint32_t)(0x40000000 / ASH_CHECKSUM_PAGE) + 1)

/* Looking at a page that is wrong takes a while: at a store full of them, for ever. */
#define BAD_PAGES_MOST 100

struct inspection {
	struct ash_connection *connection;
	struct ash_findings findings;
	struct ash_store_facts facts;
};

/* What SQLite can't read is damage; only for want of memory the inspection itself fails. */
static struct ash_status unreadable(struct inspection *inspection, uint64_t id, int result)
{
	ASH_ENSURE(!ash_sqlite_no_memory(result), ASH_E_MEMORY);
	inspection->connection->failed = true;
	ash_findings_damage(&inspection->findings, id, "it can't be read: %s (SQLite %d)",
			    sqlite3_errmsg(inspection->connection->db), result);
	return ASH_DONE;
}

static struct ash_status prepare(struct inspection *inspection, const char *sql, sqlite3_stmt **ret_statement)
{
	const int result = sqlite3_prepare_v2(inspection->connection->db, sql, -1, ret_statement, NULL);

	return result == SQLITE_OK ? ASH_DONE : unreadable(inspection, 0, result);
}

/* False at the end, and where nothing more can be read. */
static struct ash_status next(struct inspection *inspection, sqlite3_stmt *statement, bool *ret_row)
{
	const int result = statement != NULL ? sqlite3_step(statement) : SQLITE_DONE;

	*ret_row = result == SQLITE_ROW;
	if (result == SQLITE_ROW || result == SQLITE_DONE)
		return ASH_DONE;
	return unreadable(inspection, 0, result);
}

static struct ash_status inspect_structure(struct inspection *inspection)
{
	ASH_SQLITE_STATEMENT *check = NULL, *count = NULL;
	bool row = false;

	ash_findings_begin(&inspection->findings, "structure", WHOLE);
	ASH_TRY(prepare(inspection, "PRAGMA page_count", &count));
	ASH_TRY(next(inspection, count, &row));
	inspection->findings.checked = row ? (uint64_t)sqlite3_column_int64(count, 0) : 0;
	ASH_TRY(prepare(inspection, "PRAGMA integrity_check(1000)", &check));
	while (true) {
		const char *text = NULL;

		ASH_TRY(next(inspection, check, &row));
		if (!row)
			break;
		text = (const char *)sqlite3_column_text(check, 0);
		ASH_ENSURE(text != NULL, ASH_E_MEMORY);
		if (strcmp(text, "ok") != 0)
			ash_findings_damage(&inspection->findings, 0, "%s", text);
	}
	ash_findings_end(&inspection->findings);
	return ASH_DONE;
}

static sqlite3_file *file_of(struct inspection *inspection, int which)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(inspection->connection->db, "main", which, &file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL)
		return NULL;
	return file;
}

static uint32_t big_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

/* Whether the log has the page, which is then read from there, and written back to the database later. */
static bool is_in_log(struct inspection *inspection, uint32_t number)
{
	sqlite3_file *log = file_of(inspection, SQLITE_FCNTL_JOURNAL_POINTER);
	uint8_t header[LOG_HEADER], frame[FRAME_HEADER];
	sqlite3_int64 at = LOG_HEADER;

	if (log == NULL || log->pMethods->xRead(log, header, sizeof(header), 0) != SQLITE_OK)
		return false;
	while (log->pMethods->xRead(log, frame, sizeof(frame), at) == SQLITE_OK &&
	       memcmp(frame + FRAME_SALTS, header + LOG_SALTS_AT, SALTS_LEN) == 0) {
		if (big_u32(frame) == number)
			return true;
		at += FRAME_HEADER + (sqlite3_int64)ASH_CHECKSUM_PAGE;
	}
	return false;
}

/*
 * Whether the page has the sum that it should have. Somebody may be copying the log back
 * just now: what is wrong is looked at again.
 */
static bool has_its_sum(sqlite3_file *file, uint32_t number)
{
	uint8_t page[ASH_CHECKSUM_PAGE], sum[ASH_CHECKSUM_LEN];
	const sqlite3_int64 at = (sqlite3_int64)(number - 1) * (sqlite3_int64)sizeof(page);

	for (int tries = 0; tries < 5; tries++) {
		const int result = file->pMethods->xRead(file, page, sizeof(page), at);

		if (result == SQLITE_IOERR_SHORT_READ)
			return true; /* it was cut off meanwhile, or SQLite says so above */
		ash_checksum_of(page, number, sum);
		if (result == SQLITE_OK && memcmp(sum, page + sizeof(page) - sizeof(sum), sizeof(sum)) == 0)
			return true;
		sqlite3_sleep(2);
	}
	return false;
}

/* Every page of the file, also of those that no table has at the moment. */
static struct ash_status inspect_pages(struct inspection *inspection)
{
	struct ash_findings *findings = &inspection->findings;
	sqlite3_file *file = file_of(inspection, SQLITE_FCNTL_FILE_POINTER);
	sqlite3_int64 size = 0;

	ash_findings_begin(findings, "pages", WHOLE);
	if (!ash_checksum_on(inspection->connection->db)) {
		ash_findings_unchecked(findings, 0,
				       "the store is of format 1, whose pages have no checksums");
	} else if (file == NULL || file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
		ash_findings_damage(findings, 0, "the file can't be read");
	}
	if (size % (sqlite3_int64)ASH_CHECKSUM_PAGE != 0)
		ash_findings_damage(findings, 0, "the file ends within a page");
	for (uint32_t number = 1; number <= (uint64_t)size / ASH_CHECKSUM_PAGE; number++) {
		if (number == LOCK_BYTE_PAGE)
			continue;
		if (findings->damaged == BAD_PAGES_MOST) {
			ash_findings_unchecked(findings, 0,
					       "so many are damaged that the rest is not looked at");
			break;
		}
		findings->checked++;
		if (!has_its_sum(file, number) && !is_in_log(inspection, number))
			ash_findings_damage(findings, 0, "page %u has another checksum than its bytes have",
					    number);
	}
	ash_findings_end(findings);
	return ASH_DONE;
}

static struct ash_status inspect_counters(struct inspection *inspection)
{
	struct ash_findings *findings = &inspection->findings;
	ASH_SQLITE_STATEMENT *meta = NULL;
	bool row = false;

	ash_findings_begin(findings, "counters", WHOLE);
	ASH_TRY(prepare(inspection, "SELECT generation, latest_id FROM meta ORDER BY one", &meta));
	while (true) {
		struct ash_store_facts *facts = &inspection->facts;
		sqlite3_int64 generation = 0, latest_id = 0;

		ASH_TRY(next(inspection, meta, &row));
		if (!row)
			break;
		generation = sqlite3_column_int64(meta, 0);
		latest_id = sqlite3_column_int64(meta, 1);
		findings->checked++;
		if (generation < 1 || latest_id < 0)
			ash_findings_damage(findings, 0, "generation %lld or id %lld can't be", generation,
					    latest_id);
		if (findings->checked > 1 &&
		    (facts->generation != (uint64_t)generation || facts->latest_id != (uint64_t)latest_id))
			ash_findings_damage(findings, 0, "their two copies differ");
		facts->generation = (uint64_t)generation;
		facts->latest_id = (uint64_t)latest_id;
	}
	if (findings->damaged == 0 && findings->checked != (inspection->connection->format > 1 ? 2 : 1))
		ash_findings_damage(findings, 0, "there are %llu of them",
				    (unsigned long long)findings->checked);
	ash_findings_end(findings);
	return ASH_DONE;
}

static struct ash_record_name name_in(sqlite3_stmt *row)
{
	return (struct ash_record_name){
		.space = (uint32_t)sqlite3_column_int64(row, 0),
		.owner = (uint64_t)sqlite3_column_int64(row, 1),
		.id = (uint64_t)sqlite3_column_int64(row, 2),
	};
}

static struct ash_span blob_in(sqlite3_stmt *row, int column)
{
	const void *data = sqlite3_column_blob(row, column);

	return ash_span(data, (size_t)sqlite3_column_bytes(row, column));
}

/* A finding of a record says which one in full: the part is about all of them. */
static void damaged_record(struct inspection *inspection, struct ash_record_name name, const char *what)
{
	struct ash_findings *findings = &inspection->findings;

	findings->place = name;
	ash_findings_damage(findings, name.id, "%s", what);
	findings->place = WHOLE;
}

/* Whether `look`, bound to the record and the term, finds it. */
static struct ash_status has_term(struct inspection *inspection, sqlite3_stmt *look,
				  struct ash_record_name name, struct ash_span term, bool *ret_has)
{
	struct ash_status status = ASH_DONE;

	ASH_ENSURE(sqlite3_bind_int64(look, 1, name.space) == SQLITE_OK &&
			   sqlite3_bind_int64(look, 2, (sqlite3_int64)name.owner) == SQLITE_OK &&
			   sqlite3_bind_int64(look, 3, (sqlite3_int64)name.id) == SQLITE_OK &&
			   sqlite3_bind_blob64(look, 4, term.data, term.len, SQLITE_STATIC) == SQLITE_OK,
		   ASH_E_MEMORY);
	status = next(inspection, look, ret_has);
	sqlite3_reset(look);
	return status;
}

static struct ash_status inspect_record(struct inspection *inspection, sqlite3_stmt *record,
					sqlite3_stmt *look)
{
	const struct ash_record_name name = name_in(record);
	struct ash_reader in = ash_reader(blob_in(record, 3));
	struct ash_span term = ASH_SPAN_NONE;
	bool has = false;

	inspection->facts.records++;
	while (ash_terms_next(&in, &term)) {
		ASH_TRY(has_term(inspection, look, name, term, &has));
		inspection->findings.checked++;
		if (!has)
			damaged_record(inspection, name, "a search for one of its terms does not find it");
	}
	if (!ash_is_ok(ash_reader_end(&in)))
		damaged_record(inspection, name, "its list of terms is damaged");
	if (sqlite3_column_int64(record, 0) != name.space || name.space == 0)
		damaged_record(inspection, name, "its space can't be");
	if (sqlite3_column_int64(record, 4) < 1 || name.id == 0 || name.id > ASH_STORE_ID_MAX)
		damaged_record(inspection, name, "its id or version can't be");
	return ASH_DONE;
}

/* Terms that their record does not have: a search would find it for what it is not. */
static struct ash_status inspect_strays(struct inspection *inspection)
{
	ASH_SQLITE_STATEMENT *each = NULL;
	bool row = false;

	ASH_TRY(prepare(inspection,
			"SELECT t.space, t.owner, t.id, t.term, r.terms FROM term t LEFT JOIN record r"
			" ON r.space = t.space AND r.owner = t.owner AND r.id = t.id",
			&each));
	while (true) {
		struct ash_span terms;

		ASH_TRY(next(inspection, each, &row));
		if (!row)
			return ASH_DONE;
		terms = blob_in(each, 4);
		if (terms.data == NULL)
			damaged_record(inspection, name_in(each), "it is not there, but a search finds it");
		else if (!ash_terms_have(terms, blob_in(each, 3)))
			damaged_record(inspection, name_in(each),
				       "a search finds it for a term that it does not have");
	}
}

/* Both ways, the second only where the first shows that something is wrong: it takes as long. */
static struct ash_status inspect_terms(struct inspection *inspection)
{
	struct ash_findings *findings = &inspection->findings;
	ASH_SQLITE_STATEMENT *each = NULL, *look = NULL, *count = NULL;
	bool row = false;

	ash_findings_begin(findings, "terms", WHOLE);
	ASH_TRY(prepare(inspection, "SELECT space, owner, id, terms, version FROM record", &each));
	ASH_TRY(prepare(inspection,
			"SELECT 1 FROM term WHERE space = ?1 AND owner = ?2 AND id = ?3 AND term = ?4",
			&look));
	ASH_TRY(prepare(inspection, "SELECT count(*) FROM term", &count));
	while (true) {
		ASH_TRY(next(inspection, each, &row));
		if (!row)
			break;
		ASH_TRY(inspect_record(inspection, each, look));
	}
	ASH_TRY(next(inspection, count, &row));
	inspection->facts.terms = row ? (uint64_t)sqlite3_column_int64(count, 0) : 0;
	if (inspection->facts.terms != findings->checked || findings->damaged != 0)
		ASH_TRY(inspect_strays(inspection));
	ash_findings_end(findings);
	return ASH_DONE;
}

struct ash_status ash_sqlite_inspect(void *given, ash_store_tell *tell, void *context,
				     struct ash_store_facts *ret_facts)
{
	struct inspection inspection = {
		.connection = given,
		.findings = { .tell = tell, .context = context },
	};

	ASH_TRY(inspect_structure(&inspection));
	ASH_TRY(inspect_pages(&inspection));
	ASH_TRY(inspect_counters(&inspection));
	ASH_TRY(inspect_terms(&inspection));
	*ret_facts = inspection.facts;
	return ASH_DONE;
}
