/*
 * A running HSM out of the configuration: what the PKCS#11 module and the command
 * line have in common. Any number of threads may use what is in an app; making and
 * ending one is for one thread, and there is one app in a process at a time (log
 * and arena are the process's).
 */
#pragma once

#include "api/api.h"
#include "util/compat.h"
#include "util/config.h"

struct ash_app {
	bool in_memory; /* whatever store.backend says */
	struct ash_config *config;
	const struct ash_api *api;
	struct ash_hsm *hsm;
	char *root_key; /* its file; NULL: in memory only */
};

/* The api of an HSM in this process. */
extern const struct ash_api ash_api_local;

/*
 * Loads the configuration, opens the log and makes an HSM that opens crypto and
 * store when they are first needed: nothing is created on the disk but the log.
 * ASH_E_CONFIG (ash_config_error() has the sentence), ASH_E_IO for a log that can't
 * be opened, ASH_E_MEMORY.
 */
ASH_STATUS ash_app_new(struct ash_app **ret_app);

/*
 * The same with a store and a root key that live and die with it: what the configuration
 * says of both is left alone, so that nothing of the user's tokens is seen or touched.
 */
ASH_STATUS ash_app_new_in_memory(struct ash_app **ret_app);

/*
 * The root key's file, when it lies there without its store: the store was lost, or the first
 * C_InitToken killed. Else NULL. Lent from the app.
 */
const char *ash_app_orphaned_key(struct ash_app *app);

/* Ends it, and closes the log; no call is under way. NULL is fine. Returns NULL. */
struct ash_app *ash_app_free(struct ash_app *app);

/* In a forked child: forgets the parent's, leaving its files and locks alone. Returns NULL. */
struct ash_app *ash_app_abandon(struct ash_app *app);

static inline void ash_app_auto(struct ash_app **app)
{
	ash_app_free(*app);
}
