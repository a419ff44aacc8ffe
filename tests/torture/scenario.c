#include "scenario.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe.h"

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

CK_RV scenario_look(const struct scenario *scenario, struct actor *actor, char ret_text[SCENARIO_TEXT])
{
	FILE *out = fmemopen(ret_text, SCENARIO_TEXT, "w");
	CK_RV rv = CKR_OK;

	if (out == NULL)
		return CKR_HOST_MEMORY;
	rv = scenario->look(actor, out);
	if (ferror(out) || fclose(out) != 0)
		report_bail("%s: more is seen than there is room for", scenario->name);
	return rv;
}

void scenario_acted(struct actor *actor, char ret_text[SCENARIO_TEXT])
{
	if (snprintf(ret_text, SCENARIO_TEXT, "%s", actor->seen != NULL ? actor->seen : "") >= SCENARIO_TEXT)
		report_bail("more is seen than there is room for");
	free(actor->seen);
	actor->seen = NULL;
}

/* The module's sister lies beside this program. */
static const char *choose_module(const struct scenario *scenario, const char *module)
{
	static char path[PATH_MAX];
	ssize_t len = 0;

	if (scenario->sister == NULL)
		return module;
	len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len <= 0 || (size_t)len + strlen(scenario->sister) >= sizeof(path))
		report_bail("can't tell where %s is", scenario->sister);
	(void)strcpy(path + len, scenario->sister);
	return path;
}

/* The module loaded, and what the scenario wants. */
static CK_RV get_ready(const struct scenario *scenario, const char *module, struct actor *actor)
{
	CK_RV rv = CKR_OK;

	module = choose_module(scenario, module);
	rv = scenario->opens ? actor_link(module, actor) : actor_load(module, actor);
	if (rv == CKR_OK && scenario->ready != NULL)
		rv = scenario->ready(actor);
	return rv;
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
	rv = get_ready(scenario, module, &actor);
	if (rv == CKR_OK && hooks->look)
		rv = scenario_look(scenario, &actor, page->sights[SIGHT_BEFORE]);
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
	if (hooks->look) {
		scenario_acted(&actor, page->sights[SIGHT_ACTED]);
		rv = scenario_look(scenario, &actor, page->sights[SIGHT_AFTER]);
	}
	if (rv != CKR_OK)
		_exit(4);
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

	memset(page, 0, offsetof(struct scenario_page, sights));
	for (size_t i = 0; i < SIGHTS; i++)
		page->sights[i][0] = '\0';
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
	char *sights[SIGHTS];             /* masked */
};

/* What keeps an undisturbed act from being a reference: to be freed, NULL if nothing does. */
static char *act_fails(const struct scenario *scenario, const struct scenario_page *page, unsigned steps,
		       int status)
{
	const CK_ULONG ready = atomic_load(&page->ready);
	char *why = NULL;
	int len = 0;

	if (ready > CKR_OK + 1)
		len = asprintf(&why, "%s: getting ready answers %s", scenario->name,
			       actor_rv_name(ready - 1));
	else if (status != 0)
		len = asprintf(&why, "%s: undisturbed, the process ends with status %#x", scenario->name,
			       (unsigned)status);
	for (unsigned step = 0; why == NULL && step < steps; step++) {
		const CK_RV rv = atomic_load(&page->answers[step]);

		if (rv != scenario->want)
			len = asprintf(&why, "%s: undisturbed, step %u answers %s", scenario->name, step + 1,
				       actor_rv_name(rv));
	}
	if (len < 0)
		report_bail("out of memory");
	return why;
}

/* The same for what is seen then: nothing can be compared with a store that is not read whole. */
static char *sight_fails(const struct scenario *scenario, const char *seen)
{
	static const char *const failures[] = {
		"died ",      "library initialize=", "slots list=",
		"slot info=", "session token=",      "search token=",
	};
	char *why = NULL;

	for (size_t i = 0; i < COUNT(failures); i++) {
		const char *line = strstr(seen, failures[i]);

		if (line == NULL || (line != seen && line[-1] != '\n'))
			continue;
		if (asprintf(&why, "%s: undisturbed, the observer says: %.*s", scenario->name,
			     (int)strcspn(line, "\n"), line) < 0)
			report_bail("out of memory");
		break;
	}
	return why;
}

