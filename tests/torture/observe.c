#include "observe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "report.h"
#include "use.h"

#define VALUE_MAX 8192
#define LONG      40 /* bytes; longer values are shown as a hash */

static const struct {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
} attribute_names[] = {
#include "cka_names.inc"
};

/* ---- values as words ---- */

static uint64_t hash(const unsigned char *data, size_t len)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ data[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static bool is_text(const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] <= ' ' || data[i] > '~' || data[i] == '\'' || data[i] == '=')
			return false;
	}
	return len > 1;
}

static void put_value(FILE *out, const char *name, const unsigned char *data, size_t len)
{
	(void)fprintf(out, " %s=", name);
	if (len > LONG) {
		(void)fprintf(out, "%zu:%016llx", len, (unsigned long long)hash(data, len));
	} else if (is_text(data, len)) {
		(void)fprintf(out, "'%.*s'", (int)len, (const char *)data);
	} else {
		(void)fputs("x", out);
		for (size_t i = 0; i < len; i++)
			(void)fprintf(out, "%02x", data[i]);
	}
}

static void put_padded(FILE *out, const char *name, const CK_UTF8CHAR *data, size_t len)
{
	while (len > 0 && (data[len - 1] == ' ' || data[len - 1] == '\0'))
		len--;
	put_value(out, name, data, len);
}

/* ---- the observing process ---- */

/* With `stop`, no further than to the first answer that is trouble: it is returned. */
static CK_RV put_attributes(FILE *out, struct actor *actor, CK_OBJECT_HANDLE object, bool stop)
{
	static CK_BYTE value[VALUE_MAX];

	for (size_t i = 0; i < COUNT(attribute_names); i++) {
		CK_ATTRIBUTE attribute = { attribute_names[i].type, value, sizeof(value) };
		CK_RV rv = actor->p11.C_GetAttributeValue(actor->session, object, &attribute, 1);

		if (rv == CKR_OK)
			put_value(out, attribute_names[i].name, value, attribute.ulValueLen);
		else if (rv != CKR_ATTRIBUTE_TYPE_INVALID)
			(void)fprintf(out, " %s=%s", attribute_names[i].name, actor_rv_name(rv));
		if (stop && actor_rv_is_trouble(rv))
			return rv;
	}
	return CKR_OK;
}

CK_ULONG observe_find(FILE *out, struct actor *actor, const char *token,
		      CK_OBJECT_HANDLE found[OBSERVE_OBJECTS])
{
	CK_ULONG count = 0;
	CK_RV rv = actor->p11.C_FindObjectsInit(actor->session, NULL, 0);

	if (rv == CKR_OK)
		rv = actor->p11.C_FindObjects(actor->session, found, OBSERVE_OBJECTS, &count);
	if (rv != CKR_OK)
		(void)fprintf(out, "search token=%s find=%s\n", token, actor_rv_name(rv));
	(void)actor->p11.C_FindObjectsFinal(actor->session);
	return count;
}

void observe_object(FILE *out, struct actor *actor, const char *token, CK_OBJECT_HANDLE object)
{
	(void)fprintf(out, "object token=%s", token);
	(void)put_attributes(out, actor, object, false);
	(void)use_object(out, actor, object);
	(void)fputc('\n', out);
}

static void put_objects(FILE *out, struct actor *actor, const char *token)
{
	CK_OBJECT_HANDLE found[OBSERVE_OBJECTS];
	const CK_ULONG count = observe_find(out, actor, token, found);

	for (CK_ULONG i = 0; i < count; i++)
		observe_object(out, actor, token, found[i]);
}

#define TRIES_FLAGS                                                                                     \
	(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED | CKF_SO_PIN_COUNT_LOW | \
	 CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED)

