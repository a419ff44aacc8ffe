#include "unit/app/cli/fake.h"

#include <fcntl.h>

#include "app/cli/file/sink.h"

static struct ash_cli cli_to(struct ash_hsm *hsm, const char *output)
{
	struct ash_cli cli = fake_cli(hsm);

	cli.values[ASH_CLI_OPT_OUTPUT] = output;
	return cli;
}

static unsigned mode_of(const char *path)
{
	struct stat info;

	EXPECT(stat(path, &info) == 0);
	return info.st_mode & 07777u;
}

static size_t files_in_folder(void)
{
	char command[200];
	size_t count = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "ls -A %s", fake_path(""));
	pipe = popen(command, "r");
	EXPECT(pipe != NULL);
	for (int byte; (byte = fgetc(pipe)) != EOF;)
		count += byte == '\n';
	pclose(pipe);
	return count;
}

TEST(a_file_is_there_once_it_is_whole)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *path = fake_path("out");
	struct ash_cli cli = cli_to(&hsm, path);
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;

	umask(022);
	EXPECT_OK(ash_cli_sink_open(&cli, false, false, &sink));
	EXPECT(ash_cli_sink_is_file(&sink));
	EXPECT_OK(ash_cli_sink_write(&sink, TEXT("abc")));
	EXPECT_OK(ash_cli_sink_write(&sink, ASH_SPAN_NONE));
	EXPECT_OK(ash_cli_sink_write(&sink, TEXT("def")));
	EXPECT(access(path, F_OK) != 0);
	EXPECT_OK(ash_cli_sink_commit(&sink));
	EXPECT_SPAN(TEXT("abcdef"), fake_read(path));
	EXPECT_NUMBER(0644, mode_of(path));
	EXPECT_NUMBER(6, sink.bytes);
	ash_cli_sink_done(&sink);
	EXPECT_NUMBER(1, files_in_folder());
	fake_close(&cli);
	fake_clean();
}

TEST(what_is_not_whole_leaves_the_old_file_and_nothing_else)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *path = fake_write("out", TEXT("old"));
	struct ash_cli cli = cli_to(&hsm, path);
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;

	EXPECT_OK(ash_cli_sink_open(&cli, true, false, &sink));
	EXPECT_OK(ash_cli_sink_write(&sink, TEXT("new")));
	ash_cli_sink_done(&sink);
	EXPECT_SPAN(TEXT("old"), fake_read(path));
	EXPECT_NUMBER(1, files_in_folder());
	EXPECT_OK(ash_cli_sink_open(&cli, true, false, &sink));
	EXPECT_OK(ash_cli_sink_write(&sink, TEXT("new")));
	EXPECT_OK(ash_cli_sink_commit(&sink));
	EXPECT_SPAN(TEXT("new"), fake_read(path));
	EXPECT_NUMBER(0600, mode_of(path));
	EXPECT_NUMBER(1, files_in_folder());
	fake_close(&cli);
	fake_clean();
}

TEST(a_file_keeps_its_mode_unless_it_would_show_a_secret)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *path = fake_write("out", TEXT("old"));
	struct ash_cli cli = cli_to(&hsm, path);

	for (int secret = 0; secret < 2; secret++) {
		ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;

		EXPECT(chmod(path, 0640) == 0);
		EXPECT_OK(ash_cli_sink_open(&cli, secret != 0, false, &sink));
		EXPECT_OK(ash_cli_sink_write(&sink, TEXT("new")));
		EXPECT_OK(ash_cli_sink_commit(&sink));
		EXPECT_NUMBER(secret != 0 ? 0600 : 0640, mode_of(path));
	}
	fake_close(&cli);
	fake_clean();
}

/*
 * Who put a file there that everybody may write would write ours; what they showed nobody stays
 * so. Only root can have such a file made here.
 */