/* The act, undisturbed, on a copy; what is seen then. NULL, having reported it, if it can't be done. */
static char *run_steps(const struct scenario *scenario, struct report *report, const struct home *before,
		       unsigned steps, struct scenario_page *page)
{
	struct home home = home_copy(before);
	const struct scenario_hooks hooks = { .steps = steps, .finalize = true, .look = true };
	char repeat[64];
	int status = 0;
	char *seen = NULL;
	char *why = NULL;

	if (steps > 0) {
		const pid_t child = scenario_start(scenario, report->module, &home, &hooks, page);

		if (waitpid(child, &status, 0) != child)
			report_bail("waitpid: %s", strerror(errno));
		why = act_fails(scenario, page, steps, status);
	}
	if (why == NULL) {
		seen = observe(report->module, &home);
		why = sight_fails(scenario, seen);
	}
	if (why != NULL) {
		(void)snprintf(repeat, sizeof(repeat), "--scenario %s", scenario->name);
		report_left_out(report, repeat, why);
		free(seen);
		seen = NULL;
	}
	free(why);
	home_remove(&home);
	return seen;
}

/* Twice: what both have in common has to come out the same ever after. False, having reported it, if it can't be done. */
static bool run_twice(struct reference *reference, struct report *report, const struct home *before,
		      unsigned steps, struct scenario_page *pages[2])
{
	const struct scenario *scenario = reference->scenario;
	char *seen[2] = { run_steps(scenario, report, before, steps, pages[0]), NULL };

	seen[1] = seen[0] != NULL ? run_steps(scenario, report, before, steps, pages[1]) : NULL;
	reference->states[steps] = seen[0];
	if (seen[1] == NULL)
		return false;
	known_add_common(reference->known, seen[0], seen[1]);
	free(seen[1]);
	for (size_t i = 0; i < SIGHTS; i++)
		known_add_common(reference->known, pages[0]->sights[i], pages[1]->sights[i]);
	return true;
}

/* Now that all is known that comes out the same. */
static void mask(struct reference *reference, const struct scenario_page *page)
{
	for (unsigned steps = 0; steps <= reference->scenario->steps; steps++) {
		char *masked = known_mask(reference->known, reference->states[steps]);

		free(reference->states[steps]);
		reference->states[steps] = masked;
	}
	for (size_t i = 0; i < SIGHTS; i++)
		reference->sights[i] = known_mask(reference->known, page->sights[i]);
}

/* Whether each step of ours is seen. Other modules may count no PIN tries. */
static bool shows_steps(const struct reference *reference, struct report *report)
{
	const struct scenario *scenario = reference->scenario;
	char why[128], repeat[64];

	for (unsigned step = 0; report->ours && !scenario->opens && step < scenario->steps; step++) {
		if (strcmp(reference->states[step], reference->states[step + 1]) != 0)
			continue;
		(void)snprintf(why, sizeof(why), "%s: undisturbed, step %u changes nothing", scenario->name,
			       step + 1);
		(void)snprintf(repeat, sizeof(repeat), "--scenario %s", scenario->name);
		report_left_out(report, repeat, why);
		return false;
	}
	return true;
}

struct reference *reference_new(const struct scenario *scenario, struct report *report,
				const struct home *before)
{
	struct reference *reference = calloc(1, sizeof(*reference));
	struct scenario_page *pages[2] = { scenario_page_new(), scenario_page_new() };
	bool works = true;

	if (reference == NULL)
		report_bail("out of memory");
	if (scenario->sister != NULL && !report->ours) {
		report_left_out(report, "", "import-keys: no function of PKCS#11");
		works = false;
	}
	reference->scenario = scenario;
	reference->known = known_new();
	for (unsigned steps = 0; works && steps <= scenario->steps; steps++)
		works = run_twice(reference, report, before, steps, pages);
	if (works)
		mask(reference, pages[0]);
	scenario_page_free(pages[0]);
	scenario_page_free(pages[1]);
	return works && shows_steps(reference, report) ? reference : reference_free(reference);
}

struct reference *reference_free(struct reference *reference)
{
	for (unsigned i = 0; reference != NULL && i <= SCENARIO_STEPS; i++)
		free(reference->states[i]);
	for (size_t i = 0; reference != NULL && i < SIGHTS; i++)
		free(reference->sights[i]);
	if (reference != NULL)
		known_free(reference->known);
	free(reference);
	return NULL;
}

char *reference_sight(const struct reference *reference, enum scenario_sight sight, const char *seen)
{
	char *masked = known_mask(reference->known, seen);
	char *difference = observe_difference(reference->sights[sight], masked);

	free(masked);
	if (difference[0] != '\0')
		return difference;
	free(difference);
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
