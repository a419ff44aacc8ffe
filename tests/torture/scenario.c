#include "scenario.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe.h"
#include "report.h"

const struct scenario *scenario_named(const char *name)
{
	for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++) {
		if (strcmp(scenario->name, name) == 0)
			return scenario;
	}
	report_bail("no scenario %s", name);
}

struct scenario_page *scenario_page_new(void)
{
	void *page = mmap(NULL, sizeof(struct scenario_page), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		report_bail("mmap: %s", strerror(errno));
	return page;
}

void scenario_page_free(struct scenario_page *page)
{
	(void)munmap(page, sizeof(*page));
}

/* ---- the acting process ---- */

static void run_hook(void (*hook)(void *context), const struct scenario_hooks *hooks)
{
	if (hook != NULL)
		hook(hooks->context);
}

__attribute__((noreturn)) static void act_child(const struct scenario *scenario, const char *module,
						const struct home *home, const struct scenario_hooks *hooks,
						struct scenario_page *page)
{
	const unsigned steps = hooks->steps == 0 ? scenario->steps : hooks->steps;
	struct actor actor;
	CK_RV rv = CKR_OK;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)alarm(120); /* one that hangs is a finding, too */
	home_enter(home);
	run_hook(hooks->load, hooks);
	rv = actor_load(module, &actor);
	if (rv == CKR_OK && scenario->ready != NULL)
		rv = scenario->ready(&actor);
	atomic_store(&page->ready, rv + 1);
	if (rv != CKR_OK)
		_exit(3);
	run_hook(hooks->begin, hooks);
	for (unsigned step = 0; step < steps; step++) {
		atomic_store(&page->begun, step + 1);
		atomic_store(&page->answers[step], scenario->act(&actor, step));
		atomic_store(&page->ended, step + 1);
	}
	run_hook(hooks->end, hooks);
	if (hooks->after != NULL)
		hooks->after(hooks->context, &actor);
	if (hooks->finalize)
		(void)actor.p11.C_Finalize(NULL);
	_exit(0);
}

pid_t scenario_start(const struct scenario *scenario, const char *module, const struct home *home,
		     const struct scenario_hooks *hooks, struct scenario_page *page)
{
	pid_t child = -1;

	memset(page, 0, sizeof(*page));
	(void)fflush(stdout);
	child = fork();
	if (child < 0)
		report_bail("fork: %s", strerror(errno));
	if (child == 0)
		act_child(scenario, module, home, hooks, page);
	return child;
}

struct home scenario_prepare(const struct scenario *scenario, const char *module)
{
	struct home home = home_make();
	struct actor actor;
	int status = 0;
	CK_RV rv = CKR_OK;
	pid_t child = -1;

	if (scenario->prepare == NULL)
		return home;
	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		home_enter(&home);
		rv = actor_load(module, &actor);
		if (rv == CKR_OK)
			rv = scenario->prepare(&actor);
		if (rv == CKR_OK)
			rv = actor.p11.C_Finalize(NULL);
		if (rv != CKR_OK)
			(void)fprintf(stderr, "%s: the store can't be prepared: %s\n", scenario->name,
				      actor_rv_name(rv));
		_exit(rv == CKR_OK ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
		home_remove(&home);
		report_bail("%s: preparing ended with status %#x", scenario->name, (unsigned)status);
	}
	return home;
}

/* ---- what may be seen afterwards ---- */

struct reference {
	const struct scenario *scenario;
	struct known *known;
	char *states[SCENARIO_STEPS + 1]; /* masked */
};

/* The act, undisturbed, on a copy; what is seen then. NULL, having said why, if it can't be done. */
static char *run_steps(const struct scenario *scenario, const char *module, const struct home *before,
		       unsigned steps)
{
	struct home home = home_copy(before);
	const struct scenario_hooks hooks = { .steps = steps, .finalize = true };
	struct scenario_page *page = scenario_page_new();
	int status = 0;
	char *seen = NULL;
	pid_t child = -1;
	bool as_wanted = true;
	CK_RV rv = CKR_OK;

	if (steps > 0) {
		child = scenario_start(scenario, module, &home, &hooks, page);
		if (waitpid(child, &status, 0) != child || atomic_load(&page->ended) != steps)
			rv = atomic_load(&page->ready) > CKR_OK + 1 ? atomic_load(&page->ready) - 1
								    : CKR_GENERAL_ERROR;
	}
	for (unsigned step = 0; as_wanted && rv == CKR_OK && step < steps; step++) {
		as_wanted = atomic_load(&page->answers[step]) == scenario->want;
		if (!as_wanted)
			rv = atomic_load(&page->answers[step]);
	}
	if (rv == CKR_OK && as_wanted)
		seen = observe(module, &home);
	else
		printf("%s: left out, the module answers %s\n", scenario->name, actor_rv_name(rv));
	scenario_page_free(page);
	home_remove(&home);
	return seen;
}

struct reference *reference_new(const struct scenario *scenario, const char *module,
				const struct home *before)
{
	struct reference *reference = calloc(1, sizeof(*reference));

	if (reference == NULL)
		report_bail("out of memory");
	reference->scenario = scenario;
	reference->known = known_new();
	for (unsigned steps = 0; steps <= scenario->steps; steps++) {
		char *once = run_steps(scenario, module, before, steps);
		char *again = once != NULL ? run_steps(scenario, module, before, steps) : NULL;

		if (again == NULL) {
			free(once);
			return reference_free(reference);
		}
		known_add_common(reference->known, once, again);
		free(again);
		reference->states[steps] = once;
	}
	for (unsigned steps = 0; steps <= scenario->steps; steps++) {
		char *masked = known_mask(reference->known, reference->states[steps]);

		free(reference->states[steps]);
		reference->states[steps] = masked;
	}
	return reference;
}

struct reference *reference_free(struct reference *reference)
{
	for (unsigned i = 0; reference != NULL && i <= SCENARIO_STEPS; i++)
		free(reference->states[i]);
	if (reference != NULL)
		known_free(reference->known);
	free(reference);
	return NULL;
}

const char *reference_state(const struct reference *reference, unsigned step)
{
	return reference->states[step];
}

bool reference_only_tries(const struct reference *reference)
{
	return observe_only_tries(reference->states[0], reference->states[reference->scenario->steps]);
}

/* Whether it is that state, but for one try less of the PIN that the act asks for. */
static bool is_tried(const struct reference *reference, unsigned state, const char *masked)
{
	char *less = NULL;
	bool same = false;

	if (reference->scenario->tries == NULL)
		return false;
	less = observe_try_less(reference->states[state], reference->scenario->tries);
	same = less != NULL && strcmp(less, masked) == 0;
	free(less);
	return same;
}

bool reference_tried(const struct reference *reference, const char *observed, unsigned state)
{
	char *masked = known_mask(reference->known, observed);
	const bool tried = is_tried(reference, state, masked);

	free(masked);
	return tried;
}

struct verdict reference_judge(const struct reference *reference, const char *observed, unsigned begun,
			       unsigned ended)
{
	char *masked = known_mask(reference->known, observed);
	struct verdict verdict = { .state = ended };

	for (unsigned state = ended; state <= begun && !verdict.good; state++) {
		verdict.good = strcmp(reference->states[state], masked) == 0;
		if (verdict.good)
			verdict.state = state;
	}
	if (!verdict.good && begun > ended && is_tried(reference, ended, masked))
		verdict.good = verdict.tried = true;
	if (!verdict.good)
		verdict.why = observe_difference(reference->states[ended], masked);
	free(masked);
	return verdict;
}
