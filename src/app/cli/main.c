/* ashlar: starts the HSM of the configuration and runs one command. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/cli/cli.h"

/* The HSM of this process; a command that needs none does not start it. */
struct program {
	struct ash_cli cli; /* first: open_with() is given this */
	struct ash_app *app;
};

static ASH_STATUS open_with(struct ash_cli *cli, struct ash_status (*new_app)(struct ash_app **ret_app))
{
	struct program *program = (struct program *)cli;

	ASH_TRY(new_app(&program->app));
	cli->api = program->app->api;
	cli->hsm = program->app->hsm;
	cli->config = program->app->config;
	return ASH_DONE;
}

static const char *orphaned_key(struct ash_cli *cli)
{
	return ash_app_orphaned_key(((struct program *)cli)->app);
}

static ASH_STATUS open_app(struct ash_cli *cli)
{
	return open_with(cli, ash_app_new);
}

static ASH_STATUS open_in_memory(struct ash_cli *cli)
{
	return open_with(cli, ash_app_new_in_memory);
}

static void close_app(struct ash_cli *cli)
{
	struct program *program = (struct program *)cli;

	program->app = ash_app_free(program->app);
}

/*
 * A descriptor 0, 1 or 2 that is closed would go to the next file that is opened: the
 * store, say, into which messages would then be written. So it is taken by something
 * that answers every use with an error.
 */
static bool hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	}
	return true;
}

/* https://no-color.org: set and not empty, whatever the value. */
static bool wants_color(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') && terminal != NULL &&
	       strcmp(terminal, "dumb") != 0;
}

/* What is buffered shows only now whether it could be written. */
static enum ash_cli_exit close_output(enum ash_cli_exit code)
{
	bool failed = ferror(stdout) != 0;

	errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return code;
	fprintf(stderr, "ashlar: can't write the output: %s\n", errno != 0 ? strerror(errno) : "write error");
	return code != ASH_CLI_DONE ? code : ASH_CLI_FAILED;
}

int main(int argc, char **argv)
{
	struct program program = {
		.cli = { .out = stdout,
			 .err = stderr,
			 .open = open_app,
			 .open_in_memory = open_in_memory,
			 .close = close_app,
			 .orphaned_key = orphaned_key },
	};
	enum ash_cli_exit code;

	if (!hold_standard_descriptors())
		return ASH_CLI_FAILED;
	/* A reader that goes away is an error to tell, not a reason to die halfway. */
	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_ALL, "");
	program.cli.color = wants_color();
	code = ash_cli_run(&program.cli, argc, argv);
	close_app(&program.cli);
	return close_output(code);
}
