/*
 * Objects and tokens that the command line names by a URI, or a key by a short text.
 *
 * A URI stands for options: `pkcs11:token=ca;object=web;type=private` for `--token ca
 * --label web --class private`. It is read before the command runs, and what it says lies
 * in cli->values then, as if it had been given that way. What no option says (the model,
 * say) is asked for when the token is chosen (select.h).
 */
#pragma once

#include "app/cli/find/select.h"
#include "app/cli/find/template.h"
#include "app/cli/print/output.h"

/*
 * Reads --uri, if it is given, into cli->uri and the options that it stands for. A command
 * that does not pick objects (`takes_object`) is given no object. A refusal is told.
 */
ASH_STATUS ash_cli_named_read(struct ash_cli *cli);
void ash_cli_named_forget(struct ash_cli *cli);

/* The class that --class asks for; false when it asks for none. A word that is none is told. */
ASH_STATUS ash_cli_named_class(struct ash_cli *cli, bool *ret_given, uint64_t *ret_class);

/*
 * --unique-id: for objects that nothing else tells apart, of one label and id. In a table of
 * options; and what it asks for, appended to a template.
 */
#define ASH_CLI_UNIQUE_ID_OPTION                                                                             \
	{                                                                                                    \
		.id = ASH_CLI_OPT_UNIQUE_ID, .name = "unique-id", .value = "TEXT",                           \
		.text = "the one that the token calls so (CKA_UNIQUE_ID): where label and id are not enough" \
	}
ASH_STATUS ash_cli_named_unique(const struct ash_cli *cli, struct ash_cli_template *want);

/* Whether the options say which object: by label, id or unique id. */
bool ash_cli_named_some(const struct ash_cli *cli);

/*
 * For a key besides the one that the options pick, like one that is to be wrapped: the only
 * object of these classes that the session sees and `text` names: "pkcs11:…", whose token
 * must be this one, "id:HEX" or "label:TEXT". `option` is the name of the option that the
 * text comes from, without dashes. A failure is told: ASH_CLI_USAGE when it is none of these
 * forms, ASH_CLI_NOT_FOUND, ASH_CLI_AMBIGUOUS.
 */
ASH_STATUS ash_cli_object_named(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
				const char *option, const char *text, const uint64_t *classes,
				size_t class_count, ash_handle *ret_object);

/* Sets "uri" of a row to the URI of a token: with its serial number, which never changes. */
ASH_STATUS ash_cli_named_set_token_uri(json_t *row, const struct ash_cli_token *token);

/*
 * Sets "uri" of a row to the URI of an object, as other programs take it. It stays null
 * when the object has neither label nor id nor a class with a name: that would name all.
 */
ASH_STATUS ash_cli_named_set_uri(json_t *row, const struct ash_cli_token *token, uint64_t class,
				 struct ash_span label, struct ash_span id);