CK_RV observe_slot(FILE *out, struct actor *actor)
{
	CK_TOKEN_INFO info;
	const CK_RV rv = actor->p11.C_GetTokenInfo(actor->slot, &info);

	if (rv != CKR_OK)
		return rv;
	(void)fprintf(out, "token flags=%#lx", info.flags & ~(CK_FLAGS)TRIES_FLAGS);
	put_padded(out, "label", info.label, sizeof(info.label));
	put_padded(out, "serial", info.serialNumber, sizeof(info.serialNumber));
	(void)fputc('\n', out);
	return CKR_OK;
}

CK_RV observe_session(FILE *out, struct actor *actor)
{
	CK_OBJECT_HANDLE found[OBSERVE_OBJECTS];
	CK_ULONG count = 0;
	CK_RV rv = observe_slot(out, actor);

	if (rv == CKR_OK)
		rv = actor->p11.C_FindObjectsInit(actor->session, NULL, 0);
	if (rv == CKR_OK)
		rv = actor->p11.C_FindObjects(actor->session, found, OBSERVE_OBJECTS, &count);
	(void)actor->p11.C_FindObjectsFinal(actor->session);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		(void)fputs("object", out);
		rv = put_attributes(out, actor, found[i], true);
		if (rv == CKR_OK)
			rv = use_object(out, actor, found[i]);
		(void)fputc('\n', out);
	}
	return rv;
}

/* Says which of two PINs works; the session is logged in if one does. A locked PIN is not asked. */
static bool put_login(FILE *out, struct actor *actor, const char *token, CK_USER_TYPE user, bool locked)
{
	const bool so = user == CKU_SO;
	const enum actor_pin pins[] = { so ? SO_PIN_1 : USER_PIN_1, so ? SO_PIN_2 : USER_PIN_2 };
	CK_RV rv = CKR_PIN_LOCKED;

	(void)fprintf(out, "pin token=%s user=%s", token, so ? "so" : "user");
	for (size_t i = 0; !locked && i < COUNT(pins); i++) {
		rv = actor_login(actor, user, pins[i]);
		(void)fprintf(out, " login%zu=%s", i + 1, actor_rv_name(rv));
		if (rv != CKR_PIN_INCORRECT)
			break;
	}
	(void)fputc('\n', out);
	return rv == CKR_OK;
}

static const char *tries(CK_FLAGS flags, CK_FLAGS low, CK_FLAGS final, CK_FLAGS locked)
{
	if ((flags & locked) != 0)
		return "none";
	if ((flags & final) != 0)
		return "one";
	return (flags & low) != 0 ? "fewer" : "full";
}

static void put_token_info(FILE *out, const CK_TOKEN_INFO *info, const char *token)
{
	(void)fprintf(out, "token label=%s flags=%#lx", token, info->flags & ~(CK_FLAGS)TRIES_FLAGS);
	put_padded(out, "serial", info->serialNumber, sizeof(info->serialNumber));
	put_padded(out, "model", info->model, sizeof(info->model));
	(void)fprintf(out, " pin.max=%lu pin.min=%lu", info->ulMaxPinLen, info->ulMinPinLen);
	(void)fprintf(out, " so.tries=%s",
		      tries(info->flags, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED));
	(void)fprintf(
		out, " user.tries=%s\n",
		tries(info->flags, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED));
}

/* What anybody may see, then the officer's PIN, then the user's and all objects. */
static void put_token(FILE *out, struct actor *actor, const CK_TOKEN_INFO *info)
{
	char token[80] = "";
	FILE *name = fmemopen(token, sizeof(token), "w");
	CK_RV rv = CKR_OK;

	if (name == NULL)
		report_bail("fmemopen: %s", strerror(errno));
	put_padded(name, "x", info->label, sizeof(info->label));
	(void)fclose(name);
	memmove(token, token + 3, strlen(token + 3) + 1); /* the value alone */
	put_token_info(out, info, token);

	rv = actor->p11.C_OpenSession(actor->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				      &actor->session);
	if (rv != CKR_OK) {
		(void)fprintf(out, "session token=%s open=%s\n", token, actor_rv_name(rv));
		return;
	}
	if (put_login(out, actor, token, CKU_SO, (info->flags & CKF_SO_PIN_LOCKED) != 0))
		(void)actor->p11.C_Logout(actor->session);
	if ((info->flags & CKF_USER_PIN_INITIALIZED) != 0)
		(void)put_login(out, actor, token, CKU_USER, (info->flags & CKF_USER_PIN_LOCKED) != 0);
	put_objects(out, actor, token);
	(void)actor->p11.C_CloseSession(actor->session);
}

