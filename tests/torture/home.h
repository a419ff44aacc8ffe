/*
 * Folders for a module's store: made, copied, removed. One folder serves any module:
 * ASHLAR_HOME and SOFTHSM2_CONF both point into it. They lie in memory (/dev/shm) where
 * there is such a place, as syncing costs nothing there.
 */
#pragma once

#define HOME_PATH 128

struct home {
	char path[HOME_PATH];
};

/* A new folder, with the modules' configuration: three tries for each PIN (ashlar.conf). */
struct home home_make(void);
/* The same under a parent of the caller's choosing, for a real disk or a small one, say. */
struct home home_make_in(const char *parent);
/* A copy of all files and folders. Configuration that names the folder is written anew. */
struct home home_copy(const struct home *from);
void home_remove(const struct home *home);
/* The same folder as home_make left it. */
void home_clear(const struct home *home);
/* Sets this process's environment so that modules find their store there. */
void home_enter(const struct home *home);
