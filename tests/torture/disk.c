#include "disk.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

/* What the disk has of a file. */
struct stored {
	uint8_t *data;
	size_t len;  /* as the file system has it: what lies behind is not to be seen */
	size_t room; /* bytes of data */
};

struct disk {
	const struct record *record;
	struct stored *files;
	struct record_name *names; /* of all folders */
	size_t name_count;
	size_t *pending; /* numbers of events that are not synced, in order */
	size_t pending_count;
};

/* xorshift64*: the same cuts from the same seed, everywhere. */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static bool toss(uint64_t *state)
{
	return (draw(state) >> 63) != 0;
}

/* ---- what is on the disk ---- */

static void set_name(struct disk *disk, const char *path, bool gone, size_t file)
{
	size_t at = 0;

	while (at < disk->name_count && strcmp(disk->names[at].path, path) != 0)
		at++;
	if (at == disk->name_count) {
		if (at % 16 == 0)
			disk->names = realloc(disk->names, (at + 16) * sizeof(*disk->names));
		if (disk->names == NULL)
			report_bail("no memory");
		memset(&disk->names[at], 0, sizeof(disk->names[at]));
		(void)snprintf(disk->names[at].path, sizeof(disk->names[at].path), "%s", path);
		disk->name_count++;
	}
	disk->names[at].gone = gone;
	disk->names[at].file = file;
}

static void make_room(struct stored *file, size_t room)
{
	if (room <= file->room)
		return;
	file->data = realloc(file->data, room);
	if (file->data == NULL)
		report_bail("no memory");
	memset(file->data + file->room, 0, room - file->room);
	file->room = room;
}

static void set_len(struct stored *file, size_t len)
{
	make_room(file, (len + RECORD_SECTOR - 1) / RECORD_SECTOR * RECORD_SECTOR);
	if (len < file->len)
		memset(file->data + len, 0, file->room - len);
	file->len = len;
}

/* Each part of a change is there or not: NULL means that all are. */
static void apply_bytes(struct stored *file, const struct record_event *event, uint64_t *tear)
{
	if (tear == NULL || toss(tear))
		set_len(file, event->len);
	for (size_t i = 0; i < event->sector_count; i++) {
		const size_t at = event->sectors[i] * RECORD_SECTOR;

		if (tear != NULL && toss(tear))
			continue;
		make_room(file, at + RECORD_SECTOR);
		memcpy(file->data + at, event->data + i * RECORD_SECTOR, RECORD_SECTOR);
	}
}

static void apply(struct disk *disk, const struct record_event *event, uint64_t *tear)
{
	if (event->kind == RECORD_BYTES) {
		apply_bytes(&disk->files[event->file], event, tear);
	} else if (tear == NULL || toss(tear)) {
		for (size_t i = 0; i < event->name_count; i++)
			set_name(disk, event->names[i].path, event->names[i].gone, event->names[i].file);
	}
}

static void start(const struct record *record, struct disk *ret_disk)
{
	*ret_disk = (struct disk){ .record = record };
	ret_disk->files = calloc(record->file_count, sizeof(*ret_disk->files));
	ret_disk->pending = calloc(record->event_count + 1, sizeof(*ret_disk->pending));
	if (ret_disk->files == NULL || ret_disk->pending == NULL)
		report_bail("no memory");
	for (size_t i = 0; i < record->before.count; i++) {
		const struct folder_file *file = &record->before.files[i];
		struct stored *stored = &ret_disk->files[i + 1];

		set_name(ret_disk, file->path, false, i + 1);
		set_len(stored, file->len);
		if (file->len != 0)
			memcpy(stored->data, file->data, file->len);
	}
}

static void stop(struct disk *disk)
{
	for (size_t i = 0; i < disk->record->file_count; i++)
		free(disk->files[i].data);
	free(disk->files);
	free(disk->names);
	free(disk->pending);
}

/* What the sync makes durable leaves the list. */
static void sync_pending(struct disk *disk, const struct record_event *sync)
{
	size_t kept = 0;

	for (size_t i = 0; i < disk->pending_count; i++) {
		const struct record_event *event = &disk->record->events[disk->pending[i]];

		if (sync->kind == RECORD_SYNC_ALL || event->file == sync->file)
			apply(disk, event, NULL);
		else
			disk->pending[kept++] = disk->pending[i];
	}
	disk->pending_count = kept;
}

