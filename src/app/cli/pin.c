#include "app/cli/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli/print/text.h"
#include "app/cli/print/tty.h"

#define PIN_MAX     255  /* bytes; what is longer is refused before anybody counts a try */
#define SECRET_MAX  1023 /* of other secrets */
#define MISMATCHES  3    /* how often two new PINs may differ at the prompt */
#define PROMPT_ROOM 320

/* Whose PIN: its name for people, and the options of its sources. */
struct owner {
	const char *name;
	const char *kind;   /* "PIN" */
	const char *option; /* what the option names begin with */
	enum ash_cli_opt file, fd, env;
	size_t max; /* bytes */
};

static const struct owner owner_user = {
	"user PIN", "PIN", "pin", ASH_CLI_OPT_PIN_FILE, ASH_CLI_OPT_PIN_FD, ASH_CLI_OPT_PIN_ENV, PIN_MAX
};
static const struct owner owner_so = {
	"SO PIN", "PIN", "so-pin", ASH_CLI_OPT_SO_PIN_FILE, ASH_CLI_OPT_SO_PIN_FD, ASH_CLI_OPT_SO_PIN_ENV,
	PIN_MAX
};
static const struct owner others[] = {
	[ASH_CLI_PASSPHRASE] = { "passphrase", "passphrase", "passphrase", ASH_CLI_OPT_PASSPHRASE_FILE,
				 ASH_CLI_OPT_PASSPHRASE_FD, ASH_CLI_OPT_PASSPHRASE_ENV, SECRET_MAX },
	[ASH_CLI_FROM_PIN] = { "other token's PIN", "PIN", "from-pin", ASH_CLI_OPT_FROM_PIN_FILE,
			       ASH_CLI_OPT_FROM_PIN_FD, ASH_CLI_OPT_FROM_PIN_ENV, SECRET_MAX },
};

/* Whoever's it is to be. */
static const struct owner owner_new_user = { "user PIN",
					     "PIN",
					     "new-pin",
					     ASH_CLI_OPT_NEW_PIN_FILE,
					     ASH_CLI_OPT_NEW_PIN_FD,
					     ASH_CLI_OPT_NEW_PIN_ENV,
					     PIN_MAX };
static const struct owner owner_new_so = {
	"SO PIN", "PIN", "new-pin", ASH_CLI_OPT_NEW_PIN_FILE, ASH_CLI_OPT_NEW_PIN_FD, ASH_CLI_OPT_NEW_PIN_ENV,
	PIN_MAX
};

static const struct owner *owner_of(uint64_t user)
{
	return user == CKU_SO ? &owner_so : &owner_user;
}

static ASH_STATUS tell_unread(struct ash_cli *cli, const struct owner *owner, struct ash_status status,
			      const char *where)
{
	switch ((unsigned)status.code) {
	case ASH_E_NOT_FOUND:
		return ash_cli_refuse(cli, ASH_CLI_PIN, "can't read the %s: there is nothing in %s",
				      owner->name, where);
	case ASH_E_PIN_LEN:
		return ash_cli_refuse(cli, ASH_CLI_PIN,
				      "can't read the %s: the line in %s is longer than %zu bytes",
				      owner->name, where, owner->max);
	case ASH_E_IO:
		return ash_cli_refuse(cli, ASH_CLI_PIN, "can't read the %s from %s: %s", owner->name, where,
				      strerror(errno));
	default: return ash_cli_fail(cli, status, "can't read the %s", owner->name);
	}
}

/* The next line of a descriptor, exactly as long as it is. */
static ASH_STATUS secret_line(const struct owner *owner, int fd, struct ash_secret **ret_pin)
{
	ASH_AUTO(ash_secret) *room = NULL;
	size_t len = 0;

	ASH_TRY(ash_secret_new(owner->max, &room));
	ASH_TRY(ash_cli_line_read(fd, NULL, ash_secret_edit(room), &len));
	ASH_ENSURE(len > 0, ASH_E_NOT_FOUND);
	return ash_secret_copy(ash_span(ash_secret_peek(room).data, len), ret_pin);
}