static void put_all(FILE *out, struct actor *actor)
{
	CK_SLOT_ID slots[32];
	CK_ULONG count = 0;
	CK_TOKEN_INFO info;
	CK_RV rv = actor->p11.C_GetSlotList(CK_FALSE, NULL, &count);

	count = COUNT(slots);
	if (rv == CKR_OK)
		rv = actor->p11.C_GetSlotList(CK_FALSE, slots, &count);
	if (rv != CKR_OK) {
		(void)fprintf(out, "slots list=%s\n", actor_rv_name(rv));
		return;
	}
	for (CK_ULONG i = 0; i < count; i++) {
		rv = actor->p11.C_GetTokenInfo(slots[i], &info);
		actor->slot = slots[i];
		if (rv != CKR_OK)
			(void)fprintf(out, "slot info=%s\n", actor_rv_name(rv));
		else if ((info.flags & CKF_TOKEN_INITIALIZED) != 0)
			put_token(out, actor, &info);
	}
}

__attribute__((noreturn)) static void observe_child(const char *module, const struct home *home, int to)
{
	FILE *out = fdopen(to, "w");
	struct actor actor;
	CK_RV rv = CKR_OK;

	(void)alarm(120); /* a store that hangs is a finding, too */
	home_enter(home);
	rv = actor_load(module, &actor);
	if (rv != CKR_OK)
		(void)fprintf(out, "library initialize=%s\n", actor_rv_name(rv));
	else
		put_all(out, &actor);
	(void)fflush(out);
	if (rv == CKR_OK)
		(void)actor.p11.C_Finalize(NULL);
	_exit(0);
}

/* ---- texts of lines and words ---- */

static int by_text(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Cuts the text at each of `separators`, in place. The pieces' places are to be freed. */
static char **split(char *text, const char *separators, size_t *ret_count)
{
	size_t room = 16;
	char **pieces = calloc(room, sizeof(*pieces));
	char *rest = NULL;

	*ret_count = 0;
	for (char *piece = strtok_r(text, separators, &rest); piece != NULL;
	     piece = strtok_r(NULL, separators, &rest)) {
		if (*ret_count == room)
			pieces = reallocarray(pieces, room *= 2, sizeof(*pieces));
		if (pieces == NULL)
			report_bail("out of memory");
		pieces[(*ret_count)++] = piece;
	}
	return pieces;
}

/* The same lines in the order of their letters. Takes the text over. */
static char *sort_lines(char *text)
{
	size_t count = 0;
	char *sorted = calloc(1, strlen(text) + 2);
	char **lines = split(text, "\n", &count);
	char *end = sorted;

	if (sorted == NULL)
		report_bail("out of memory");
	qsort(lines, count, sizeof(*lines), by_text);
	for (size_t i = 0; i < count; i++) {
		end = stpcpy(end, lines[i]);
		*end++ = '\n';
	}
	free(lines);
	free(text);
	return sorted;
}

static char *read_all(int from)
{
	FILE *in = fdopen(from, "r");
	char *text = NULL;
	size_t room = 0;

	if (in == NULL || getdelim(&text, &room, '\0', in) < 0) {
		free(text); /* whatever is in it */
		text = strdup("");
	}
	if (in != NULL)
		(void)fclose(in);
	return text;
}

char *observe(const char *module, const struct home *home)
{
	int ends[2];
	int status = 0;
	char *text = NULL;
	char *all = NULL;
	pid_t child = -1;

	(void)fflush(stdout);
	if (pipe(ends) != 0 || (child = fork()) < 0)
		report_bail("an observer can't be started: %s", strerror(errno));
	if (child == 0) {
		(void)close(ends[0]);
		observe_child(module, home, ends[1]);
	}
	(void)close(ends[1]);
	text = read_all(ends[0]);
	if (waitpid(child, &status, 0) != child)
		report_bail("waitpid: %s", strerror(errno));
	if (status == 0)
		return sort_lines(text);
	if (asprintf(&all, "%s\ndied %s=%d\n", text, WIFSIGNALED(status) ? "signal" : "exit",
		     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)) < 0)
		report_bail("out of memory");
	free(text);
	return sort_lines(all);
}

