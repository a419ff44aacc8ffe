#include "util/config.h"

#include <pthread.h>

#include "unit/test.h"

static struct ash_status parse(const char *text, struct ash_config **ret_config)
{
	return ash_config_parse("test.conf", text, strlen(text), ret_config);
}

TEST(nothing_gives_the_defaults)
{
	ASH_AUTO(ash_config) *config = NULL;

	EXPECT_OK(parse("", &config));
	EXPECT_TEXT("sqlite", ash_config_text(config, ASH_CONFIG_STORE_BACKEND));
	EXPECT_TEXT("", ash_config_text(config, ASH_CONFIG_STORE_PATH));
	EXPECT_TEXT("none", ash_config_text(config, ASH_CONFIG_LOG));
	EXPECT_TEXT("try", ash_config_text(config, ASH_CONFIG_MEMORY_LOCK));
	EXPECT_NUMBER(19456, ash_config_number(config, ASH_CONFIG_PIN_HASH_MEMORY));
	EXPECT(!ash_config_switch(config, ASH_CONFIG_STORE_READONLY));
	EXPECT(ash_config_path(config) == NULL);
	EXPECT_TEXT("", ash_config_error());
}

TEST(every_row_is_whole_and_names_are_unique)
{
	for (int i = 0; i < ASH_CONFIG_KEYS; i++) {
		const struct ash_config_info *info = ash_config_describe((enum ash_config_key)i);

		EXPECT(info->name[0] != '\0' && info->text[0] != '\0' && info->fallback != NULL);
		EXPECT(info->kind != ASH_CONFIG_NUMBER || info->low < info->high);
		for (int k = 0; k < i; k++)
			EXPECT(strcmp(info->name, ash_config_describe((enum ash_config_key)k)->name) != 0);
	}
}

TEST(lines_are_read_as_documented)
{
	static const char text[] = "# a comment\n"
				   "\n"
				   "  \t \n"
				   "pin.min = 8\n"
				   "\tpin.tries.user=3  \n"
				   "store.path = \"/srv/my keys #1\"\r\n"
				   "  # store.group = nobody\n"
				   "store.group =\n"
				   "store.readonly = yes\n"
				   "memory.lock = required\n"
				   "crypto.engines = openssl\n"
				   "root-key = \"\"\n"
				   "log = /var/log/a=b#c.log";
	ASH_AUTO(ash_config) *config = NULL;

	EXPECT_OK(parse(text, &config));
	EXPECT_NUMBER(8, ash_config_number(config, ASH_CONFIG_PIN_MIN));
	EXPECT_NUMBER(3, ash_config_number(config, ASH_CONFIG_PIN_TRIES_USER));
	EXPECT_TEXT("/srv/my keys #1", ash_config_text(config, ASH_CONFIG_STORE_PATH));
	EXPECT_TEXT("/srv/my keys #1", ash_config_store_path(config));
	EXPECT_TEXT("", ash_config_text(config, ASH_CONFIG_STORE_GROUP));
	EXPECT(ash_config_switch(config, ASH_CONFIG_STORE_READONLY));
	EXPECT_TEXT("required", ash_config_text(config, ASH_CONFIG_MEMORY_LOCK));
	EXPECT_TEXT("openssl", ash_config_text(config, ASH_CONFIG_ENGINES));
	EXPECT_TEXT("/var/log/a=b#c.log", ash_config_text(config, ASH_CONFIG_LOG));
}

TEST(mistakes_name_the_line)
{
	static const struct {
		const char *text;
		const char *sentence;
	} rows[] = {
		{ "\n\nfoo = 1\n", "test.conf:3: unknown key \"foo\"" },
		{ "= 1", "test.conf:1: unknown key \"\"" },
		{ "Pin.Min = 8", "test.conf:1: unknown key \"Pin.Min\"" },
		{ "pin.min 8", "test.conf:1: there is no '=' in it" },
		{ "pin.min = 8\npin.min = 8", "test.conf:2: \"pin.min\" is in line 1 already" },
		{ "pin.min = 3", "test.conf:1: \"pin.min\" must be from 4 to 255" },
		{ "pin.min = 256", "test.conf:1: \"pin.min\" must be from 4 to 255" },
		{ "pin.min = 99999999999999999999999999", "test.conf:1: \"pin.min\" must be from 4 to 255" },
		{ "pin.min = 18446744073709551620", "test.conf:1: \"pin.min\" must be from 4 to 255" },
		{ "pin.min = 08", "test.conf:1: \"pin.min\" must be a decimal number" },
		{ "pin.min = 0x8", "test.conf:1: \"pin.min\" must be a decimal number" },
		{ "pin.min = -8", "test.conf:1: \"pin.min\" must be a decimal number" },
		{ "pin.min = 8 9", "test.conf:1: \"pin.min\" must be a decimal number" },
		{ "pin.min =", "test.conf:1: \"pin.min\" must be a decimal number" },
		{ "store.readonly = true", "test.conf:1: \"store.readonly\" must be yes or no" },
		{ "store.readonly =", "test.conf:1: \"store.readonly\" must be yes or no" },
		{ "memory.lock = maybe", "test.conf:1: \"memory.lock\" must be one of try|required" },
		{ "memory.lock = tr", "test.conf:1: \"memory.lock\" must be one of try|required" },
		{ "memory.lock = try|required", "test.conf:1: \"memory.lock\" must be one of try|required" },
		{ "memory.lock =", "test.conf:1: \"memory.lock\" must be one of try|required" },
		{ "store.path = keys", "test.conf:1: \"store.path\" must be an absolute path" },
		{ "crypto.engines =", "test.conf:1: \"crypto.engines\" has no value" },
		{ "log = \"\"", "test.conf:1: \"log\" has no value" },
		{ "log = \"none", "test.conf:1: the double quotes of \"log\" don't match" },
		{ "log = \"", "test.conf:1: the double quotes of \"log\" don't match" },
		{ "log = no\"ne\"", "test.conf:1: the double quotes of \"log\" don't match" },
		{ "log = \"a\" \"b\"", "test.conf:1: the double quotes of \"log\" don't match" },
		{ "log = none # quiet",
		  "test.conf:1: a comment needs a line of its own (or put the value in double quotes)" },
		{ "log = a\x1b[1m", "test.conf:1: there is a control character in it" },
		{ "log = none\r\r\n", "test.conf:1: there is a control character in it" },
		{ "log = none\r", "test.conf:1: there is a control character in it" },
	};

	for (size_t i = 0; i < ASH_COUNT(rows); i++) {
		struct ash_config *config = NULL;

		EXPECT_CODE(ASH_E_CONFIG, parse(rows[i].text, &config));
		EXPECT(config == NULL);
		EXPECT_TEXT(rows[i].sentence, ash_config_error());
		EXPECT_TEXT(rows[i].sentence, ash_status_explanation());
	}
}

