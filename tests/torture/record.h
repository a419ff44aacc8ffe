/*
 * What a process does to the files of a folder, in order, as a disk's cache sees it:
 * changed bytes, changed names, and syncs. The process is traced (ptrace), so any
 * module can be recorded, and after each of its system calls the folder is compared
 * with what it was; that sees writes through shared mappings, too.
 *
 * Not known, and so taken for unsynced: O_SYNC and msync().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "folder.h"
#include "scenario.h"

#define RECORD_SECTOR 512u

enum record_kind {
	RECORD_BYTES,    /* a file's bytes or length changed */
	RECORD_NAMES,    /* names in one folder changed, all at once */
	RECORD_SYNC,     /* a file or a folder was synced */
	RECORD_SYNC_ALL, /* everything was */
};

/* A name is given to a file, or taken away. */
struct record_name {
	char path[FOLDER_PATH_MAX];
	bool gone;
	size_t file;
};

struct record_event {
	enum record_kind kind;
	long call;           /* the system call's number */
	unsigned begun;      /* steps of the scenario that the process had begun before this, */
	unsigned ended;      /* and those that had ended */
	size_t file;         /* of bytes and syncs; of names: the folder */
	size_t len;          /* RECORD_BYTES: the file's new length, */
	size_t *sectors;     /* the numbers of those that changed, */
	size_t sector_count; /* */
	uint8_t *data;       /* and each one's bytes, with zeroes behind the file's end */
	struct record_name *names;
	size_t name_count;
};

struct record_file {
	char path[FOLDER_PATH_MAX]; /* its first; that of the root is "" */
	bool is_folder;
	mode_t mode;
	uint64_t inode;
};

struct record {
	struct folder before;      /* all of it durable */
	struct record_file *files; /* the root, those of `before` in their order, then new ones */
	size_t file_count;
	struct record_event *events;
	size_t event_count;
	unsigned begun, ended; /* in the end */
	int status;            /* the process's, as from waitpid() */
};

/* The root's own number as a folder. */
#define RECORD_ROOT ((size_t)0)

/* A scenario's hook: the acting process waits here until it is traced. */
void record_join(void *context);

/*
 * Records what becomes of `root` while the child, which is about to call record_join(),
 * runs to its end.
 */
void record_run(const char *root, pid_t child, const struct scenario_page *page, struct record *ret_record);
void record_done(struct record *record);