char *observe_only_objects(const char *text)
{
	char *sorted = sort_lines(strdup(text));
	char *kept = calloc(1, strlen(text) + 2);
	char *end = kept;
	const char *before = "";
	size_t count = 0;
	char **lines = split(sorted, "\n", &count);

	if (kept == NULL)
		report_bail("out of memory");
	for (size_t i = 0; i < count; i++) {
		if (strncmp(lines[i], "object ", 7) != 0 || strcmp(lines[i], before) == 0)
			continue;
		end = stpcpy(end, lines[i]);
		*end++ = '\n';
		before = lines[i];
	}
	free(lines);
	free(sorted);
	return kept;
}

/* ---- what is known ---- */

struct known {
	char **words; /* sorted */
	size_t count, room;
};

struct known *known_new(void)
{
	struct known *known = calloc(1, sizeof(*known));

	if (known == NULL)
		report_bail("out of memory");
	return known;
}

struct known *known_free(struct known *known)
{
	for (size_t i = 0; known != NULL && i < known->count; i++)
		free(known->words[i]);
	if (known != NULL)
		free(known->words);
	free(known);
	return NULL;
}

static bool knows(const struct known *known, const char *word)
{
	return known->count > 0 && bsearch(&word, known->words, known->count, sizeof(word), by_text) != NULL;
}

static void add_word(struct known *known, const char *word)
{
	size_t at = known->count;

	if (knows(known, word))
		return;
	if (known->count == known->room) {
		known->room = known->room == 0 ? 256 : known->room * 2;
		known->words = reallocarray(known->words, known->room, sizeof(*known->words));
		if (known->words == NULL)
			report_bail("out of memory");
	}
	while (at > 0 && strcmp(known->words[at - 1], word) > 0) {
		known->words[at] = known->words[at - 1];
		at--;
	}
	known->words[at] = strdup(word);
	known->count++;
}

void known_add(struct known *known, const char *text)
{
	char *copy = strdup(text);
	size_t count = 0;
	char **words = split(copy, " \n", &count);

	for (size_t i = 0; i < count; i++)
		add_word(known, words[i]);
	free(words);
	free(copy);
}

void known_add_common(struct known *known, const char *one, const char *other)
{
	struct known *first = known_new();
	struct known *second = known_new();

	known_add(first, one);
	known_add(second, other);
	for (size_t i = 0; i < first->count; i++) {
		if (knows(second, first->words[i]))
			add_word(known, first->words[i]);
	}
	known_free(first);
	known_free(second);
}

/* The bytes of a value as put_value() writes it; -1 if it is something else, a return code, say. */
static long value_len(const char *value)
{
	const size_t len = strlen(value);
	char *end = NULL;
	long bytes = 0;

	if (value[0] == 'x')
		return (long)(len - 1) / 2;
	if (value[0] == '\'')
		return (long)len - 2;
	bytes = strtol(value, &end, 10);
	return end != value && *end == ':' ? bytes : -1;
}