TEST(nul_bytes_are_refused)
{
	static const char text[] = "log = none\n# \0\n";
	struct ash_config *config = NULL;

	EXPECT_CODE(ASH_E_CONFIG, ash_config_parse("f", text, sizeof(text) - 1, &config));
	EXPECT_TEXT("f:2: there is a NUL byte in it", ash_config_error());
	EXPECT(config == NULL);
}

TEST(vast_texts_and_names_are_refused)
{
	static char text[(64 << 10) + 2];
	struct ash_config *config = NULL;

	memset(text, '\n', sizeof(text) - 1);
	EXPECT_OK(ash_config_parse("f", text, 64 << 10, &config));
	config = ash_config_free(config);
	EXPECT_CODE(ASH_E_CONFIG, parse(text, &config));
	EXPECT_TEXT("test.conf: it is longer than 64 KiB", ash_config_error());
	memset(text, 'x', 60000);
	text[50000] = '=';
	text[60000] = '\0';
	EXPECT_CODE(ASH_E_CONFIG, ash_config_parse(text, text, 60000, &config));
	EXPECT(strlen(ash_config_error()) < 500);
	memcpy(text, "log=", 4);
	EXPECT_OK(parse(text, &config));
	EXPECT_NUMBER(59996, strlen(ash_config_text(config, ASH_CONFIG_LOG)));
	config = ash_config_free(config);
	memcpy(text, "root-key=/", 10);
	EXPECT_CODE(ASH_E_CONFIG, parse(text, &config));
	EXPECT_TEXT("test.conf:1: \"root-key\" must be an absolute path", ash_config_error());
}

static void *make_a_mistake(void *unused)
{
	struct ash_config *config = NULL;

	EXPECT_TEXT("", ash_config_error());
	EXPECT_CODE(ASH_E_CONFIG, parse("bar = 1", &config));
	return unused;
}

TEST(mistakes_belong_to_their_thread_and_pass)
{
	struct ash_config *config = NULL;
	pthread_t thread;

	EXPECT_CODE(ASH_E_CONFIG, parse("foo = 1", &config));
	EXPECT_NUMBER(0, pthread_create(&thread, NULL, make_a_mistake, NULL));
	EXPECT_NUMBER(0, pthread_join(thread, NULL));
	EXPECT_TEXT("test.conf:1: unknown key \"foo\"", ash_config_error());
	EXPECT_OK(parse("", &config));
	EXPECT_TEXT("", ash_config_error());
	EXPECT(ash_config_free(config) == NULL);
	EXPECT(ash_config_free(NULL) == NULL);
}

static void ask_for_another_kind(void)
{
	ASH_AUTO(ash_config) *config = NULL;

	EXPECT_OK(parse("", &config));
	EXPECT_NUMBER(0, ash_config_number(config, ASH_CONFIG_LOG));
	EXPECT(!ash_config_switch(config, ASH_CONFIG_PIN_MIN));
}

TEST(asking_for_another_kind_is_a_bug)
{
	if (ASH_BUG_ABORTS)
		EXPECT_SIGNAL(SIGABRT, ask_for_another_kind);
	else
		EXPECT_IN_CHILD(ask_for_another_kind);
}

TEST(memory_that_fails_is_told)
{
	struct ash_config *config = NULL;

	FAIL_EVERY_ALLOCATION(config == NULL, parse("log = syslog\npin.min = 9\n", &config));
	EXPECT_NUMBER(9, ash_config_number(config, ASH_CONFIG_PIN_MIN));
	ash_config_free(config);
}

TEST(a_value_can_be_refused_where_it_stands)
{
	ASH_AUTO(ash_config) *config = NULL;
	ASH_AUTO(ash_config) *none = NULL;

	EXPECT_OK(parse("# first\nlog = foo\n", &config));
	EXPECT_CODE(ASH_E_CONFIG, ash_config_refuse(config, ASH_CONFIG_LOG, "%s is nothing", "foo"));
	EXPECT(strstr(ash_config_error(), ":2: \"log\": foo is nothing") != NULL);
	EXPECT_TEXT(ash_config_error(), ash_status_explanation());
	EXPECT_OK(parse("", &none));
	EXPECT_CODE(ASH_E_CONFIG, ash_config_refuse(none, ASH_CONFIG_LOG, "no"));
	EXPECT_TEXT("default: \"log\": no", ash_config_error());
}
