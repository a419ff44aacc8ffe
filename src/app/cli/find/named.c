#include "app/cli/find/named.h"

#include <string.h>

#include "app/cli/find/search.h"
#include "app/cli/find/template.h"
#include "app/cli/print/text.h"

/* What a URI says and an option too; `of_object`: not what a token is chosen by. */
static const struct {
	enum ash_cli_uri_attr attr;
	enum ash_cli_opt option;
	const char *name;
	bool of_object;
} same[] = {
	{ ASH_CLI_URI_TOKEN, ASH_CLI_OPT_TOKEN, "token", false },
	{ ASH_CLI_URI_SERIAL, ASH_CLI_OPT_SERIAL, "serial", false },
	{ ASH_CLI_URI_SLOT_ID, ASH_CLI_OPT_SLOT, "slot", false },
	{ ASH_CLI_URI_PIN_SOURCE, ASH_CLI_OPT_PIN_FILE, "pin-file", false },
	{ ASH_CLI_URI_OBJECT, ASH_CLI_OPT_LABEL, "label", true },
	{ ASH_CLI_URI_ID, ASH_CLI_OPT_ID, "id", true },
	{ ASH_CLI_URI_TYPE, ASH_CLI_OPT_CLASS, "class", true },
};

void ash_cli_named_forget(struct ash_cli *cli)
{
	ash_cli_uri_done(&cli->uri);
	ash_buf_done(&cli->uri_id);
}

static ASH_STATUS refuse_uri(struct ash_cli *cli, const char *option)
{
	return ash_cli_refuse(cli, ASH_CLI_USAGE, "can't take the URI of --%s: %s", option,
			      ash_status_explanation());
}

static ASH_STATUS parse(struct ash_cli *cli, const char *option, const char *text, struct ash_cli_uri *uri)
{
	const struct ash_status status = ash_cli_uri_parse(text, uri);

	if (status.code == ASH_E_FORMAT)
		return refuse_uri(cli, option);
	ASH_TRY(status);
	if (uri->ignored[0] != '\0')
		ash_cli_warn(cli, "the %s of the URI is not known here, and passed over", uri->ignored);
	return ASH_DONE;
}

/* The value in the form that the option has. */
static ASH_STATUS option_value(struct ash_cli *cli, enum ash_cli_uri_attr attr, const char **ret_value)
{
	const char *text = ash_cli_uri_text(&cli->uri, attr);
	struct ash_span id = ASH_SPAN_NONE;

	if (attr == ASH_CLI_URI_PIN_SOURCE) {
		const struct ash_status status = ash_cli_uri_pin_file(text, ret_value);

		return ash_is_ok(status) ? status : refuse_uri(cli, "uri");
	}
	if (attr == ASH_CLI_URI_ID && ash_cli_uri_get(&cli->uri, attr, &id)) {
		cli->uri_id = ASH_BUF_PLAIN;
		ASH_TRY(ash_cli_hex(id, &cli->uri_id));
		ASH_TRY(ash_buf_add(&cli->uri_id, ash_span("", 1)));
		text = (const char *)cli->uri_id.data;
	}
	*ret_value = text;
	return ASH_DONE;
}

ASH_STATUS ash_cli_named_read(struct ash_cli *cli)
{
	if (!ash_cli_has(cli, ASH_CLI_OPT_URI))
		return ASH_DONE;
	ASH_TRY(parse(cli, "uri", cli->values[ASH_CLI_OPT_URI], &cli->uri));
	for (size_t i = 0; i < ASH_COUNT(same); i++) {
		if (ash_cli_uri_text(&cli->uri, same[i].attr) == NULL)
			continue;
		if (same[i].of_object && !cli->command->takes_object)
			return ash_cli_refuse(cli, ASH_CLI_USAGE,
					      "the URI names an object (%s), and `ashlar %s` wants a token",
					      ash_cli_uri_name(same[i].attr), cli->command->name);
		if (ash_cli_has(cli, same[i].option))
			return ash_cli_refuse(
				cli, ASH_CLI_USAGE,
				"the URI has a %s, and there is --%s too: one of them is enough",
				ash_cli_uri_name(same[i].attr), same[i].name);
		ASH_TRY(option_value(cli, same[i].attr, &cli->values[same[i].option]));
	}
	return ASH_DONE;
}

ASH_STATUS ash_cli_named_class(struct ash_cli *cli, bool *ret_given, uint64_t *ret_class)
{
	const char *word = cli->values[ASH_CLI_OPT_CLASS];

	*ret_given = word != NULL;
	if (word == NULL || ash_cli_uri_class(word, ret_class))
		return ASH_DONE;
	return ash_cli_refuse(cli, ASH_CLI_USAGE,
			      "\"%s\" is not one of public, private, cert, secret-key and data",
			      ash_cli_escaped(ash_span_text(word)).text);
}

ASH_STATUS ash_cli_named_unique(const struct ash_cli *cli, struct ash_cli_template *want)
{
	const char *unique = cli->values[ASH_CLI_OPT_UNIQUE_ID];

	return unique != NULL ? ash_cli_template_bytes(want, CKA_UNIQUE_ID, ash_span_text(unique)) : ASH_DONE;
}

bool ash_cli_named_some(const struct ash_cli *cli)
{
	return ash_cli_has(cli, ASH_CLI_OPT_LABEL) || ash_cli_has(cli, ASH_CLI_OPT_ID) ||
	       ash_cli_has(cli, ASH_CLI_OPT_UNIQUE_ID);
}

