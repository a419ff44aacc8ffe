#include "unit/app/cli/fake.h"

#include <fcntl.h>

#include "app/cli/pin.h"

static struct ash_secret *got;

static enum ash_cli_exit get(uint64_t user, enum ash_cli_opt option, const char *value)
{
	struct ash_cli cli = fake_cli(NULL);
	enum ash_code code;

	got = ash_secret_free(got);
	cli.values[option] = value;
	code = ash_cli_pin_get(&cli, user, TEXT("ca"), &got).code;
	fake_close(&cli);
	EXPECT((code == ASH_OK) == (got != NULL));
	EXPECT((code == ASH_OK) == (cli.exit == ASH_CLI_DONE));
	return cli.exit;
}

static enum ash_cli_exit get_file(const char *content, mode_t mode)
{
	const char *name = fake_file(content, mode);
	enum ash_cli_exit code = get(CKU_USER, ASH_CLI_OPT_PIN_FILE, name);

	unlink(name);
	return code;
}

TEST(a_pin_is_the_first_line_of_a_file)
{
	EXPECT_NUMBER(ASH_CLI_DONE, get_file("secret 1\nmore\n", 0600));
	EXPECT_SPAN(TEXT("secret 1"), ash_secret_peek(got));
	EXPECT_TEXT("", fake_err);
	EXPECT_NUMBER(ASH_CLI_DONE, get_file("no newline", 0600));
	EXPECT_SPAN(TEXT("no newline"), ash_secret_peek(got));
	EXPECT_NUMBER(ASH_CLI_DONE, get_file("cr\r\n", 0600));
	EXPECT_SPAN(TEXT("cr\r"), ash_secret_peek(got));
}

TEST(a_file_without_a_pin_is_told)
{
	EXPECT_NUMBER(ASH_CLI_PIN, get_file("", 0600));
	EXPECT(strstr(fake_err, "there is nothing in") != NULL);
	EXPECT_NUMBER(ASH_CLI_PIN, get_file("\nsecret\n", 0600));
	EXPECT_NUMBER(ASH_CLI_PIN, get(CKU_USER, ASH_CLI_OPT_PIN_FILE, "/nonexistent/\x1b"));
	EXPECT(strstr(fake_err, "can't open the PIN file /nonexistent/\\x1b: No such file") != NULL);
	EXPECT_NUMBER(ASH_CLI_PIN, get(CKU_USER, ASH_CLI_OPT_PIN_FILE, "/tmp"));
	EXPECT(strstr(fake_err, "Is a directory") != NULL);
}

TEST(the_longest_pin_has_255_bytes)
{
	char line[300];

	memset(line, 'x', sizeof(line));
	line[255] = '\n';
	line[256] = '\0';
	EXPECT_NUMBER(ASH_CLI_DONE, get_file(line, 0600));
	EXPECT_NUMBER(255, ash_secret_len(got));
	line[255] = 'x';
	EXPECT_NUMBER(ASH_CLI_PIN, get_file(line, 0600));
	EXPECT(strstr(fake_err, "longer than 255 bytes") != NULL);
	EXPECT(strstr(fake_err, "xx") == NULL);
}

TEST(a_file_that_others_can_read_is_warned_of)
{
	EXPECT_NUMBER(ASH_CLI_DONE, get_file("secret\n", 0640));
	EXPECT(strstr(fake_err, "warning") != NULL && strstr(fake_err, "(mode 0640)") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, get_file("secret\n", 0604));
	EXPECT(strstr(fake_err, "warning") != NULL);
	EXPECT(strstr(fake_err, "secret") == NULL);
}

TEST(a_descriptor_gives_line_after_line)
{
	char number[16];
	int ends[2];

	EXPECT(pipe(ends) == 0);
	EXPECT(write(ends[1], "first\nsecond\n", 13) == 13);
	close(ends[1]);
	snprintf(number, sizeof(number), "%d", ends[0]);
	EXPECT_NUMBER(ASH_CLI_DONE, get(CKU_SO, ASH_CLI_OPT_SO_PIN_FD, number));
	EXPECT_SPAN(TEXT("first"), ash_secret_peek(got));
	EXPECT_NUMBER(ASH_CLI_DONE, get(CKU_USER, ASH_CLI_OPT_PIN_FD, number));
	EXPECT_SPAN(TEXT("second"), ash_secret_peek(got));
	EXPECT_NUMBER(ASH_CLI_PIN, get(CKU_USER, ASH_CLI_OPT_PIN_FD, number));
	close(ends[0]);
	EXPECT_NUMBER(ASH_CLI_PIN, get(CKU_USER, ASH_CLI_OPT_PIN_FD, "999"));
	EXPECT(strstr(fake_err, "from descriptor 999: Bad file descriptor") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, get(CKU_USER, ASH_CLI_OPT_PIN_FD, "three"));
}

TEST(a_variable_is_wiped_when_it_was_read)
{
	char *value;

	setenv("TEST_PIN", "secret", 1);
	value = getenv("TEST_PIN");
	EXPECT_NUMBER(ASH_CLI_DONE, get(CKU_USER, ASH_CLI_OPT_PIN_ENV, "TEST_PIN"));
	EXPECT_SPAN(TEXT("secret"), ash_secret_peek(got));
	EXPECT(getenv("TEST_PIN") == NULL);
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0"), ash_span(value, 6));
	EXPECT_NUMBER(ASH_CLI_PIN, get(CKU_USER, ASH_CLI_OPT_PIN_ENV, "TEST_PIN"));
	EXPECT(strstr(fake_err, "the environment has no TEST_PIN") != NULL);
	setenv("TEST_PIN", "", 1);
	EXPECT_NUMBER(ASH_CLI_PIN, get(CKU_USER, ASH_CLI_OPT_PIN_ENV, "TEST_PIN"));
}

