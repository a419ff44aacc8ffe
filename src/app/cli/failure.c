/* Telling the operator what failed, why, and what to try; and the exit code that says so to scripts. */
#include "app/cli/cli.h"

#include <stdarg.h>
#include <string.h>

#include "util/config.h"

/*
 * One line on `err`. What came from strangers was escaped before it got here; control
 * characters are dropped all the same, as explanations name paths.
 */
static void tell(struct ash_cli *cli, const char *prefix, const char *text)
{
	fputs(prefix, cli->err);
	for (const char *at = text; *at != '\0'; at++)
		fputc((unsigned char)*at < 0x20 || *at == 0x7f ? '?' : *at, cli->err);
	fputc('\n', cli->err);
}

#define TELL_MAX 1024

#define TELL(cli, prefix, format)                            \
	do {                                                 \
		char told[TELL_MAX];                         \
		va_list args;                                \
                                                             \
		va_start(args, format);                      \
		vsnprintf(told, sizeof(told), format, args); \
		va_end(args);                                \
		tell((cli), (prefix), told);                 \
	} while (0)

/* Not an older failure's: a status can also be put together without a new one. */
static const char *explanation(struct ash_status status)
{
	const char *text = ash_status_origin().code == status.code ? ash_status_explanation() : "";

	return text[0] == '\0' && status.code == ASH_E_CONFIG ? ash_config_error() : text;
}

/* What to try; the explanation of the failure says more where it can. */
static const char *advice(enum ash_code code)
{
	if (code == ASH_E_PIN_NOT_INITIALIZED)
		return "the security officer has to set a user PIN first: ashlar pin reset";
	if (code == ASH_E_BUG)
		return "please report this, with the line above";
	if (code == ASH_E_SESSION_EXISTS)
		return "end the programs that use the token first";
	if (code == ASH_E_MECHANISM)
		return "see what the token can do: ashlar mechanisms";
	return NULL;
}

/* Words for the store's records: where a file is meant, its own reason says all there is to say. */
static bool says_little(enum ash_code code)
{
	return code == ASH_E_IO || code == ASH_E_NOT_FOUND || code == ASH_E_EXISTS;
}

ASH_STATUS ash_cli_fail(struct ash_cli *cli, struct ash_status status, const char *format, ...)
{
	struct ash_origin origin = ash_status_origin();
	char what[TELL_MAX], line[TELL_MAX + 256];
	const char *why = explanation(status);
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (status.code == ASH_E_BUG && origin.file != NULL)
		snprintf(line, sizeof(line), "%s: %s (%s:%d)", what, ash_code_text(status.code), origin.file,
			 origin.line);
	else if (why[0] != '\0' && says_little(status.code))
		snprintf(line, sizeof(line), "%s: %s", what, why);
	else
		snprintf(line, sizeof(line), "%s: %s", what, ash_code_text(status.code));
	tell(cli, "ashlar: ", line);
	if (why[0] != '\0' && !says_little(status.code))
		tell(cli, "  ", why);
	if (advice(status.code) != NULL)
		tell(cli, "  ", advice(status.code));
	if (cli->exit == ASH_CLI_DONE)
		cli->exit = ash_cli_exit_code(status.code);
	return status;
}

ASH_STATUS ash_cli_refuse(struct ash_cli *cli, enum ash_cli_exit code, const char *format, ...)
{
	TELL(cli, "ashlar: ", format);
	if (cli->exit == ASH_CLI_DONE)
		cli->exit = code;
	if (code == ASH_CLI_USAGE && cli->command != NULL)
		ash_cli_hint(cli, "see: ashlar %s --help", cli->command->name);
	ASH_FAIL(code == ASH_CLI_NOT_FOUND ? ASH_E_NOT_FOUND : ASH_E_ARGUMENT);
}

void ash_cli_hint(struct ash_cli *cli, const char *format, ...)
{
	TELL(cli, "  ", format);
}

void ash_cli_warn(struct ash_cli *cli, const char *format, ...)
{
	TELL(cli, "ashlar: warning: ", format);
}

