#include "app/app.h"

#include <dirent.h>
#include <sys/stat.h>

#include "ashlar-build.h"
#include "unit/test.h"

static char home[] = "/tmp/ashlar-app-XXXXXX";
static char conf[64];
static char root_key[64];
static char store_root_key[64];

static void clear_environment(void)
{
	static const char *const names[] = { "ASHLAR_CONF", "ASHLAR_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
					     "HOME" };

	for (size_t i = 0; i < ASH_COUNT(names); i++)
		EXPECT_NUMBER(0, unsetenv(names[i]));
}

static void empty_home(void)
{
	DIR *dir = opendir(home);
	struct dirent *entry = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
}

static void remove_home(void)
{
	empty_home();
	(void)rmdir(home);
}

static pid_t first_process;

static void at_end(void)
{
	if (getpid() == first_process)
		remove_home();
}

__attribute__((constructor)) static void make_home(void)
{
	first_process = getpid();
	if (mkdtemp(home) == NULL || atexit(at_end) != 0)
		abort();
	(void)snprintf(conf, sizeof(conf), "%s/test.conf", home);
	(void)snprintf(root_key, sizeof(root_key), "%s/elsewhere.key", home);
	(void)snprintf(store_root_key, sizeof(store_root_key), "%s/root.key", home);
}

static bool home_is_empty(void)
{
	return rmdir(home) == 0 && mkdir(home, 0700) == 0;
}

static void start_in_home(void)
{
	clear_environment();
	empty_home();
	EXPECT_NUMBER(0, setenv("ASHLAR_HOME", home, 1));
}

static void configure(const char *text)
{
	FILE *file = NULL;

	start_in_home();
	file = fopen(conf, "we");
	EXPECT(file != NULL);
	EXPECT(fputs(text, file) >= 0);
	EXPECT_NUMBER(0, fclose(file));
	EXPECT_NUMBER(0, setenv("ASHLAR_CONF", conf, 1));
}

static struct ash_status make_token(struct ash_app *app)
{
	uint64_t slot = 0;
	size_t count = 0;

	ASH_TRY(app->api->slots(app->hsm, false, &slot, 1, &count));
	ASH_ENSURE(count == 1, ASH_E_FAILED);
	return app->api->init_token(app->hsm, slot, TEXT("1234"), "test                            ");
}

TEST(every_function_of_the_table_is_there)
{
	const void *const *entry = (const void *const *)(const void *)&ash_api_local.info;
	const void *const *end = (const void *const *)(const void *)(&ash_api_local + 1);

	EXPECT_NUMBER(ASH_API_ABI, ash_api_local.abi);
	EXPECT_TEXT("local", ash_api_local.name);
	for (; entry < end; entry++)
		EXPECT(*entry != NULL);
}

TEST(a_start_makes_nothing)
{
	ASH_AUTO(ash_app) *app = NULL;
	struct ash_hsm_info info;
	size_t count = 0;

	start_in_home();
	EXPECT_OK(ash_app_new(&app));
	EXPECT_OK(app->api->info(app->hsm, &info));
	EXPECT_NUMBER(ASHLAR_VERSION_MAJOR, info.major);
	EXPECT_NUMBER(ASHLAR_VERSION_MINOR, info.minor);
	EXPECT_OK(app->api->slots(app->hsm, false, NULL, 0, &count));
	EXPECT_NUMBER(1, count);
	app = ash_app_free(app);
	EXPECT(home_is_empty());
}

TEST(a_token_is_made_with_its_root_key_beside_it)
{
	ASH_AUTO(ash_app) *app = NULL;

	start_in_home();
	EXPECT_OK(ash_app_new(&app));
	EXPECT_OK(make_token(app));
	EXPECT_NUMBER(0, access(store_root_key, F_OK));
}

TEST(a_root_key_elsewhere)
{
	ASH_AUTO(ash_app) *app = NULL;
	char text[128];

	(void)snprintf(text, sizeof(text), "store.path = %s\nroot-key = %s\n", home, root_key);
	configure(text);
	EXPECT_OK(ash_app_new(&app));
	EXPECT_OK(make_token(app));
	EXPECT_NUMBER(0, access(root_key, F_OK));
	EXPECT(access(store_root_key, F_OK) != 0);
}

TEST(a_token_in_memory_leaves_no_file)
{
	ASH_AUTO(ash_app) *app = NULL;

	configure("store.backend = memory\n");
	EXPECT_OK(ash_app_new(&app));
	EXPECT_NUMBER(0, unlink(conf));
	EXPECT_OK(make_token(app));
	app = ash_app_free(app);
	EXPECT(home_is_empty());
}