TEST(a_pin_has_one_source)
{
	struct ash_cli cli = fake_cli(NULL);
	ASH_AUTO(ash_secret) *pin = NULL;

	cli.values[ASH_CLI_OPT_PIN_ENV] = "HOME";
	cli.values[ASH_CLI_OPT_PIN_FD] = "0";
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_pin_get(&cli, CKU_USER, TEXT("ca"), &pin));
	fake_close(&cli);
	EXPECT_NUMBER(ASH_CLI_USAGE, cli.exit);
}

static enum ash_cli_exit choose(const char *text, uint64_t min, uint64_t max)
{
	struct ash_cli cli = fake_cli(NULL);
	ASH_AUTO(ash_secret) *pin = NULL;

	setenv("TEST_PIN", text, 1);
	cli.values[ASH_CLI_OPT_SO_PIN_ENV] = "TEST_PIN";
	ash_ignore(ash_cli_pin_choose(&cli, CKU_SO, TEXT("ca"), min, max, &pin));
	fake_close(&cli);
	EXPECT((pin != NULL) == (cli.exit == ASH_CLI_DONE));
	return cli.exit;
}

TEST(a_new_pin_has_the_length_that_the_token_wants)
{
	EXPECT_NUMBER(ASH_CLI_DONE, choose("1234", 4, 8));
	EXPECT_NUMBER(ASH_CLI_DONE, choose("12345678", 4, 8));
	EXPECT_NUMBER(ASH_CLI_PIN, choose("123", 4, 8));
	EXPECT(strstr(fake_err, "it must have 4 to 8 bytes") != NULL);
	EXPECT_NUMBER(ASH_CLI_PIN, choose("123456789", 4, 8));
}

/* A session of its own has no controlling terminal. */
static void without_terminal(void)
{
	EXPECT(setsid() > 0);
	EXPECT(dup2(open("/dev/null", O_RDONLY), 0) == 0);
	EXPECT_NUMBER(ASH_CLI_PIN, get(CKU_USER, ASH_CLI_OPT_JSON, NULL));
	EXPECT(strstr(fake_err, "there is no terminal") != NULL);
	EXPECT(strstr(fake_err, "--pin-file FILE") != NULL);
	EXPECT_NUMBER(ASH_CLI_PIN, get(CKU_SO, ASH_CLI_OPT_JSON, NULL));
	EXPECT(strstr(fake_err, "--so-pin-file FILE") != NULL);
}

TEST(without_a_terminal_nobody_is_asked)
{
	EXPECT_IN_CHILD(without_terminal);
}

TEST(no_memory_is_no_pin)
{
	struct ash_cli cli = fake_cli(NULL);
	const char *name = fake_file("secret\n", 0600);
	ASH_AUTO(ash_secret) *pin = NULL;

	cli.values[ASH_CLI_OPT_PIN_FILE] = name;
	FAIL_EVERY_ALLOCATION(pin == NULL, ash_cli_pin_get(&cli, CKU_USER, TEXT("ca"), &pin));
	EXPECT_SPAN(TEXT("secret"), ash_secret_peek(pin));
	unlink(name);
	fake_close(&cli);
}

TEST(whether_a_pin_is_given_is_known_of_each_user)
{
	struct ash_cli cli = fake_cli(NULL);

	EXPECT(!ash_cli_pin_given(&cli, CKU_USER) && !ash_cli_pin_given(&cli, CKU_SO));
	cli.values[ASH_CLI_OPT_PIN_FD] = "3";
	EXPECT(ash_cli_pin_given(&cli, CKU_USER) && !ash_cli_pin_given(&cli, CKU_SO));
	cli.values[ASH_CLI_OPT_PIN_FD] = NULL;
	cli.values[ASH_CLI_OPT_SO_PIN_ENV] = "VAR";
	EXPECT(!ash_cli_pin_given(&cli, CKU_USER) && ash_cli_pin_given(&cli, CKU_SO));
	fake_close(&cli);
}

TEST(other_secrets_come_from_options_of_their_own)
{
	struct ash_cli cli = fake_cli(NULL);

	got = ash_secret_free(got);
	EXPECT(!ash_cli_secret_given(&cli, ASH_CLI_PASSPHRASE));
	setenv("TEST_SECRET", "a passphrase", 1);
	cli.values[ASH_CLI_OPT_PASSPHRASE_ENV] = "TEST_SECRET";
	EXPECT(ash_cli_secret_given(&cli, ASH_CLI_PASSPHRASE));
	EXPECT(!ash_cli_secret_given(&cli, ASH_CLI_FROM_PIN));
	EXPECT_OK(ash_cli_secret_get(&cli, ASH_CLI_PASSPHRASE, "", &got));
	EXPECT_SPAN(TEXT("a passphrase"), ash_secret_peek(got));
	got = ash_secret_free(got);
	cli.values[ASH_CLI_OPT_FROM_PIN_FILE] = "/nonexistent/pin";
	EXPECT(!ash_is_ok(ash_cli_secret_get(&cli, ASH_CLI_FROM_PIN, "", &got)));
	EXPECT_NUMBER(ASH_CLI_PIN, cli.exit);
	cli.values[ASH_CLI_OPT_PASSPHRASE_FD] = "0";
	EXPECT(!ash_is_ok(ash_cli_secret_get(&cli, ASH_CLI_PASSPHRASE, "", &got)));
	fake_close(&cli);
	EXPECT(strstr(fake_err, "can come from one place only") != NULL && got == NULL);
}