/* A table in the form that stops the build until every new code has its answer. */
enum ash_cli_exit ash_cli_exit_code(enum ash_code code)
{
	switch (code) {
	case ASH_OK: return ASH_CLI_DONE;

	case ASH_E_PIN_INCORRECT:
	case ASH_E_PIN_INVALID:
	case ASH_E_PIN_LEN:
	case ASH_E_PIN_LOCKED:
	case ASH_E_PIN_NOT_INITIALIZED:
	case ASH_E_NOT_LOGGED_IN: return ASH_CLI_PIN;

	case ASH_E_NOT_FOUND:
	case ASH_E_SLOT_ID:
	case ASH_E_TOKEN_NOT_PRESENT:
	case ASH_E_OBJECT_HANDLE:
	case ASH_E_KEY_HANDLE:
	case ASH_E_WRAPPING_KEY_HANDLE:
	case ASH_E_UNWRAPPING_KEY_HANDLE: return ASH_CLI_NOT_FOUND;

	case ASH_E_CONFIG:
	case ASH_E_FORMAT:
	case ASH_E_CORRUPT:
	case ASH_E_IO:
	case ASH_E_FULL:
	case ASH_E_ACCESS:
	case ASH_E_VERSION:
	case ASH_E_TOKEN_NOT_RECOGNIZED:
	case ASH_E_TOKEN_NOT_INITIALIZED:
	case ASH_E_TOKEN_WRITE_PROTECTED: return ASH_CLI_STORAGE;

	case ASH_E_ARGUMENT:
	case ASH_E_MEMORY:
	case ASH_E_BUG:
	case ASH_E_FAILED:
	case ASH_E_UNSUPPORTED:
	case ASH_E_BUFFER_TOO_SMALL:
	case ASH_E_LIMIT:
	case ASH_E_NOT_INITIALIZED:
	case ASH_E_ALREADY_INITIALIZED:
	case ASH_E_CANT_LOCK:
	case ASH_E_NO_EVENT:
	case ASH_E_EXISTS:
	case ASH_E_CONFLICT:
	case ASH_E_DEVICE_REMOVED:
	case ASH_E_SESSION_HANDLE:
	case ASH_E_SESSION_COUNT:
	case ASH_E_SESSION_EXISTS:
	case ASH_E_SESSION_READ_ONLY:
	case ASH_E_SESSION_READ_ONLY_EXISTS:
	case ASH_E_SESSION_SO_EXISTS:
	case ASH_E_SESSION_PARALLEL:
	case ASH_E_LOGGED_IN:
	case ASH_E_LOGGED_IN_ANOTHER:
	case ASH_E_USER_TYPE:
	case ASH_E_ATTRIBUTE_TYPE:
	case ASH_E_ATTRIBUTE_VALUE:
	case ASH_E_ATTRIBUTE_READ_ONLY:
	case ASH_E_ATTRIBUTE_SENSITIVE:
	case ASH_E_TEMPLATE_INCOMPLETE:
	case ASH_E_TEMPLATE_INCONSISTENT:
	case ASH_E_ACTION_PROHIBITED:
	case ASH_E_PARAMETER_SET:
	case ASH_E_CURVE:
	case ASH_E_DOMAIN_PARAMS:
	case ASH_E_KEY_TYPE:
	case ASH_E_KEY_SIZE:
	case ASH_E_KEY_USAGE:
	case ASH_E_KEY_INVALID:
	case ASH_E_KEY_INDIGESTIBLE:
	case ASH_E_KEY_UNEXTRACTABLE:
	case ASH_E_KEY_NOT_WRAPPABLE:
	case ASH_E_WRAPPING_KEY_TYPE:
	case ASH_E_WRAPPING_KEY_SIZE:
	case ASH_E_UNWRAPPING_KEY_TYPE:
	case ASH_E_UNWRAPPING_KEY_SIZE:
	case ASH_E_WRAPPED_KEY:
	case ASH_E_WRAPPED_KEY_LEN:
	case ASH_E_STATE_UNSAVEABLE:
	case ASH_E_KEY_NOT_NEEDED:
	case ASH_E_SAVED_STATE:
	case ASH_E_MECHANISM:
	case ASH_E_MECHANISM_PARAM:
	case ASH_E_OPERATION_ACTIVE:
	case ASH_E_OPERATION_NONE:
	case ASH_E_DATA:
	case ASH_E_DATA_LEN:
	case ASH_E_ENCRYPTED_DATA:
	case ASH_E_ENCRYPTED_DATA_LEN:
	case ASH_E_AUTHENTICATION:
	case ASH_E_SIGNATURE:
	case ASH_E_SIGNATURE_LEN:
	case ASH_E_RANDOM_SEED: return ASH_CLI_FAILED;

	case ASH_CODES: break;
	}
	return ASH_CLI_FAILED;
}
