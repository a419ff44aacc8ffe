#include "app/cli/cmd/store_check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/cli/find/select.h"
#include "app/cli/pin.h"

/* The child sends a row as a line of JSON each, and this one when it came to the end. */
#define LAST_LINE "\"done\"\n"

static const char *const states[] = {
	[ASH_VERDICT_SOUND] = "sound",
	[ASH_VERDICT_DAMAGED] = "damaged",
	[ASH_VERDICT_UNCHECKED] = "not checked",
};

struct sender {
	FILE *to;
	const struct ash_cli_column *columns;
	struct ash_status status;
};

static ASH_STATUS make_row(const struct ash_cli_column *columns, const struct ash_finding *finding,
			   json_t **ret_row)
{
	ASH_CLI_AUTO_JSON *row = NULL;

	ASH_TRY(ash_cli_row_new(columns, &row));
	ASH_TRY(ash_cli_set_text(row, "part", ash_span_text(finding->part)));
	ASH_TRY(ash_cli_set_text(row, "state", ash_span_text(states[finding->verdict])));
	if (finding->place.owner != 0)
		ASH_TRY(ash_cli_set_number(row, "slot", finding->place.owner - 1));
	if (finding->place.id != 0)
		ASH_TRY(ash_cli_set_number(row, "record", finding->place.id));
	if (finding->text != NULL)
		ASH_TRY(ash_cli_set_text(row, "finding", ash_span_text(finding->text)));
	else
		ASH_TRY(ash_cli_set_number(row, "checked", finding->checked));
	*ret_row = ASH_TAKE(row);
	return ASH_DONE;
}

static void send_finding(void *context, const struct ash_finding *finding)
{
	struct sender *sender = context;
	ASH_CLI_AUTO_JSON *row = NULL;

	if (!ash_is_ok(sender->status))
		return;
	sender->status = make_row(sender->columns, finding, &row);
	if (ash_is_ok(sender->status) &&
	    (json_dumpf(row, sender->to, JSON_COMPACT | JSON_ENSURE_ASCII) != 0 ||
	     fputc('\n', sender->to) == EOF))
		sender->status = ash_status_fail(ASH_E_IO, __FILE__, __LINE__);
}

/* Where tokens can't even be listed, or their PINs read, all else is checked. */
static ASH_STATUS log_in(struct ash_cli *cli)
{
	struct ash_cli_token token;
	ash_handle session = 0;
	struct ash_status status = ash_cli_token_select(cli, &token);

	if (ash_is_ok(status))
		status = ash_cli_session_open(cli, &token, false, true, &session);
	if (ash_is_ok(status) || cli->exit != ASH_CLI_STORAGE)
		return status;
	ash_cli_warn(cli, "private objects are not opened");
	cli->exit = ASH_CLI_DONE;
	return ASH_DONE;
}

static ASH_STATUS check_here(struct ash_cli *cli, struct sender *sender)
{
	struct ash_status status = cli->open(cli);

	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't start");
	if (ash_cli_pin_given(cli, CKU_USER))
		ASH_TRY(log_in(cli));
	status = cli->api->check_store(cli->hsm, send_finding, sender);
	if (ash_is_ok(status))
		status = sender->status;
	if (status.code == ASH_E_NOT_FOUND)
		return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "there is no store to check");
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't check the store");
	return ASH_DONE;
}

static _Noreturn void be_child(struct ash_cli *cli, int fd, const struct ash_cli_column *columns)
{
	struct sender sender = { .to = fdopen(fd, "w"), .columns = columns, .status = ASH_DONE };

	if (sender.to == NULL)
		_exit(ASH_CLI_FAILED);
	if (ash_is_ok(check_here(cli, &sender)) && cli->exit == ASH_CLI_DONE &&
	    fputs(LAST_LINE, sender.to) == EOF)
		cli->exit = ASH_CLI_FAILED;
	if (cli->close != NULL)
		cli->close(cli);
	if (fclose(sender.to) != 0)
		cli->exit = ASH_CLI_FAILED;
	fflush(cli->err);
	_exit((int)cli->exit);
}