/* What is new each time has at least its length in common. */
static char *mask_word(const struct known *known, char *end, const char *word)
{
	const char *equals = strchr(word, '=');
	const long len = equals != NULL ? value_len(equals + 1) : -1;

	if (len < 0 || knows(known, word))
		return stpcpy(end, word);
	return end + sprintf(end, "%.*s?%ld", (int)(equals - word) + 1, word, len);
}

char *known_mask(const struct known *known, const char *text)
{
	char *copy = strdup(text);
	size_t count = 0;
	char **lines = split(copy, "\n", &count);
	char *masked = calloc(2, strlen(text) + 2); /* "?0" is longer than "x" */
	char *end = masked;

	if (masked == NULL)
		report_bail("out of memory");
	for (size_t i = 0; i < count; i++) {
		size_t words_count = 0;
		char **words = split(lines[i], " ", &words_count);

		for (size_t j = 0; j < words_count; j++) {
			end = mask_word(known, end, words[j]);
			*end++ = j + 1 < words_count ? ' ' : '\n';
		}
		free(words);
	}
	free(lines);
	free(copy);
	return sort_lines(masked);
}

/* ---- comparing ---- */

char *observe_try_less(const char *text, const char *who)
{
	static const char *const steps[] = { "full", "fewer", "one", "none" };
	char from[32];
	char *less = NULL;

	for (size_t i = 0; i + 1 < COUNT(steps); i++) {
		const char *at = NULL;

		(void)snprintf(from, sizeof(from), " %s.tries=%s", who, steps[i]);
		at = strstr(text, from);
		if (at == NULL)
			continue;
		if (asprintf(&less, "%.*s %s.tries=%s%s", (int)(at - text), text, who, steps[i + 1],
			     at + strlen(from)) < 0)
			report_bail("out of memory");
		return less;
	}
	return NULL;
}

/* The text without its words `….tries=…`; to be freed. */
static char *without_tries(const char *text)
{
	char *copy = strdup(text);
	char *word = NULL;

	if (copy == NULL)
		report_bail("out of memory");
	while ((word = strstr(copy, ".tries=")) != NULL) {
		const char *rest = word + strcspn(word, " \n");

		while (*word != ' ')
			word--;
		memmove(word, rest, strlen(rest) + 1);
	}
	return copy;
}

bool observe_only_tries(const char *one, const char *other)
{
	char *first = without_tries(one);
	char *second = without_tries(other);
	const bool same = strcmp(first, second) == 0;

	free(first);
	free(second);
	return same;
}

/* The first line of `text` that `other` lacks, counting each line as often as it comes; NULL if none. */
static char *lacking(const char *text, const char *other, char sign)
{
	char *ours = strdup(text);
	char *theirs = strdup(other);
	size_t ours_count = 0, theirs_count = 0, j = 0;
	char **our_lines = split(ours, "\n", &ours_count);
	char **their_lines = split(theirs, "\n", &theirs_count);
	char *line = NULL;

	for (size_t i = 0; i < ours_count && line == NULL; i++) {
		while (j < theirs_count && strcmp(their_lines[j], our_lines[i]) < 0)
			j++;
		if (j < theirs_count && strcmp(their_lines[j], our_lines[i]) == 0)
			j++;
		else if (asprintf(&line, "%c%s", sign, our_lines[i]) < 0)
			report_bail("out of memory");
	}
	free(our_lines);
	free(their_lines);
	free(ours);
	free(theirs);
	return line;
}

char *observe_difference(const char *wanted, const char *got)
{
	char *missing = lacking(wanted, got, '-');
	char *extra = lacking(got, wanted, '+');
	char *both = NULL;

	if (asprintf(&both, "%s%s%s", missing != NULL ? missing : "",
		     missing != NULL && extra != NULL ? "\n" : "", extra != NULL ? extra : "") < 0)
		report_bail("out of memory");
	free(missing);
	free(extra);
	return both;
}
