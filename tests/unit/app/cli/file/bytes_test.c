#include "unit/app/cli/fake.h"

#include "app/cli/file/bytes.h"

static enum ash_cli_exit code;

/* What an option's value means; empty after a refusal. */
static struct ash_span read_as(const char *value, size_t max, struct ash_buf *out)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);

	ash_buf_reset(out);
	cli.values[ASH_CLI_OPT_AAD] = value;
	ash_ignore(ash_cli_bytes_read(&cli, ASH_CLI_OPT_AAD, "aad", max, out));
	fake_close(&cli);
	code = cli.exit;
	return code == ASH_CLI_DONE ? ash_buf_span(out) : ASH_SPAN_NONE;
}

TEST(bytes_come_as_hex_text_or_file)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	char name[160];

	EXPECT_SPAN(TEXT("\x0a\x1b\x2c"), read_as("0a1B2c", 3, &out));
	EXPECT_SPAN(TEXT("\x0a\x1b"), read_as("0a:1b", 3, &out));
	EXPECT_SPAN(TEXT("tenant 7"), read_as("text:tenant 7", 8, &out));
	snprintf(name, sizeof(name), "file:%s", fake_write("bytes", TEXT("a\0b")));
	EXPECT_SPAN(TEXT("a\0b"), read_as(name, 3, &out));
	fake_clean();
}

TEST(what_is_none_or_too_many_is_refused)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	char name[160];

	read_as("0a1", 3, &out);
	EXPECT_NUMBER(ASH_CLI_USAGE, code);
	EXPECT(strstr(fake_err, "--aad takes bytes: hex (0a1b2c), text:TEXT or file:PATH, not \"0a1\"") !=
	       NULL);
	read_as("", 3, &out);
	EXPECT_NUMBER(ASH_CLI_USAGE, code);
	read_as("text:", 3, &out);
	EXPECT(strstr(fake_err, "--aad takes 1 to 3 bytes, not 0") != NULL);
	read_as("01020304", 3, &out);
	EXPECT(strstr(fake_err, "--aad takes 1 to 3 bytes, not 4") != NULL);
	read_as("file:/no/such/file", 3, &out);
	EXPECT_NUMBER(ASH_CLI_FAILED, code);
	EXPECT(strstr(fake_err, "can't open /no/such/file: No such file") != NULL);
	snprintf(name, sizeof(name), "file:%s", fake_write("bytes", TEXT("abcd")));
	read_as(name, 3, &out);
	EXPECT(strstr(fake_err, "too long for aad: at most 3 bytes") != NULL);
	fake_clean();
}
