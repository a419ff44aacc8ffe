#include "app/bench/child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/bench/interrupt.h"
#include "app/bench/watch.h"

/* The answer, or the failure with what explains it, as one line of JSON. */
static void answer(int fd, ash_bench_work work, void *context)
{
	ASH_BENCH_AUTO_JSON *told = NULL;
	json_t *reply;
	const struct ash_status status = work(context, &told);
	const char *why = ash_status_explanation();

	if (ash_is_ok(status))
		reply = json_pack("{s:O}", "answer", told);
	else
		reply = json_pack("{s:i, s:s}", "code", (int)status.code, "why",
				  why[0] != '\0' ? why : ash_code_text(status.code));
	if (reply != NULL)
		(void)json_dumpfd(reply, fd, JSON_ENSURE_ASCII);
	json_decref(reply);
}

static void child(int fd, ash_bench_work work, void *context, unsigned limit_s)
{
	/* The child ends with its parent; the alarm ends a module that hangs. */
	ash_bench_interrupt_release();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGALRM, SIG_DFL);
	alarm(limit_s);
	answer(fd, work, context);
	/* No exit handlers, no flush of what the parent had buffered. */
	_exit(0);
}

static ASH_STATUS read_reply(const json_t *reply, int wait_status, unsigned limit_s, json_t **ret_answer)
{
	json_t *told = json_object_get(reply, "answer");

	if (told != NULL) {
		*ret_answer = json_incref(told);
		return ASH_DONE;
	}
	if (reply != NULL) {
		const json_int_t code = json_integer_value(json_object_get(reply, "code"));

		ASH_FAIL_WITH(code > 0 && code < ASH_CODES ? (enum ash_code)code : ASH_E_FAILED, "%s",
			      json_string_value(json_object_get(reply, "why")));
	}
	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGALRM)
		ASH_FAIL_WITH(ASH_E_FAILED, "it took more than %u s", limit_s);
	if (WIFSIGNALED(wait_status))
		ASH_FAIL_WITH(ASH_E_FAILED, "the process of the module died: %s",
			      strsignal(WTERMSIG(wait_status)));
	ASH_FAIL_WITH(ASH_E_FAILED, "the process of the module ended before its work was done");
}

ASH_STATUS ash_bench_child(ash_bench_work work, void *context, unsigned limit_s, json_t **ret_answer)
{
	ASH_BENCH_AUTO_JSON *reply = NULL;
	int ends[2], wait_status = 0;
	pid_t pid;

	if (pipe(ends) != 0)
		ASH_FAIL_WITH(ASH_E_IO, "%s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(ends[1], work, context, limit_s);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		ASH_FAIL_WITH(ASH_E_IO, "can't make a process");
	}
	if (ash_bench_interrupt_wait(ends[0]))
		reply = json_loadfd(ends[0], JSON_REJECT_DUPLICATES, NULL);
	else
		(void)kill(pid, SIGKILL);
	close(ends[0]);
	while (waitpid(pid, &wait_status, 0) == -1 && errno == EINTR)
		continue;
	if (ash_bench_interrupted())
		ASH_FAIL_WITH(ASH_E_FAILED, "interrupted");
	return read_reply(reply, wait_status, limit_s, ret_answer);
}
