#include "app/app.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/engines.h"
#include "ashlar-build.h"
#include "crypto/crypto.h"
#include "store/memory/memory.h"
#include "store/sqlite/sqlite.h"
#include "store/store.h"
#include "util/arena.h"
#include "util/log.h"
#include "util/mem.h"

#define ROOT_KEY_NAME "root.key"

const struct ash_api ash_api_local = {
	.abi = ASH_API_ABI,
	.name = "local",

	.info = ash_hsm_info,
	.slots = ash_hsm_slots,
	.slot_info = ash_hsm_slot_info,
	.token_info = ash_hsm_token_info,
	.mechanisms = ash_hsm_mechanisms,
	.mechanism_info = ash_hsm_mechanism_info,
	.engine = ash_hsm_engine,
	.init_token = ash_hsm_init_token,
	.make_token = ash_hsm_make_token,
	.delete_token = ash_hsm_delete_token,
	.init_pin = ash_hsm_init_pin,
	.set_pin = ash_hsm_set_pin,

	.check_store = ash_hsm_check_store,
	.compact_store = ash_hsm_compact_store,
	.backup_store = ash_hsm_backup_store,

	.open_session = ash_hsm_open_session,
	.close_session = ash_hsm_close_session,
	.close_all_sessions = ash_hsm_close_all_sessions,
	.session_info = ash_hsm_session_info,
	.login = ash_hsm_login,
	.login_user = ash_hsm_login_user,
	.logout = ash_hsm_logout,

	.create_object = ash_hsm_create_object,
	.copy_object = ash_hsm_copy_object,
	.object_size = ash_hsm_object_size,
	.destroy_object = ash_hsm_destroy_object,
	.get_attributes = ash_hsm_get_attributes,
	.set_attributes = ash_hsm_set_attributes,
	.find_begin = ash_hsm_find_begin,
	.find_next = ash_hsm_find_next,
	.find_end = ash_hsm_find_end,

	.op_init = ash_hsm_op_init,
	.op_single = ash_hsm_op_single,
	.op_update = ash_hsm_op_update,
	.op_final = ash_hsm_op_final,
	.verify_single = ash_hsm_verify_single,
	.verify_final = ash_hsm_verify_final,
	.digest_key = ash_hsm_digest_key,
	.dual_update = ash_hsm_dual_update,
	.op_save = ash_hsm_op_save,
	.op_restore = ash_hsm_op_restore,
	.op_abort = ash_hsm_op_abort,

	.generate_key = ash_hsm_generate_key,
	.generate_pair = ash_hsm_generate_pair,
	.wrap_key = ash_hsm_wrap_key,
	.unwrap_key = ash_hsm_unwrap_key,
	.derive_key = ash_hsm_derive_key,
	.encapsulate_key = ash_hsm_encapsulate_key,
	.decapsulate_key = ash_hsm_decapsulate_key,
	.seed_random = ash_hsm_seed_random,
	.random = ash_hsm_random,
};

/*
 * The profiles of which this product passes the mandatory cases, as tests/integration/profiles
 * shows. Not among them, though its case passes: CKP_PUBLIC_CERTIFICATES_TOKEN. It promises
 * that all certificates of the token are public, which is up to whoever makes them.
 */
static const uint64_t profiles[] = { CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER, CKP_AUTHENTICATION_TOKEN };

static const struct ash_store_ops *const stores[] = { &ash_store_sqlite, &ash_store_memory };

static const char *store_name(const struct ash_app *app)
{
	return app->in_memory ? ash_store_memory.name
			      : ash_config_text(app->config, ASH_CONFIG_STORE_BACKEND);
}

static bool in_memory(const struct ash_app *app)
{
	return strcmp(store_name(app), ash_store_memory.name) == 0;
}