static void run_to(struct disk *disk, size_t events)
{
	for (size_t i = 0; i < events; i++) {
		const struct record_event *event = &disk->record->events[i];

		if (event->kind == RECORD_BYTES || event->kind == RECORD_NAMES)
			disk->pending[disk->pending_count++] = i;
		else
			sync_pending(disk, event);
	}
}

/* ---- what becomes of the rest ---- */

static void apply_lengths(struct disk *disk, const struct record_event *event)
{
	if (event->kind == RECORD_BYTES)
		set_len(&disk->files[event->file], event->len);
	else
		apply(disk, event, NULL);
}

static void meet_fate(struct disk *disk, const struct disk_cut *cut)
{
	uint64_t random = cut->which * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (size_t i = 0; i < disk->pending_count; i++) {
		const struct record_event *event = &disk->record->events[disk->pending[i]];
		bool there = false;

		switch (cut->fate) {
		case DISK_LOST: break;
		case DISK_ALL: there = true; break;
		case DISK_NAMES: there = event->kind == RECORD_NAMES; break;
		case DISK_BYTES: there = event->kind == RECORD_BYTES; break;
		case DISK_LENGTHS: apply_lengths(disk, event); break;
		case DISK_ALL_BUT: there = i != cut->which; break;
		case DISK_ONLY: there = i == cut->which; break;
		case DISK_RANDOM: there = toss(&random); break;
		case DISK_RANDOM_TORN: apply(disk, event, &random); break;
		}
		if (there)
			apply(disk, event, NULL);
	}
}

/* Whether the folder that the path is in has a name, too: a lost folder takes its files with it. */
static bool is_reachable(const struct disk *disk, const char *path)
{
	char parent[FOLDER_PATH_MAX];

	folder_parent(path, parent);
	if (parent[0] == '\0')
		return true;
	for (size_t i = 0; i < disk->name_count; i++) {
		if (!disk->names[i].gone && strcmp(disk->names[i].path, parent) == 0)
			return disk->record->files[disk->names[i].file].is_folder &&
			       is_reachable(disk, parent);
	}
	return false;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct folder_file *)a)->path, ((const struct folder_file *)b)->path);
}

static void take(const struct disk *disk, struct folder *ret_folder)
{
	*ret_folder = FOLDER_NONE;
	for (size_t i = 0; i < disk->name_count; i++) {
		const struct record_name *name = &disk->names[i];
		const struct record_file *file = &disk->record->files[name->file];
		struct folder_file *there = NULL;

		if (name->gone || !is_reachable(disk, name->path))
			continue;
		there = folder_put(ret_folder, name->path, disk->files[name->file].data,
				   disk->files[name->file].len);
		there->is_folder = file->is_folder;
		there->mode = file->mode;
		there->inode = file->inode;
	}
	if (ret_folder->count != 0)
		qsort(ret_folder->files, ret_folder->count, sizeof(*ret_folder->files), by_path);
}

void disk_cut(const struct record *record, const struct disk_cut *cut, struct folder *ret_folder)
{
	struct disk disk;

	start(record, &disk);
	run_to(&disk, cut->events);
	meet_fate(&disk, cut);
	take(&disk, ret_folder);
	stop(&disk);
}

size_t disk_pending(const struct record *record, size_t events)
{
	struct disk disk;
	size_t count = 0;

	start(record, &disk);
	run_to(&disk, events);
	count = disk.pending_count;
	stop(&disk);
	return count;
}

void disk_steps(const struct record *record, size_t events, unsigned *ret_begun, unsigned *ret_ended)
{
	const bool last = events >= record->event_count;

	*ret_begun = last ? record->begun : record->events[events].begun;
	*ret_ended = last ? record->ended : record->events[events].ended;
}

static const char *const names[] = {
	[DISK_LOST] = "lost",   [DISK_ALL] = "all",         [DISK_NAMES] = "names",
	[DISK_BYTES] = "bytes", [DISK_LENGTHS] = "lengths", [DISK_ALL_BUT] = "all-but",
	[DISK_ONLY] = "only",   [DISK_RANDOM] = "random",   [DISK_RANDOM_TORN] = "torn",
};

const char *disk_fate_name(enum disk_fate fate)
{
	return names[fate];
}

bool disk_fate_of(const char *name, enum disk_fate *ret_fate)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_fate = (enum disk_fate)i;
			return true;
		}
	}
	return false;
}
