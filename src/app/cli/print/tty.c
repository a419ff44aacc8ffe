#include "app/cli/print/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "util/compat.h"
#include "util/secret.h"

/* What may come while the echo is off. A job in the background stops before that, at tcsetattr. */
static const int watched[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };

static volatile sig_atomic_t caught[NSIG];

static void catch_signal(int number)
{
	caught[number] = 1;
}

struct terminal {
	int in, out;
	bool own; /* `in` is ours to close */
	struct termios before;
	struct sigaction actions[ASH_COUNT(watched)];
	sigset_t mask_before;
};

static ASH_STATUS wait_readable(int fd, const sigset_t *wait_mask)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	/* Signals are blocked but here, so none slips in between looking for it and waiting. */
	ASH_ENSURE(ppoll(&one, 1, NULL, wait_mask) == 1, errno == EINTR ? ASH_E_FAILED : ASH_E_IO);
	return ASH_DONE;
}

/* One byte; `ret_end` at the end of the input. */
static ASH_STATUS read_byte(int fd, const sigset_t *wait_mask, uint8_t *byte, bool *ret_end)
{
	ssize_t got;

	if (wait_mask != NULL)
		ASH_TRY(wait_readable(fd, wait_mask));
	do
		got = read(fd, byte, 1);
	while (got < 0 && errno == EINTR);
	ASH_ENSURE(got >= 0, ASH_E_IO);
	*ret_end = got == 0;
	return ASH_DONE;
}

ASH_STATUS ash_cli_line_read(int fd, const sigset_t *wait_mask, struct ash_mut room, size_t *ret_len)
{
	uint8_t over = 0;
	size_t used = 0;
	bool too_long = false;
	bool end = false;

	for (;;) {
		uint8_t *byte = used < room.len ? room.data + used : &over;

		ASH_TRY(read_byte(fd, wait_mask, byte, &end));
		if (end || *byte == '\n')
			break;
		too_long = byte == &over;
		used += too_long ? 0 : 1;
	}
	ash_wipe(&over, sizeof(over));
	ASH_ENSURE(!end || used > 0, ASH_E_NOT_FOUND);
	ASH_ENSURE(!too_long, ASH_E_PIN_LEN);
	*ret_len = used;
	return ASH_DONE;
}

static ASH_STATUS terminal_open(struct terminal *terminal)
{
	int fd = open(_PATH_TTY, O_RDWR | O_NOCTTY | O_CLOEXEC);

	*terminal = (struct terminal){ .in = fd, .out = fd, .own = true };
	if (fd >= 0)
		return ASH_DONE;
	ASH_ENSURE(isatty(STDIN_FILENO), ASH_E_NO_EVENT);
	*terminal = (struct terminal){ .in = STDIN_FILENO, .out = STDERR_FILENO };
	return ASH_DONE;
}

static void terminal_auto(struct terminal *terminal)
{
	if (terminal->own && terminal->in >= 0)
		close(terminal->in);
}

static void say(const struct terminal *terminal, const char *text)
{
	/* Whoever can't see the prompt can still answer it. */
	if (write(terminal->out, text, strlen(text)) < 0)
		return;
}

static int set_terminal(int fd, const struct termios *mode)
{
	int answer;

	do
		answer = tcsetattr(fd, TCSAFLUSH, mode);
	while (answer < 0 && errno == EINTR);
	return answer;
}

/* Signals are caught, and blocked until we wait for input. What was ignored stays so. */
static void hold_signals(struct terminal *terminal)
{
	struct sigaction action = { .sa_handler = catch_signal };
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < ASH_COUNT(watched); i++) {
		caught[watched[i]] = 0;
		sigaction(watched[i], NULL, &terminal->actions[i]);
		if (terminal->actions[i].sa_handler != SIG_IGN) {
			sigaction(watched[i], &action, NULL);
			sigaddset(&mask, watched[i]);
		}
	}
	sigprocmask(SIG_BLOCK, &mask, &terminal->mask_before);
}

/* Lets the signals do what they would have done. Whether to ask again: we were stopped and go on. */
static bool release_signals(struct terminal *terminal)
{
	for (size_t i = 0; i < ASH_COUNT(watched); i++)
		sigaction(watched[i], &terminal->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &terminal->mask_before, NULL);
	for (size_t i = 0; i < ASH_COUNT(watched); i++) {
		if (caught[watched[i]])
			raise(watched[i]);
	}
	return caught[SIGTSTP] != 0;
}

static ASH_STATUS ask_once(struct terminal *terminal, const char *prompt, struct ash_mut room,
			   size_t *ret_len, bool *ret_again)
{
	struct termios quiet;
	struct ash_status status;

	ASH_ENSURE(tcgetattr(terminal->in, &terminal->before) == 0, ASH_E_IO);
	quiet = terminal->before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	quiet.c_lflag |= ICANON | ISIG;

	hold_signals(terminal);
	if (set_terminal(terminal->in, &quiet) == 0) {
		say(terminal, prompt);
		status = ash_cli_line_read(terminal->in, &terminal->mask_before, room, ret_len);
		say(terminal, "\n");
		set_terminal(terminal->in, &terminal->before);
	} else {
		status = ash_status_fail(ASH_E_IO, __FILE__, __LINE__);
	}
	*ret_again = release_signals(terminal) && !ash_is_ok(status);
	return status;
}

ASH_STATUS ash_cli_tty_ask(const char *prompt, struct ash_mut room, size_t *ret_len)
{
	__attribute__((cleanup(terminal_auto))) struct terminal terminal = { .in = -1, .out = -1 };
	struct ash_status status;
	bool again = false;

	ASH_TRY(terminal_open(&terminal));
	do
		status = ask_once(&terminal, prompt, room, ret_len, &again);
	while (again);
	return status;
}

bool ash_cli_tty_present(void)
{
	return isatty(STDIN_FILENO);
}

bool ash_cli_tty_confirm_text(FILE *out, const char *question, const char *shown, struct ash_span text)
{
	uint8_t answer[256];
	size_t len = 0;

	fprintf(out, "%s Type %s to go on: ", question, shown);
	fflush(out);
	return ash_is_ok(ash_cli_line_read(STDIN_FILENO, NULL, ash_mut(answer, sizeof(answer)), &len)) &&
	       ash_span_equal(ash_span(answer, len), text);
}

bool ash_cli_tty_confirm(FILE *out, const char *question)
{
	return ash_cli_tty_confirm_text(out, question, "yes", ash_span_text("yes"));
}