TEST(an_app_in_memory_leaves_what_is_configured_alone)
{
	static const char *const stores[] = {
		"store.backend = sqlite\n",
		"store.readonly = yes\n",
		"store.path = /nonexistent/folder\nroot-key = /nonexistent/root.key\n",
	};

	for (size_t i = 0; i < ASH_COUNT(stores); i++) {
		ASH_AUTO(ash_app) *app = NULL;
		uint64_t slot = 0;
		size_t count = 0;

		configure(stores[i]);
		EXPECT_OK(ash_app_new_in_memory(&app));
		EXPECT_NUMBER(0, unlink(conf));
		EXPECT_OK(app->api->slots(app->hsm, true, &slot, 1, &count));
		EXPECT_NUMBER(1, count); /* blank, whatever tokens there are */
		EXPECT_OK(make_token(app));
		app = ash_app_free(app);
		EXPECT(home_is_empty());
	}
}

TEST(the_configuration_decides_or_fails)
{
	ASH_AUTO(ash_app) *app = NULL;

	configure("no.such.key = 1\n");
	EXPECT_CODE(ASH_E_CONFIG, ash_app_new(&app));
	configure("log = /nonexistent/folder/log\n");
	EXPECT_CODE(ASH_E_IO, ash_app_new(&app));
	EXPECT(app == NULL);
}

TEST(an_engine_that_is_not_known)
{
	ASH_AUTO(ash_app) *app = NULL;
	struct ash_engine_info info;

	configure("crypto.engines = nonsense\n");
	EXPECT_OK(ash_app_new(&app));
	EXPECT_CODE(ASH_E_CONFIG, app->api->engine(app->hsm, 0, &info));
}

static void without_a_place(void)
{
	ASH_AUTO(ash_app) *app = NULL;

	clear_environment();
	if (geteuid() == 0) {
		EXPECT_NUMBER(0, setgid(65534));
		EXPECT_NUMBER(0, setuid(65534));
	}
	EXPECT_OK(ash_app_new(&app));
	EXPECT_CODE(ASH_E_CONFIG, make_token(app));
	EXPECT(strstr(ash_status_explanation(), "ASHLAR_HOME") != NULL);
}

TEST(without_a_place_there_is_no_token)
{
	EXPECT_IN_CHILD(without_a_place);
}

static struct ash_app *parents;

static void in_child(void)
{
	ASH_AUTO(ash_app) *app = NULL;

	parents = ash_app_abandon(parents);
	EXPECT(parents == NULL);
	EXPECT_OK(ash_app_new(&app));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, app->api->init_token(app->hsm, 0, TEXT("4321"), "x"));
}

TEST(a_child_has_an_app_of_its_own)
{
	struct ash_engine_info info;

	start_in_home();
	EXPECT_OK(ash_app_new(&parents));
	EXPECT_OK(make_token(parents));
	EXPECT_IN_CHILD(in_child);
	EXPECT_OK(parents->api->engine(parents->hsm, 0, &info));
	parents = ash_app_free(parents);
}

TEST(a_root_key_whose_store_is_gone_is_seen)
{
	ASH_AUTO(ash_app) *app = NULL;
	char store[64];

	start_in_home();
	EXPECT_OK(ash_app_new(&app));
	EXPECT(ash_app_orphaned_key(app) == NULL);
	EXPECT_OK(make_token(app));
	EXPECT(ash_app_orphaned_key(app) == NULL);
	app = ash_app_free(app);
	(void)snprintf(store, sizeof(store), "%s/store.db", home);
	EXPECT_NUMBER(0, unlink(store));
	EXPECT_OK(ash_app_new(&app));
	EXPECT_TEXT(store_root_key, ash_app_orphaned_key(app));
	EXPECT(access(store, F_OK) != 0);
	app = ash_app_free(app);
	configure("store.backend = memory\n");
	EXPECT_OK(ash_app_new(&app));
	EXPECT(ash_app_orphaned_key(app) == NULL);
}

TEST(words_that_mean_nothing_are_told_with_file_and_line)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "\nlog = foo\n", "/test.conf:2: \"log\": \"foo\" is neither none" },
		{ "pin.min = 5\ncrypto.engines = foo\n",
		  "/test.conf:2: \"crypto.engines\": there is no crypto engine named 'foo'" },
		{ "crypto.engines = awslc\n", "/test.conf:1: \"crypto.engines\": none of the configured" },
	};

	for (size_t i = 0; i < ASH_COUNT(cases); i++) {
		ASH_AUTO(ash_app) *app = NULL;
		struct ash_engine_info info;
		struct ash_status status;

		configure(cases[i].text);
		status = ash_app_new(&app);
		if (ash_is_ok(status))
			status = app->api->engine(app->hsm, 0, &info);
		EXPECT_CODE(ASH_E_CONFIG, status);
		if (strstr(ash_status_explanation(), cases[i].want) == NULL)
			test_fail(__FILE__, __LINE__, "wanted %s, got %s", cases[i].want,
				  ash_status_explanation());
	}
}

TEST(memory_that_runs_out)
{
	ASH_AUTO(ash_app) *app = NULL;

	start_in_home();
	FAIL_EVERY_ALLOCATION(app == NULL, ash_app_new(&app));
	EXPECT(app != NULL);
	EXPECT(ash_app_free(NULL) == NULL && ash_app_abandon(NULL) == NULL);
}