/* Reads rows until the child has closed its end; `ret_done`: it came to its end. */
static ASH_STATUS receive(FILE *from, struct ash_cli_list *list, unsigned *damaged, bool *ret_done)
{
	char *line = NULL;
	size_t room = 0;
	struct ash_status status = ASH_DONE;

	while (ash_is_ok(status) && getline(&line, &room, from) > 0) {
		json_t *row = json_loads(line, JSON_DECODE_ANY, NULL);

		if (strcmp(line, LAST_LINE) == 0) {
			*ret_done = true;
		} else if (json_is_object(row)) { /* half a line is what a child that died left */
			const char *state = json_string_value(json_object_get(row, "state"));

			if (json_is_null(json_object_get(row, "finding")) && state != NULL &&
			    strcmp(state, states[ASH_VERDICT_DAMAGED]) == 0)
				(*damaged)++;
			status = ash_cli_list_append(list, row);
		}
		json_decref(row);
	}
	free(line);
	return status;
}

static const char *signal_text(int number)
{
	const char *text = sigdescr_np(number);

	return text != NULL ? text : "unknown";
}

/* What a damaged file may do to who reads it. Other signals come from people and from want of memory. */
static bool is_fault(int number)
{
	return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE ||
	       number == SIGABRT;
}

static ASH_STATUS add_death(struct ash_cli_list *list, int number)
{
	char text[160];
	const struct ash_finding finding = { .part = "check", .verdict = ASH_VERDICT_DAMAGED, .text = text };
	ASH_CLI_AUTO_JSON *row = NULL;

	(void)snprintf(text, sizeof(text),
		       "the process that read the store was killed by signal %d (%s): its files may do that "
		       "to other programs too",
		       number, signal_text(number));
	ASH_TRY(make_row(list->columns, &finding, &row));
	return ash_cli_list_append(list, row);
}

static ASH_STATUS end_child(struct ash_cli *cli, pid_t child, bool done, struct ash_cli_list *list,
			    unsigned *damaged)
{
	int state = 0;

	while (waitpid(child, &state, 0) < 0) {
		if (errno != EINTR)
			return ash_cli_refuse(cli, ASH_CLI_FAILED, "the check was lost: %s",
					      strerrordesc_np(errno));
	}
	if (WIFSIGNALED(state) && !is_fault(WTERMSIG(state)))
		return ash_cli_refuse(cli, ASH_CLI_FAILED,
				      "the check was ended by signal %d (%s): nothing is known of the store",
				      WTERMSIG(state), signal_text(WTERMSIG(state)));
	if (WIFSIGNALED(state)) {
		(*damaged)++;
		return add_death(list, WTERMSIG(state));
	}
	if (done && WEXITSTATUS(state) == ASH_CLI_DONE)
		return ASH_DONE;
	/* It has told why. */
	cli->exit = WEXITSTATUS(state) != 0 ? (enum ash_cli_exit)WEXITSTATUS(state) : ASH_CLI_FAILED;
	ASH_FAIL(ASH_E_FAILED);
}

ASH_STATUS ash_cli_store_check(struct ash_cli *cli, struct ash_cli_list *list, unsigned *ret_damaged)
{
	struct ash_status status = ASH_DONE;
	FILE *from = NULL;
	unsigned damaged = 0;
	bool done = false;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't check in a child: %s",
				      strerrordesc_np(errno));
	fflush(cli->out);
	fflush(cli->err);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		be_child(cli, ends[1], list->columns);
	}
	close(ends[1]);
	from = child > 0 ? fdopen(ends[0], "r") : NULL;
	if (from == NULL) {
		close(ends[0]);
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't check in a child: %s",
				      strerrordesc_np(errno));
	}
	status = receive(from, list, &damaged, &done);
	fclose(from);
	ASH_TRY(end_child(cli, child, done, list, &damaged));
	ASH_TRY(status);
	*ret_damaged = damaged;
	return ASH_DONE;
}