TEST(the_mode_of_somebody_elses_file_is_not_taken_over)
{
	static const mode_t modes[][2] = { { 0666, 0644 }, { 0600, 0600 } };
	struct ash_hsm hsm = FAKE_HSM;
	const mode_t mask = umask(022);
	const bool root = geteuid() == 0;

	for (size_t i = 0; i < ASH_COUNT(modes); i++) {
		const char *path = fake_write("out", TEXT("old"));
		struct ash_cli cli = cli_to(&hsm, path);
		ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;

		EXPECT(chmod(path, modes[i][0]) == 0);
		if (root)
			EXPECT(chown(path, 65534, 65534) == 0);
		EXPECT_OK(ash_cli_sink_open(&cli, false, false, &sink));
		EXPECT_OK(ash_cli_sink_write(&sink, TEXT("new")));
		EXPECT_OK(ash_cli_sink_commit(&sink));
		EXPECT_NUMBER(modes[i][root ? 1 : 0], mode_of(path));
		fake_close(&cli);
	}
	(void)umask(mask);
	fake_clean();
}

TEST(a_link_stays_and_its_file_is_replaced)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *path = fake_write("out", TEXT("old"));
	const char *link = fake_path("link");
	struct ash_cli cli = cli_to(&hsm, link);
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;
	struct stat info;

	EXPECT(symlink(path, link) == 0);
	EXPECT_OK(ash_cli_sink_open(&cli, false, false, &sink));
	EXPECT_OK(ash_cli_sink_write(&sink, TEXT("new")));
	EXPECT_OK(ash_cli_sink_commit(&sink));
	EXPECT_SPAN(TEXT("new"), fake_read(path));
	EXPECT(lstat(link, &info) == 0 && S_ISLNK(info.st_mode));
	fake_close(&cli);
	fake_clean();
}

TEST(devices_and_pipes_are_written_to_as_they_are)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *path = fake_path("pipe");
	struct ash_cli cli = cli_to(&hsm, path);
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;
	uint8_t got[3];
	struct stat info;
	int fd;

	EXPECT(mkfifo(path, 0600) == 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	EXPECT_OK(ash_cli_sink_open(&cli, true, false, &sink));
	EXPECT(!ash_cli_sink_is_file(&sink));
	EXPECT_OK(ash_cli_sink_write(&sink, TEXT("abc")));
	EXPECT_OK(ash_cli_sink_commit(&sink));
	EXPECT(read(fd, got, 3) == 3 && memcmp(got, "abc", 3) == 0);
	EXPECT(stat(path, &info) == 0 && S_ISFIFO(info.st_mode));
	close(fd);
	fake_close(&cli);
	fake_clean();
}

TEST(standard_output_comes_in_order_with_words)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = cli_to(&hsm, "-");
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;

	EXPECT_OK(ash_cli_sink_open(&cli, true, false, &sink));
	EXPECT(!ash_cli_sink_is_file(&sink));
	fputs("before ", cli.out);
	EXPECT_OK(ash_cli_sink_write(&sink, TEXT("data")));
	EXPECT_OK(ash_cli_sink_commit(&sink));
	ash_cli_sink_done(&sink);
	fake_close(&cli);
	EXPECT_TEXT("before data", fake_out);
}

TEST(json_and_data_do_not_share_standard_output)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = cli_to(&hsm, NULL);
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;

	cli.values[ASH_CLI_OPT_JSON] = "";
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_sink_open(&cli, true, false, &sink));
	EXPECT_NUMBER(ASH_CLI_USAGE, cli.exit);
	fake_close(&cli);
	EXPECT(strstr(fake_err, "--json needs --output FILE") != NULL);
}

TEST(what_cannot_be_written_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = cli_to(&hsm, "/no/such/folder/file");
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;

	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_sink_open(&cli, true, false, &sink));
	EXPECT_NUMBER(ASH_CLI_FAILED, cli.exit);
	cli.values[ASH_CLI_OPT_OUTPUT] = "/dev/full";
	EXPECT_OK(ash_cli_sink_open(&cli, true, false, &sink));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_sink_write(&sink, TEXT("x")));
	fake_close(&cli);
	EXPECT(strstr(fake_err, "can't write /no/such/folder/file: No such file or directory") != NULL);
	EXPECT(strstr(fake_err, "can't write /dev/full: No space left on device") != NULL);
}

TEST(no_memory_no_file)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *path = fake_path("out");
	struct ash_cli cli = cli_to(&hsm, path);
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;

	FAIL_EVERY_ALLOCATION(sink.fd == -1, ash_cli_sink_open(&cli, true, false, &sink));
	FAIL_EVERY_ALLOCATION(access(path, F_OK) != 0, ash_cli_sink_commit(&sink));
	EXPECT(access(path, F_OK) == 0);
	fake_close(&cli);
	fake_clean();
}
