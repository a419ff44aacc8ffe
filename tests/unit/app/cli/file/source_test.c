#include "unit/app/cli/fake.h"

#include "app/cli/file/source.h"

TEST(a_file_is_read_in_pieces)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	ASH_AUTO(ash_cli_source) source = ASH_CLI_SOURCE_NONE;
	uint8_t room[4];
	size_t got = 9;

	EXPECT_OK(ash_cli_source_open(&cli, fake_write("in", TEXT("abcdef")), &source));
	EXPECT_NUMBER(6, source.size);
	EXPECT_OK(ash_cli_source_read(&source, ash_mut(room, sizeof(room)), &got));
	EXPECT_SPAN(TEXT("abcd"), ash_span(room, got));
	EXPECT_OK(ash_cli_source_read(&source, ash_mut(room, sizeof(room)), &got));
	EXPECT_SPAN(TEXT("ef"), ash_span(room, got));
	EXPECT_OK(ash_cli_source_read(&source, ash_mut(room, sizeof(room)), &got));
	EXPECT_NUMBER(0, got);
	fake_close(&cli);
	fake_clean();
}

TEST(all_of_a_file_is_read_or_refused)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	ASH_AUTO(ash_buf) big = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;
	struct ash_mut room;
	const char *path;

	EXPECT_OK(ash_buf_extend(&big, 200000, &room));
	room.data[199999] = 7;
	path = fake_write("big", ash_buf_span(&big));
	EXPECT_OK(ash_buf_add(&out, TEXT("x")));
	EXPECT_OK(ash_cli_source_file(&cli, path, 200000, "a test", &out));
	EXPECT_NUMBER(200001, out.len);
	EXPECT_NUMBER(7, out.data[200000]);
	ash_buf_reset(&out);
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_source_file(&cli, path, 199999, "a test", &out));
	EXPECT_NUMBER(ASH_CLI_FAILED, cli.exit);
	fake_close(&cli);
	EXPECT(strstr(fake_err, "too long for a test: at most 199999 bytes will do") != NULL);
	fake_clean();
}

TEST(what_cannot_be_read_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_source_file(&cli, "/no/such/file", 9, "a test", &out));
	EXPECT_NUMBER(ASH_CLI_FAILED, cli.exit);
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_source_file(&cli, "/tmp", 9, "a test", &out));
	fake_close(&cli);
	EXPECT(strstr(fake_err, "can't open /no/such/file: No such file or directory") != NULL);
	EXPECT(strstr(fake_err, "can't read /tmp: Is a directory") != NULL);
	EXPECT_NUMBER(0, out.len);
}

TEST(no_memory_no_file)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	const char *path = fake_write("in", TEXT("abcdef"));
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	FAIL_EVERY_ALLOCATION(out.len == 0, ash_cli_source_file(&cli, path, 9, "a test", &out));
	fake_close(&cli);
	fake_clean();
}
