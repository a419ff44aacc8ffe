/*
 * A store's folder as a value: every file and folder below a root, with its bytes.
 * What can't be read or written ends the program (report_bail): the sweep's own
 * trouble is no finding.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FOLDER_PATH_MAX 256

struct folder_file {
	char path[FOLDER_PATH_MAX]; /* below the root, whose own is "" */
	bool is_folder;
	mode_t mode;
	uint64_t inode; /* 0: unknown */
	uint8_t *data;
	size_t len;
};

/* Sorted by path, so that a folder comes before what is in it. The root is not listed. */
struct folder {
	struct folder_file *files;
	size_t count;
};

#define FOLDER_NONE ((struct folder){ NULL, 0 })

/* What is there now. Sockets, links and such are left out. */
void folder_read(const char *root, struct folder *ret_folder);
/* Makes the root hold just this. Files that are there already keep their inodes. */
void folder_write(const struct folder *folder, const char *root);
/*
 * Ashlar's page of generations (store.gen) names its own inode, and is believed by nobody
 * in another file. What stands for the same file at a later time is told its new number,
 * if the page in `folder` was right about its own.
 */
void folder_keep_page(const struct folder *folder, const char *root);
/* Frees what it holds. */
void folder_done(struct folder *folder);

struct folder_file *folder_find(const struct folder *folder, const char *path);
/* A file more, or the one of that path with other bytes; they are copied. */
struct folder_file *folder_put(struct folder *folder, const char *path, const void *data, size_t len);
/* The folder that `path` is in: "" for the root. */
void folder_parent(const char *path, char ret_parent[FOLDER_PATH_MAX]);
/* Of all names, kinds and bytes. */
uint64_t folder_hash(const struct folder *folder);