static struct ash_status open_crypto(void *context, struct ash_crypto **ret_crypto)
{
	const struct ash_app *app = context;
	const struct ash_status status = ash_crypto_open(ash_app_engines.offered, ash_app_engines.count,
							 ash_config_text(app->config, ASH_CONFIG_ENGINES),
							 ash_app_engines.optional, ret_crypto);
	char why[256];

	if (status.code != ASH_E_CONFIG)
		return status;
	(void)snprintf(why, sizeof(why), "%s", ash_status_explanation());
	return ash_config_refuse(app->config, ASH_CONFIG_ENGINES, "%s", why);
}

#define NO_PLACE \
	"there is no folder for a token: none of store.path, ASHLAR_HOME, XDG_DATA_HOME and HOME is set"

static struct ash_status open_store(void *context, bool create, struct ash_store **ret_store)
{
	const struct ash_app *app = context;
	const struct ash_config *config = app->config;
	const char *name = store_name(app);
	struct ash_store_options options = {
		.path = ash_config_store_path(config),
		.group = ash_config_text(config, ASH_CONFIG_STORE_GROUP),
		.readonly = !app->in_memory && ash_config_switch(config, ASH_CONFIG_STORE_READONLY),
		.create = create,
	};

	if (options.path == NULL && !in_memory(app))
		ASH_FAIL_WITH(create ? ASH_E_CONFIG : ASH_E_NOT_FOUND, NO_PLACE);
	for (size_t i = 0; i < ASH_COUNT(stores); i++) {
		if (strcmp(stores[i]->name, name) == 0)
			return ash_store_open(stores[i], &options, ret_store);
	}
	ASH_FAIL_WITH(ASH_E_CONFIG, "store.backend = %s: there is no such back end", name);
}

static enum ash_log_level log_level(const char *word)
{
	static const struct {
		const char *word;
		enum ash_log_level level;
	} levels[] = {
		{ "error", ASH_LOG_ERROR },
		{ "warning", ASH_LOG_WARNING },
		{ "info", ASH_LOG_INFO },
		{ "debug", ASH_LOG_DEBUG },
	};

	for (size_t i = 0; i < ASH_COUNT(levels); i++) {
		if (strcmp(levels[i].word, word) == 0)
			return levels[i].level;
	}
	return ASH_LOG_WARNING;
}

/* root-key, else a file in the store's folder; NULL for a store that dies with the process. */
static struct ash_status root_key_path(const struct ash_app *app, char **ret_path)
{
	const struct ash_config *config = app->config;
	const char *given = ash_config_text(config, ASH_CONFIG_ROOT_KEY);
	const char *folder = ash_config_store_path(config);
	ASH_AUTO_MEM char *path = NULL;
	size_t len = 0;

	if (in_memory(app) || (given[0] == '\0' && folder == NULL)) {
		*ret_path = NULL;
		return ASH_DONE;
	}
	len = given[0] != '\0' ? strlen(given) : strlen(folder) + strlen("/" ROOT_KEY_NAME);
	path = ash_mem_new(len + 1, 1);
	ASH_ENSURE(path != NULL, ASH_E_MEMORY);
	if (given[0] != '\0')
		memcpy(path, given, len);
	else
		(void)stpcpy(stpcpy(path, folder), "/" ROOT_KEY_NAME);
	*ret_path = ASH_TAKE(path);
	return ASH_DONE;
}

static struct ash_status make_hsm(struct ash_app *app)
{
	const struct ash_config *config = app->config;
	struct ash_hsm_options options = {
		.open_crypto = open_crypto,
		.open_store = open_store,
		.context = app,
		.root_key_group = ash_config_text(config, ASH_CONFIG_STORE_GROUP),
		.pin_min = ash_config_number(config, ASH_CONFIG_PIN_MIN),
		.pin_tries_user = ash_config_number(config, ASH_CONFIG_PIN_TRIES_USER),
		.pin_tries_so = ash_config_number(config, ASH_CONFIG_PIN_TRIES_SO),
		.pin_hash_memory_kib = (uint32_t)ash_config_number(config, ASH_CONFIG_PIN_HASH_MEMORY),
		.pin_hash_passes = (uint32_t)ash_config_number(config, ASH_CONFIG_PIN_HASH_PASSES),
		.limit_multipart = ash_config_number(config, ASH_CONFIG_LIMIT_MULTIPART),
		.version_major = ASHLAR_VERSION_MAJOR,
		.version_minor = ASHLAR_VERSION_MINOR,
		.profiles = profiles,
		.profile_count = ASH_COUNT(profiles),
	};

