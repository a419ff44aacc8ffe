/*
 * PKCS#11 URIs (RFC 7512): read, and written. Pure functions; any thread.
 *
 * A URI is the values of its attributes, decoded. Reading is strict: what the RFC's
 * grammar does not have is refused, and so is what stands there twice. A `pin-value` is
 * refused always, as whatever stands in a URI is seen by others.
 *
 *     ASH_AUTO(ash_cli_uri) uri = ASH_CLI_URI_NONE;
 *
 *     ASH_TRY(ash_cli_uri_parse(text, &uri));
 *     label = ash_cli_uri_text(&uri, ASH_CLI_URI_OBJECT);
 */
#pragma once

#include "util/buf.h"

/* The attributes, in the order in which they are written. */
enum ash_cli_uri_attr {
	ASH_CLI_URI_LIBRARY_MANUFACTURER,
	ASH_CLI_URI_LIBRARY_DESCRIPTION,
	ASH_CLI_URI_LIBRARY_VERSION,
	ASH_CLI_URI_SLOT_MANUFACTURER,
	ASH_CLI_URI_SLOT_DESCRIPTION,
	ASH_CLI_URI_SLOT_ID,
	ASH_CLI_URI_MANUFACTURER,
	ASH_CLI_URI_MODEL,
	ASH_CLI_URI_TOKEN,
	ASH_CLI_URI_SERIAL,
	ASH_CLI_URI_OBJECT,
	ASH_CLI_URI_ID,
	ASH_CLI_URI_TYPE,
	/* from here on they stand behind the "?" */
	ASH_CLI_URI_PIN_SOURCE,
	ASH_CLI_URI_MODULE_NAME,
	ASH_CLI_URI_MODULE_PATH,
	ASH_CLI_URI_ATTRS
};

struct ash_cli_uri {
	struct ash_buf values[ASH_CLI_URI_ATTRS]; /* with a zero byte behind; empty: not there */
	char ignored[256]; /* the first attribute behind the "?" that nobody here knows; "" for none */
};

/* All zeroes, so that a struct that holds one needs no more than that either. */
#define ASH_CLI_URI_NONE ((struct ash_cli_uri){ .ignored = "" })

/* Whether the text means to be a PKCS#11 URI: it begins with "pkcs11:", in capitals or not. */
bool ash_cli_uri_is(const char *text);

/*
 * Reads one. `uri` was empty. ASH_E_FORMAT, with an explanation that says which attribute
 * is wrong and why, but no value; ASH_E_MEMORY.
 */
ASH_STATUS ash_cli_uri_parse(const char *text, struct ash_cli_uri *uri);

/* Appends it. The id is percent-encoded whole, the others where the RFC asks for it. */
ASH_STATUS ash_cli_uri_print(const struct ash_cli_uri *uri, struct ash_buf *out);

/*
 * Sets a value. One that no text can say (it has a zero byte, and is no id) is left out:
 * the rest still tells what is meant. ASH_E_MEMORY.
 */
ASH_STATUS ash_cli_uri_set(struct ash_cli_uri *uri, enum ash_cli_uri_attr attr, struct ash_span value);

/* False, or NULL, when it is not there. The value is lent. Only an id can have zero bytes inside. */
bool ash_cli_uri_get(const struct ash_cli_uri *uri, enum ash_cli_uri_attr attr, struct ash_span *ret_value);
const char *ash_cli_uri_text(const struct ash_cli_uri *uri, enum ash_cli_uri_attr attr);

/* What the attribute is called. */
const char *ash_cli_uri_name(enum ash_cli_uri_attr attr);

/* The class that a value of `type` means ("secret-key": CKO_SECRET_KEY); false when there is none. */
bool ash_cli_uri_class(const char *type, uint64_t *ret_class);

/* The other way round; NULL for classes that have no such word. */
const char *ash_cli_uri_type(uint64_t class);

/*
 * The file that `pin-source` names, lent: an absolute path or a file: URI of this machine.
 * ASH_E_FORMAT, explained: a command is never run.
 */
ASH_STATUS ash_cli_uri_pin_file(const char *pin_source, const char **ret_path);

void ash_cli_uri_done(struct ash_cli_uri *uri);

static inline void ash_cli_uri_auto(struct ash_cli_uri *uri)
{
	ash_cli_uri_done(uri);
}
