#include "unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <termios.h>

#include "app/cli/print/tty.h"

static struct ash_status line(int fd, char *room, size_t cap, size_t *ret_len)
{
	return ash_cli_line_read(fd, NULL, ash_mut(room, cap), ret_len);
}

TEST(a_line_ends_at_a_newline_and_leaves_the_rest)
{
	char room[8];
	size_t len = 0;
	int ends[2];

	EXPECT(pipe(ends) == 0);
	EXPECT(write(ends[1], "one\n\n12345678\n123456789\nlast", 28) == 28);
	close(ends[1]);
	EXPECT_OK(line(ends[0], room, sizeof(room), &len));
	EXPECT_SPAN(TEXT("one"), ash_span(room, len));
	EXPECT_OK(line(ends[0], room, sizeof(room), &len));
	EXPECT_NUMBER(0, len);
	EXPECT_OK(line(ends[0], room, sizeof(room), &len));
	EXPECT_SPAN(TEXT("12345678"), ash_span(room, len));
	EXPECT_CODE(ASH_E_PIN_LEN, line(ends[0], room, sizeof(room), &len));
	EXPECT_OK(line(ends[0], room, sizeof(room), &len));
	EXPECT_SPAN(TEXT("last"), ash_span(room, len));
	EXPECT_CODE(ASH_E_NOT_FOUND, line(ends[0], room, sizeof(room), &len));
	close(ends[0]);
	EXPECT_CODE(ASH_E_IO, line(ends[0], room, sizeof(room), &len));
}

/*
 * Linux can answer EIO, the end, while what the other side wrote last is still on its way
 * through the terminal: it looks for output first and whether the other side closed then,
 * and both may happen in between. The next read has it.
 */
static ssize_t read_terminal(int master, char *room, size_t len)
{
	ssize_t got = read(master, room, len);

	return got < 0 && errno == EIO ? read(master, room, len) : got;
}

/* Waits for text from the other side of the terminal. */
static void wait_for(int master, const char *text)
{
	char seen[1024] = "";
	size_t len = 0;

	while (strstr(seen, text) == NULL) {
		ssize_t got = read_terminal(master, seen + len, sizeof(seen) - 1 - len);

		EXPECT(got > 0);
		len += (size_t)got;
		seen[len] = '\0';
	}
	EXPECT(strstr(seen, "s3cret") == NULL);
}

static bool echoes(int master)
{
	struct termios mode;

	EXPECT(tcgetattr(master, &mode) == 0);
	return (mode.c_lflag & ECHO) != 0;
}

/* A child on a terminal of its own that asks once and exits with what came of it. */
static pid_t asking(int *ret_master)
{
	char room[16];
	size_t len = 0;
	struct ash_status status;
	pid_t child = forkpty(ret_master, NULL, NULL, NULL);

	EXPECT(child >= 0);
	if (child > 0)
		return child;
	status = ash_cli_tty_ask("PIN? ", ash_mut(room, sizeof(room)), &len);
	if (!ash_is_ok(status))
		_exit(100 + (status.code == ASH_E_NOT_FOUND));
	_exit(ash_span_equal(ash_span(room, len), TEXT("s3cret")) ? 42 : 43);
}

static int ended(pid_t child, int master)
{
	char rest[256];
	int status = 0;

	while (read(master, rest, sizeof(rest)) > 0) {
		/* until the other side is closed */
	}
	EXPECT(waitpid(child, &status, 0) == child);
	close(master);
	return status;
}

TEST(the_answer_is_not_echoed)
{
	int master, status;
	pid_t child = asking(&master);

	wait_for(master, "PIN? ");
	EXPECT(!echoes(master));
	EXPECT(write(master, "s3cret\n", 7) == 7);
	wait_for(master, "\n");
	status = ended(child, master);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

TEST(the_end_of_input_is_no_answer)
{
	int master, status;
	pid_t child = asking(&master);

	wait_for(master, "PIN? ");
	EXPECT(write(master, "\x04", 1) == 1);
	status = ended(child, master);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 101);
}

TEST(a_signal_puts_the_terminal_back_and_then_kills)
{
	int master, slave, status;
	pid_t child;
	char room[16];
	size_t len;

	EXPECT(openpty(&master, &slave, NULL, NULL, NULL) == 0);
	child = fork();
	if (child == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		ash_ignore(ash_cli_tty_ask("PIN? ", ash_mut(room, sizeof(room)), &len));
		_exit(7);
	}
	wait_for(master, "PIN? ");
	EXPECT(!echoes(master));
	EXPECT(write(master, "s3c\x03", 4) == 4); /* Ctrl-C */
	EXPECT(waitpid(child, &status, 0) == child);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	EXPECT(echoes(slave));
	close(slave);
	close(master);
}

TEST(a_stopped_question_is_asked_again)
{
	int master, slave, status;
	pid_t child;
	char room[16];
	size_t len = 0;

	EXPECT(openpty(&master, &slave, NULL, NULL, NULL) == 0);
	child = fork();
	if (child == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		ash_ignore(ash_cli_tty_ask("PIN? ", ash_mut(room, sizeof(room)), &len));
		_exit(ash_span_equal(ash_span(room, len), TEXT("s3cret")) ? 42 : 43);
	}
	wait_for(master, "PIN? ");
	/* An orphaned process group is not stopped by the terminal; a signal from outside does it. */
	EXPECT(kill(child, SIGTSTP) == 0);
	wait_for(master, "PIN? ");
	EXPECT(write(master, "s3cret\n", 7) == 7);
	EXPECT(waitpid(child, &status, 0) == child);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	EXPECT(echoes(slave));
	close(slave);
	close(master);
}

static void ask_without_terminal(void)
{
	char room[16];
	size_t len = 7;

	EXPECT(setsid() > 0);
	EXPECT(dup2(open("/dev/null", O_RDONLY), 0) == 0);
	EXPECT_CODE(ASH_E_NO_EVENT, ash_cli_tty_ask("PIN? ", ash_mut(room, sizeof(room)), &len));
	EXPECT_NUMBER(7, len);
	EXPECT(!ash_cli_tty_present());
}

TEST(without_a_terminal_there_is_no_question)
{
	EXPECT_IN_CHILD(ask_without_terminal);
}

static void confirm_yes_only(void)
{
	static const char answers[] = "yes\nno\n\ny\nYES\nyes please, do it\n";
	FILE *out = fopen("/dev/null", "w");
	int ends[2];

	EXPECT(pipe(ends) == 0 && dup2(ends[0], 0) == 0);
	EXPECT(write(ends[1], answers, sizeof(answers) - 1) == sizeof(answers) - 1);
	close(ends[1]);
	EXPECT(ash_cli_tty_confirm(out, "Really?"));
	for (int i = 0; i < 6; i++) /* the last is the end of the input */
		EXPECT(!ash_cli_tty_confirm(out, "Really?"));
	fclose(out);
}

TEST(only_a_yes_is_a_yes)
{
	EXPECT_IN_CHILD(confirm_yes_only);
}