	ASH_TRY(root_key_path(app, &app->root_key));
	options.root_key_path = app->root_key;
	return ash_hsm_new(&options, &app->hsm);
}

static struct ash_status open_log(const struct ash_config *config)
{
	const char *target = ash_config_text(config, ASH_CONFIG_LOG);
	const struct ash_status status =
		ash_log_open(target, log_level(ash_config_text(config, ASH_CONFIG_LOG_LEVEL)));

	if (status.code == ASH_E_CONFIG)
		return ash_config_refuse(config, ASH_CONFIG_LOG,
					 "\"%s\" is neither none, syslog nor the absolute path of a file",
					 target);
	if (status.code == ASH_E_IO)
		ASH_FAIL_WITH(ASH_E_IO, "%s: this is no file that can be written to as log", target);
	return status;
}

static struct ash_status start(struct ash_app *app)
{
	const struct ash_config *config = app->config;
	bool must_lock = strcmp(ash_config_text(config, ASH_CONFIG_MEMORY_LOCK), "required") == 0;

	ash_arena_set_lock_mode(must_lock ? ASH_ARENA_LOCK_REQUIRED : ASH_ARENA_LOCK_TRY);
	ASH_TRY(open_log(config));
	if (ash_config_store_path(config) == NULL && !in_memory(app))
		ash_log(ASH_LOG_WARNING, NO_PLACE);
	return make_hsm(app);
}

static struct ash_status new_app(bool memory, struct ash_app **ret_app)
{
	ASH_AUTO(ash_app) *app = ash_mem_new(1, sizeof(*app));
	struct ash_status status = ASH_DONE;

	ASH_ENSURE(app != NULL, ASH_E_MEMORY);
	app->in_memory = memory;
	app->api = &ash_api_local;
	ASH_TRY(ash_config_load(&app->config));
	status = start(app);
	if (!ash_is_ok(status))
		ash_log_failure(ASH_LOG_ERROR, "start", status); /* before the log is closed again */
	ASH_TRY(status);
	*ret_app = ASH_TAKE(app);
	return ASH_DONE;
}

const char *ash_app_orphaned_key(struct ash_app *app)
{
	struct ash_store *store = NULL;
	struct ash_status status;

	if (app->root_key == NULL || access(app->root_key, F_OK) != 0)
		return NULL;
	status = open_store(app, false, &store);
	ash_store_close(store);
	return status.code == ASH_E_NOT_FOUND ? app->root_key : NULL;
}

struct ash_status ash_app_new(struct ash_app **ret_app)
{
	return new_app(false, ret_app);
}

struct ash_status ash_app_new_in_memory(struct ash_app **ret_app)
{
	return new_app(true, ret_app);
}

struct ash_app *ash_app_free(struct ash_app *app)
{
	if (app == NULL)
		return NULL;
	ash_hsm_free(app->hsm);
	ash_mem_free(app->root_key);
	ash_config_free(app->config);
	ash_mem_free(app);
	ash_log_close();
	ash_arena_trim();
	return NULL;
}

struct ash_app *ash_app_abandon(struct ash_app *app)
{
	if (app == NULL)
		return NULL;
	ash_hsm_abandon(app->hsm);
	ash_mem_free(app->root_key);
	ash_config_free(app->config);
	return ash_mem_free(app);
}
