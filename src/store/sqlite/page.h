/*
 * The generation page: one shared number by which every process knows, without a
 * system call, whether anything was committed since it last looked.
 *
 * It is twice the store's generation while nobody commits; odd while somebody
 * does, or was killed doing it; 0 in a new page. Odd and 0 mean: ask the store.
 * A commit of generation g sets 2g+1, commits, then puts 2g+2 in its place, all
 * but the last step inside SQLite's write transaction. Whoever has seen 2g and
 * sees it again has missed nothing.
 *
 * All processes must have one and the same page. So whoever has it mapped holds a
 * shared lock (store/sqlite/lockfile.h), and a new one is only made by who holds
 * that lock alone. Where a page can't be had, readers ask the store each time, and
 * nobody who lacks it may write.
 *
 * Reading is for any thread; the rest for whoever has the turn to write. A file
 * that somebody truncates under us is caught before each commit, but between a
 * truncation and the next commit a reader meets SIGBUS, as it does for SQLite's
 * own -shm file: nobody but the owner and the group can do that.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/status.h"

struct ash_page;

enum ash_page_use {
	ASH_PAGE_READ,
	ASH_PAGE_WRITE,
	ASH_PAGE_MAKE, /* write, and make it where it is missing or damaged; the caller has the turn */
};

/*
 * Maps the page of this file. ASH_E_NOT_FOUND: there is none, or none can be made
 * now as others have an older one mapped. ASH_E_ACCESS, ASH_E_IO, ASH_E_FULL,
 * ASH_E_MEMORY.
 */
ASH_STATUS ash_page_open(const char *path, gid_t group, int lock_fd, enum ash_page_use use,
			 struct ash_page **ret_page);

/* Unmaps; accepts NULL; returns NULL. */
struct ash_page *ash_page_close(struct ash_page *page);

/* The generation; 0: ask the store. NULL is a page that does not know. */
uint64_t ash_page_read(const struct ash_page *page);

/*
 * At the beginning of each write transaction on top of `generation`: puts right what
 * a killed writer left, and what a truncation took. ASH_E_CORRUPT when the page knows a
 * later generation: the store lost changes. ASH_E_IO, ASH_E_FULL.
 */
ASH_STATUS ash_page_repair(struct ash_page *page, uint64_t generation);

/* Before its commit. */
void ash_page_begin(struct ash_page *page, uint64_t generation);

/* After it: the generation is now `after`, generation + 1 or, where nothing was committed, the same. */
void ash_page_end(struct ash_page *page, uint64_t generation, uint64_t after);
