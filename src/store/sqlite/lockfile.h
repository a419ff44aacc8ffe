/*
 * The lock file: where writers of all processes wait for their turn without
 * polling, and where processes show that they use the generation page or what an
 * owner has. Open file
 * description locks: they end with the descriptor's last copy, exclude two stores
 * within one process too, and are not lost when somebody else closes the file.
 *
 * The turn belongs to the thread that took it; nothing else here keeps state.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "store/store.h"

/*
 * Opens it, making it where `writable` says so. With `writable` off and nothing
 * there: ASH_DONE and -1. ASH_E_ACCESS, ASH_E_IO, ASH_E_FULL.
 */
ASH_STATUS ash_lockfile_open(const char *path, gid_t group, bool writable, int *ret_fd);

/* Waits for the turn to write; whoever waits longest is next. ASH_E_IO where locks don't work. */
ASH_STATUS ash_lockfile_turn(int fd);

/* The turn, if it is free at this moment. */
bool ash_lockfile_try_turn(int fd);
void ash_lockfile_end_turn(int fd);

/* Shows that this process has the generation page mapped; waits while somebody makes a new one. */
ASH_STATUS ash_lockfile_show(int fd);
void ash_lockfile_hide(int fd);

/* Becomes the only one who may have it mapped; false when others have. ash_lockfile_show() or _hide() end it. */
bool ash_lockfile_try_alone(int fd);

/* As ash_store_hold; `owner` is at most ASH_STORE_ID_MAX / 2. */
ASH_STATUS ash_lockfile_hold(int fd, uint64_t owner, enum ash_hold hold);

/* As ash_store_held. */
ASH_STATUS ash_lockfile_held(int fd, uint64_t owner, bool *ret_held);