static void warn_of_modes(struct ash_cli *cli, const struct owner *owner, int fd, const char *name)
{
	struct stat info;

	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 044) != 0)
		ash_cli_warn(cli, "the %s file %s can be read by others (mode %04o); chmod 600 helps",
			     owner->kind, name, info.st_mode & 07777u);
}

static void fd_auto(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static ASH_STATUS from_file(struct ash_cli *cli, const struct owner *owner, struct ash_secret **ret_pin)
{
	const char *path = cli->values[owner->file];
	struct ash_cli_escaped name = ash_cli_escaped(ash_span_text(path));
	__attribute__((cleanup(fd_auto))) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct ash_status status;

	if (fd < 0)
		return ash_cli_refuse(cli, ASH_CLI_PIN, "can't open the %s file %s: %s", owner->kind,
				      name.text, strerror(errno));
	warn_of_modes(cli, owner, fd, name.text);
	status = secret_line(owner, fd, ret_pin);
	return ash_is_ok(status) ? status : tell_unread(cli, owner, status, name.text);
}

static ASH_STATUS from_fd(struct ash_cli *cli, const struct owner *owner, struct ash_secret **ret_pin)
{
	unsigned long long number = 0;
	char name[24], where[48];
	struct ash_status status;

	snprintf(name, sizeof(name), "%s-fd", owner->option);
	ASH_TRY(ash_cli_options_number(cli, owner->fd, name, INT_MAX, &number));
	snprintf(where, sizeof(where), "descriptor %llu", number);
	status = secret_line(owner, (int)number, ret_pin);
	return ash_is_ok(status) ? status : tell_unread(cli, owner, status, where);
}

/* The variable is wiped and dropped: whoever reads our environment later does not find it. */
static ASH_STATUS from_env(struct ash_cli *cli, const struct owner *owner, struct ash_secret **ret_pin)
{
	const char *variable = cli->values[owner->env];
	struct ash_cli_escaped name = ash_cli_escaped(ash_span_text(variable));
	char *value = secure_getenv(variable);
	size_t len = value != NULL ? strlen(value) : 0;
	struct ash_status status;

	if (len == 0)
		return ash_cli_refuse(cli, ASH_CLI_PIN,
				      "can't read the %s: the environment has no %s, or it is empty",
				      owner->name, name.text);
	status = len > owner->max ? ash_status_fail(ASH_E_PIN_LEN, __FILE__, __LINE__)
				  : ash_secret_copy(ash_span(value, len), ret_pin);
	ash_wipe(value, len);
	unsetenv(variable);
	return ash_is_ok(status) ? status : tell_unread(cli, owner, status, name.text);
}

static ASH_STATUS from_prompt(struct ash_cli *cli, const struct owner *owner, const char *prompt,
			      struct ash_secret **ret_pin)
{
	ASH_AUTO(ash_secret) *room = NULL;
	struct ash_status status;
	size_t len = 0;

	ASH_TRY(ash_secret_new(owner->max, &room));
	status = ash_cli_tty_ask(prompt, ash_secret_edit(room), &len);
	if (status.code == ASH_E_NO_EVENT) {
		status = ash_cli_refuse(cli, ASH_CLI_PIN, "can't ask for the %s: there is no terminal",
					owner->name);
		ash_cli_hint(cli, "give it with --%s-file FILE, --%s-fd N or --%s-env VAR", owner->option,
			     owner->option, owner->option);
		return status;
	}
	if (!ash_is_ok(status))
		return tell_unread(cli, owner, status, "the answer");
	if (len == 0)
		return ash_cli_refuse(cli, ASH_CLI_PIN, "no %s was given", owner->name);
	return ash_secret_copy(ash_span(ash_secret_peek(room).data, len), ret_pin);
}

static int sources(const struct ash_cli *cli, const struct owner *owner)
{
	return ash_cli_has(cli, owner->file) + ash_cli_has(cli, owner->fd) + ash_cli_has(cli, owner->env);
}

static ASH_STATUS from_source(struct ash_cli *cli, const struct owner *owner, struct ash_secret **ret_pin)
{
	if (sources(cli, owner) > 1)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "the %s can come from one place only: a file, a descriptor "
				      "or the environment",
				      owner->name);
	if (ash_cli_has(cli, owner->file))
		return from_file(cli, owner, ret_pin);
	if (ash_cli_has(cli, owner->fd))
		return from_fd(cli, owner, ret_pin);
	return from_env(cli, owner, ret_pin);
}

