#include "onlooker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "observe.h"
#include "report.h"

/* As an observation has it. */
static const char token[] = "'torture'";

/* Whether there is nothing more to come, after waiting for it. */
static bool read_end(int from)
{
	char byte = 0;

	return read(from, &byte, 1) == 0;
}

static bool is_there(struct actor *actor, CK_OBJECT_HANDLE object)
{
	CK_OBJECT_CLASS class = 0;
	CK_ATTRIBUTE attribute = { CKA_CLASS, &class, sizeof(class) };

	return actor->p11.C_GetAttributeValue(actor->session, object, &attribute, 1) !=
	       CKR_OBJECT_HANDLE_INVALID;
}

/* First what it knows already and still is there: a search would ask the store, and so learn of changes. */
static void see(FILE *out, struct actor *actor, const CK_OBJECT_HANDLE *known, CK_ULONG known_count)
{
	CK_OBJECT_HANDLE found[OBSERVE_OBJECTS];
	CK_ULONG count = 0;

	for (CK_ULONG i = 0; i < known_count; i++) {
		if (is_there(actor, known[i]))
			observe_object(out, actor, token, known[i]);
	}
	count = observe_find(out, actor, token, found);
	for (CK_ULONG i = 0; i < count; i++)
		observe_object(out, actor, token, found[i]);
}

__attribute__((noreturn)) static void watch(const char *module, const struct home *home, int ask, int answer)
{
	FILE *nowhere = fopen("/dev/null", "we");
	FILE *out = fdopen(answer, "w");
	CK_OBJECT_HANDLE known[OBSERVE_OBJECTS];
	CK_ULONG count = 0;
	struct actor actor;
	char byte = 0;
	CK_RV rv = CKR_OK;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)alarm(120);
	home_enter(home);
	rv = actor_load(module, &actor);
	if (rv == CKR_OK)
		rv = actor_open(&actor, 0, CKU_USER, USER_PIN_1);
	if (rv != CKR_OK || nowhere == NULL || out == NULL)
		_exit(1);
	count = observe_find(nowhere, &actor, token, known);
	for (CK_ULONG i = 0; i < count; i++)
		observe_object(nowhere, &actor, token, known[i]);
	/* Here it is, and waits to be asked. */
	(void)fputc('.', out);
	(void)fflush(out);
	if (read(ask, &byte, 1) != 1)
		_exit(1);
	see(out, &actor, known, count);
	(void)fputc('\0', out);
	(void)fflush(out);
	(void)read_end(ask);
	_exit(0);
}

struct onlooker onlooker_begin(const char *module, const struct home *home)
{
	struct onlooker onlooker = { .pid = 0 };
	int ask[2], answer[2];

	(void)fflush(stdout);
	if (pipe2(ask, O_CLOEXEC) != 0 || pipe2(answer, O_CLOEXEC) != 0 || (onlooker.pid = fork()) < 0)
		report_bail("an onlooker can't be started: %s", strerror(errno));
	if (onlooker.pid == 0) {
		(void)close(ask[1]);
		(void)close(answer[0]);
		watch(module, home, ask[0], answer[1]);
	}
	(void)close(ask[0]);
	(void)close(answer[1]);
	onlooker.ask = ask[1];
	onlooker.answers = fdopen(answer[0], "r");
	if (onlooker.answers == NULL)
		report_bail("fdopen: %s", strerror(errno));
	if (fgetc(onlooker.answers) == EOF)
		onlooker_end(&onlooker);
	return onlooker;
}

char *onlooker_ask(struct onlooker *onlooker)
{
	char *text = NULL;
	char *objects = NULL;
	size_t room = 0;

	if (onlooker->pid == 0)
		return NULL;
	/* One that is gone is found to see nothing. */
	if (write(onlooker->ask, ".", 1) != 1 || getdelim(&text, &room, '\0', onlooker->answers) < 0) {
		free(text);
		text = strdup("");
	}
	objects = observe_only_objects(text);
	free(text);
	return objects;
}

void onlooker_end(struct onlooker *onlooker)
{
	if (onlooker->pid == 0)
		return;
	(void)close(onlooker->ask);
	(void)fclose(onlooker->answers);
	(void)kill(onlooker->pid, SIGKILL);
	(void)waitpid(onlooker->pid, NULL, 0);
	onlooker->pid = 0;
}
