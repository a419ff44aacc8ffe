/*
 * A damaged database: bytes of a small store's files (the database and its log) are
 * changed, or a file is cut short, and the store is opened, read and written. What it
 * answers is right or an error; nothing crashes, hangs or reads past an end.
 *
 * The input: a byte whose first bit says which file, then changes, each a place (2 bytes,
 * times 8 for those who want to reach far), a length (1) and the bytes; a length of 255
 * cuts the file at the place.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/sqlite.h"
#include "store/store.h"

#define FILE_MAX_LEN ((size_t)1 << 18)
#define IDS          24u

#define MUST(...) HOLDS(ash_is_ok(__VA_ARGS__))

static char folder[64];

/* What the files of a sound store are, the log as after a kill: nothing copied back. */
static struct {
	const char *name;
	uint8_t bytes[FILE_MAX_LEN];
	size_t len;
} files[] = { { .name = "store.db" }, { .name = "store.db-wal" } };

static const char *path_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void remove_files(void)
{
	DIR *list = opendir(folder);
	const struct dirent *entry = NULL;

	while (list != NULL && (entry = readdir(list)) != NULL)
		(void)unlink(path_of(entry->d_name));
	if (list != NULL)
		(void)closedir(list);
}

static void remove_folder(void)
{
	remove_files();
	(void)rmdir(folder);
}

static struct ash_status open_store(bool create, struct ash_store **ret_store)
{
	const struct ash_store_options options = { .path = folder, .group = "", .create = create };

	return ash_store_open(&ash_store_sqlite, &options, ret_store);
}

static struct ash_status put_some(struct ash_txn *txn, void *context)
{
	static const uint8_t value[300] = { 1, 2, 3 };
	const uint64_t first = *(const uint64_t *)context;

	for (uint64_t i = first; i < first + IDS / 2; i++) {
		const struct ash_span terms[] = { ash_span_text("term"), ash_span((const uint8_t *)&i, 1) };

		ASH_TRY(ash_txn_put(txn, (struct ash_record_name){ 4, 1, i }, 0, ash_span(value, 100 + i * 8),
				    terms, 2));
	}
	return ASH_DONE;
}

static void read_file(const char *name, uint8_t *bytes, size_t *ret_len)
{
	FILE *file = fopen(path_of(name), "rbe");

	HOLDS(file != NULL);
	*ret_len = fread(bytes, 1, FILE_MAX_LEN, file);
	HOLDS(*ret_len > 0 && *ret_len < FILE_MAX_LEN && fclose(file) == 0);
}

static void begin(void)
{
	struct ash_store *store = NULL;
	uint64_t first = 1;

	/* In memory where that is possible: each input makes the files anew. */
	(void)strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/ashlar-fuzz-XXXXXX"
							   : "/tmp/ashlar-fuzz-XXXXXX");
	HOLDS(mkdtemp(folder) != NULL && atexit(remove_folder) == 0);
	MUST(open_store(true, &store));
	MUST(ash_store_change(store, put_some, &first));
	ash_store_close(store);
	MUST(open_store(false, &store));
	first += IDS / 2;
	MUST(ash_store_change(store, put_some, &first));
	for (size_t i = 0; i < ASH_COUNT(files); i++)
		read_file(files[i].name, files[i].bytes, &files[i].len);
	ash_store_close(store);
}

static void write_files(struct ash_span in)
{
	const size_t which = fuzz_byte(&in) % ASH_COUNT(files);
	static uint8_t bytes[FILE_MAX_LEN];
	size_t len = files[which].len;

	memcpy(bytes, files[which].bytes, len);
	while (in.len != 0) {
		const uint8_t high = fuzz_byte(&in);
		size_t at = (size_t)high << 8 | fuzz_byte(&in);
		const uint8_t how_many = fuzz_byte(&in);
		struct ash_span change = fuzz_bytes(&in, how_many == 255 ? 0 : how_many);

		if (at >= len) /* the rest of the file, in steps */
			at = at * 8 % (len + 1);
		if (how_many == 255)
			len = at;
		else if (change.len != 0 && at < len)
			memcpy(bytes + at, change.data, change.len < len - at ? change.len : len - at);
	}
	remove_files();
	for (size_t i = 0; i < ASH_COUNT(files); i++) {
		int fd = open(path_of(files[i].name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		const uint8_t *content = i == which ? bytes : files[i].bytes;
		const size_t content_len = i == which ? len : files[i].len;

		HOLDS(fd >= 0 && write(fd, content, content_len) == (ssize_t)content_len && close(fd) == 0);
	}
}

/* Any answer, but within its bounds. */
static void read_all(struct ash_store *store)
{
	ASH_AUTO(ash_txn) *view = NULL;
	uint64_t ids[IDS * 2];
	uint64_t number = 0;
	size_t count = 0;

	ash_ignore(ash_store_generation(store, &number));
	if (!ash_is_ok(ash_store_view(store, &view)))
		return;
	if (ash_is_ok(ash_txn_find(view, 4, 1, ASH_SPAN_NONE, 0, ids, ASH_COUNT(ids), &count)))
		for (size_t i = 0; i < count; i++)
			HOLDS(ids[i] > (i == 0 ? 0 : ids[i - 1]) && ids[i] <= ASH_STORE_ID_MAX);
	ash_ignore(ash_txn_count(view, 4, 1, ash_span_text("term"), 100, &number));
	ash_ignore(ash_txn_find(view, 4, 1, ash_span_text("term"), 3, ids, ASH_COUNT(ids), &count));
	HOLDS(count <= ASH_COUNT(ids));
	for (uint64_t id = 1; id <= IDS; id++) {
		ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
		uint64_t version = 0;
		const struct ash_status status =
			ash_txn_get(view, (struct ash_record_name){ 4, 1, id }, &value, &version);

		HOLDS(ash_is_ok(status) ? version != 0 && value.len <= ASH_STORE_VALUE_MAX : value.len == 0);
	}
}

static struct ash_status change_some(struct ash_txn *txn, ASH_UNUSED void *context)
{
	const struct ash_record_name name = { 4, 1, 5 };
	uint64_t version = 0;
	uint64_t id = 0;

	ASH_TRY(ash_txn_get(txn, name, NULL, &version));
	ASH_TRY(ash_txn_put(txn, name, version, ash_span_text("new"), NULL, 0));
	ASH_TRY(ash_txn_delete(txn, (struct ash_record_name){ 4, 1, 6 }));
	ASH_TRY(ash_txn_new_id(txn, &id));
	HOLDS(id != 0 && id <= ASH_STORE_ID_MAX);
	return ash_txn_put(txn, (struct ash_record_name){ 4, 1, id }, 0, ash_span_text("v"), NULL, 0);
}

/* What was written and said to be there is there. */
static void check_changed(struct ash_store *store)
{
	ASH_AUTO(ash_txn) *view = NULL;
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	uint64_t version = 0;

	if (!ash_is_ok(ash_store_view(store, &view)))
		return;
	if (ash_is_ok(ash_txn_get(view, (struct ash_record_name){ 4, 1, 5 }, &value, &version)))
		HOLDS(ash_span_equal(ash_buf_span(&value), ash_span_text("new")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ash_store *store = NULL;

	if (folder[0] == '\0')
		begin();
	write_files(ash_span(data, len));
	if (!ash_is_ok(open_store(false, &store))) {
		HOLDS(store == NULL);
		return 0;
	}
	read_all(store);
	if (ash_is_ok(ash_store_change(store, change_some, NULL)))
		check_changed(store);
	read_all(store);
	ash_store_close(store);
	return 0;
}