ASH_STATUS ash_cli_pin_get(struct ash_cli *cli, uint64_t user, struct ash_span token,
			   struct ash_secret **ret_pin)
{
	const struct owner *owner = owner_of(user);
	char prompt[PROMPT_ROOM];

	if (sources(cli, owner) > 0)
		return from_source(cli, owner, ret_pin);
	snprintf(prompt, sizeof(prompt), "%s of token \"%s\": ", owner == &owner_so ? "SO PIN" : "User PIN",
		 ash_cli_escaped(token).text);
	return from_prompt(cli, owner, prompt, ret_pin);
}

bool ash_cli_pin_given(const struct ash_cli *cli, uint64_t user)
{
	return sources(cli, owner_of(user)) > 0;
}

bool ash_cli_secret_given(const struct ash_cli *cli, enum ash_cli_secret which)
{
	return sources(cli, &others[which]) > 0;
}

ASH_STATUS ash_cli_secret_get(struct ash_cli *cli, enum ash_cli_secret which, const char *prompt,
			      struct ash_secret **ret_secret)
{
	const struct owner *owner = &others[which];

	return sources(cli, owner) > 0 ? from_source(cli, owner, ret_secret)
				       : from_prompt(cli, owner, prompt, ret_secret);
}

/* Asks until both answers are the same. */
static ASH_STATUS choose_at_prompt(struct ash_cli *cli, const struct owner *owner, const char *label,
				   struct ash_secret **ret_pin)
{
	char first_prompt[PROMPT_ROOM], second_prompt[PROMPT_ROOM];

	snprintf(first_prompt, sizeof(first_prompt), "New %s of token \"%s\": ", owner->name, label);
	snprintf(second_prompt, sizeof(second_prompt), "The same again: ");
	for (int i = 0; i < MISMATCHES; i++) {
		ASH_AUTO(ash_secret) *first = NULL;
		ASH_AUTO(ash_secret) *second = NULL;

		ASH_TRY(from_prompt(cli, owner, first_prompt, &first));
		ASH_TRY(from_prompt(cli, owner, second_prompt, &second));
		if (ash_span_equal_ct(ash_secret_peek(first), ash_secret_peek(second))) {
			*ret_pin = ASH_TAKE(first);
			return ASH_DONE;
		}
		if (i + 1 < MISMATCHES)
			ash_cli_warn(cli, "these were two different PINs; please try again");
	}
	return ash_cli_refuse(cli, ASH_CLI_PIN, "can't set the %s: the two PINs were different", owner->name);
}

static ASH_STATUS choose(struct ash_cli *cli, const struct owner *owner, struct ash_span token, uint64_t min,
			 uint64_t max, struct ash_secret **ret_pin)
{
	ASH_AUTO(ash_secret) *pin = NULL;

	if (sources(cli, owner) > 0)
		ASH_TRY(from_source(cli, owner, &pin));
	else
		ASH_TRY(choose_at_prompt(cli, owner, ash_cli_escaped(token).text, &pin));
	if (ash_secret_len(pin) < min || ash_secret_len(pin) > max)
		return ash_cli_refuse(cli, ASH_CLI_PIN, "can't set the %s: it must have %llu to %llu bytes",
				      owner->name, (unsigned long long)min, (unsigned long long)max);
	*ret_pin = ASH_TAKE(pin);
	return ASH_DONE;
}

ASH_STATUS ash_cli_pin_choose(struct ash_cli *cli, uint64_t user, struct ash_span token, uint64_t min,
			      uint64_t max, struct ash_secret **ret_pin)
{
	return choose(cli, owner_of(user), token, min, max, ret_pin);
}

ASH_STATUS ash_cli_pin_choose_new(struct ash_cli *cli, uint64_t user, struct ash_span token, uint64_t min,
				  uint64_t max, struct ash_secret **ret_pin)
{
	return choose(cli, user == CKU_SO ? &owner_new_so : &owner_new_user, token, min, max, ret_pin);
}