/* What one text means, in the form of a URI. */
static ASH_STATUS read_text(struct ash_cli *cli, const char *option, const char *text,
			    struct ash_cli_uri *uri)
{
	ASH_AUTO(ash_buf) id = ASH_BUF_PLAIN;

	if (ash_cli_uri_is(text))
		return parse(cli, option, text, uri);
	if (strncmp(text, "label:", 6) == 0)
		return ash_cli_uri_set(uri, ASH_CLI_URI_OBJECT, ash_span_text(text + 6));
	if (strncmp(text, "id:", 3) == 0 && ash_is_ok(ash_cli_unhex(text + 3, &id)) && id.len > 0)
		return ash_cli_uri_set(uri, ASH_CLI_URI_ID, ash_buf_span(&id));
	return ash_cli_refuse(cli, ASH_CLI_USAGE, "--%s takes pkcs11:…, id:HEX or label:TEXT, and not \"%s\"",
			      option, ash_cli_escaped(ash_span_text(text)).text);
}

struct found {
	ash_handle first;
	size_t count;
};

static struct ash_status take(void *context, ash_handle object)
{
	struct found *found = context;

	if (found->count++ == 0)
		found->first = object;
	return ASH_DONE;
}

static ASH_STATUS find_class(struct ash_cli *cli, ash_handle session, const struct ash_cli_uri *uri,
			     uint64_t class, struct found *found)
{
	struct ash_cli_template want = { .count = 0 };
	const char *type = ash_cli_uri_text(uri, ASH_CLI_URI_TYPE);
	struct ash_span value = ASH_SPAN_NONE;
	uint64_t wanted = class;

	if (type != NULL && ash_cli_uri_class(type, &wanted) && wanted != class)
		return ASH_DONE;
	ASH_TRY(ash_cli_template_number(&want, CKA_CLASS, class));
	if (ash_cli_uri_get(uri, ASH_CLI_URI_OBJECT, &value))
		ASH_TRY(ash_cli_template_bytes(&want, CKA_LABEL, value));
	if (ash_cli_uri_get(uri, ASH_CLI_URI_ID, &value))
		ASH_TRY(ash_cli_template_bytes(&want, CKA_ID, value));
	return ash_cli_search(cli, session, ash_cli_template(&want), take, found);
}

/* None, or too many. */
static ASH_STATUS refuse_count(struct ash_cli *cli, const struct ash_cli_token *token, const char *option,
			       const char *text, size_t count)
{
	struct ash_cli_escaped label = ash_cli_escaped(ash_cli_token_label(token));
	struct ash_status status;

	if (count == 0)
		return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "no object of token \"%s\" fits --%s %s",
				      label.text, option, ash_cli_escaped(ash_span_text(text)).text);
	status = ash_cli_refuse(cli, ASH_CLI_AMBIGUOUS, "%zu objects of token \"%s\" fit --%s %s", count,
				label.text, option, ash_cli_escaped(ash_span_text(text)).text);
	ash_cli_hint(cli, "name one with label, id and type: pkcs11:object=LABEL;id=%%01;type=private");
	return status;
}

ASH_STATUS ash_cli_object_named(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
				const char *option, const char *text, const uint64_t *classes,
				size_t class_count, ash_handle *ret_object)
{
	ASH_AUTO(ash_cli_uri) uri = ASH_CLI_URI_NONE;
	struct found found = { 0, 0 };
	struct ash_status status = ASH_DONE;

	ASH_TRY(read_text(cli, option, text, &uri));
	if (ash_cli_token_fits(cli, token, &uri)) {
		for (size_t i = 0; i < class_count && ash_is_ok(status); i++)
			status = find_class(cli, session, &uri, classes[i], &found);
	}
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't look for what --%s names", option);
	if (found.count != 1)
		return refuse_count(cli, token, option, text, found.count);
	*ret_object = found.first;
	return ASH_DONE;
}

static ASH_STATUS set_uri(json_t *row, const struct ash_cli_uri *uri)
{
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;

	ASH_TRY(ash_cli_uri_print(uri, &text));
	return ash_cli_set_text(row, "uri", ash_buf_span(&text));
}

ASH_STATUS ash_cli_named_set_token_uri(json_t *row, const struct ash_cli_token *token)
{
	ASH_AUTO(ash_cli_uri) uri = ASH_CLI_URI_NONE;

	ASH_TRY(ash_cli_token_uri(token, true, &uri));
	return set_uri(row, &uri);
}

ASH_STATUS ash_cli_named_set_uri(json_t *row, const struct ash_cli_token *token, uint64_t class,
				 struct ash_span label, struct ash_span id)
{
	ASH_AUTO(ash_cli_uri) uri = ASH_CLI_URI_NONE;
	const char *type = ash_cli_uri_type(class);

	if (label.len == 0 && id.len == 0 && type == NULL)
		return ASH_DONE;
	ASH_TRY(ash_cli_token_uri(token, false, &uri));
	if (label.len > 0)
		ASH_TRY(ash_cli_uri_set(&uri, ASH_CLI_URI_OBJECT, label));
	if (id.len > 0)
		ASH_TRY(ash_cli_uri_set(&uri, ASH_CLI_URI_ID, id));
	if (type != NULL)
		ASH_TRY(ash_cli_uri_set(&uri, ASH_CLI_URI_TYPE, ash_span_text(type)));
	return set_uri(row, &uri);
}
