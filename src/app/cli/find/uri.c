#include "app/cli/find/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ashlar/pkcs11.h>

#include "app/cli/print/text.h"

#define SCHEME "pkcs11:"

/* What a value has to be, besides text without a zero byte. */
enum form {
	FORM_TEXT,
	FORM_BYTES,
	FORM_NUMBER,
	FORM_VERSION,
	FORM_TYPE
};

static const struct {
	const char *name;
	enum form form;
} attrs[ASH_CLI_URI_ATTRS] = {
	[ASH_CLI_URI_LIBRARY_MANUFACTURER] = { "library-manufacturer", FORM_TEXT },
	[ASH_CLI_URI_LIBRARY_DESCRIPTION] = { "library-description", FORM_TEXT },
	[ASH_CLI_URI_LIBRARY_VERSION] = { "library-version", FORM_VERSION },
	[ASH_CLI_URI_SLOT_MANUFACTURER] = { "slot-manufacturer", FORM_TEXT },
	[ASH_CLI_URI_SLOT_DESCRIPTION] = { "slot-description", FORM_TEXT },
	[ASH_CLI_URI_SLOT_ID] = { "slot-id", FORM_NUMBER },
	[ASH_CLI_URI_MANUFACTURER] = { "manufacturer", FORM_TEXT },
	[ASH_CLI_URI_MODEL] = { "model", FORM_TEXT },
	[ASH_CLI_URI_TOKEN] = { "token", FORM_TEXT },
	[ASH_CLI_URI_SERIAL] = { "serial", FORM_TEXT },
	[ASH_CLI_URI_OBJECT] = { "object", FORM_TEXT },
	[ASH_CLI_URI_ID] = { "id", FORM_BYTES },
	[ASH_CLI_URI_TYPE] = { "type", FORM_TYPE },
	[ASH_CLI_URI_PIN_SOURCE] = { "pin-source", FORM_TEXT },
	[ASH_CLI_URI_MODULE_NAME] = { "module-name", FORM_TEXT },
	[ASH_CLI_URI_MODULE_PATH] = { "module-path", FORM_TEXT },
};
#define FIRST_OF_QUERY ASH_CLI_URI_PIN_SOURCE

static const struct {
	const char *word;
	uint64_t class;
} types[] = {
	{ "public", CKO_PUBLIC_KEY },     { "private", CKO_PRIVATE_KEY }, { "cert", CKO_CERTIFICATE },
	{ "secret-key", CKO_SECRET_KEY }, { "data", CKO_DATA },
};

void ash_cli_uri_done(struct ash_cli_uri *uri)
{
	for (size_t i = 0; i < ASH_CLI_URI_ATTRS; i++)
		ash_buf_done(&uri->values[i]);
	uri->ignored[0] = '\0';
}

const char *ash_cli_uri_name(enum ash_cli_uri_attr attr)
{
	return attrs[attr].name;
}

bool ash_cli_uri_get(const struct ash_cli_uri *uri, enum ash_cli_uri_attr attr, struct ash_span *ret_value)
{
	const struct ash_buf *value = &uri->values[attr];

	if (value->len == 0)
		return false;
	*ret_value = ash_span(value->data, value->len - 1);
	return true;
}

const char *ash_cli_uri_text(const struct ash_cli_uri *uri, enum ash_cli_uri_attr attr)
{
	return uri->values[attr].len != 0 ? (const char *)uri->values[attr].data : NULL;
}

bool ash_cli_uri_class(const char *type, uint64_t *ret_class)
{
	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		if (strcmp(types[i].word, type) == 0) {
			*ret_class = types[i].class;
			return true;
		}
	}
	return false;
}

const char *ash_cli_uri_type(uint64_t class)
{
	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		if (types[i].class == class)
			return types[i].word;
	}
	return NULL;
}

static bool has_zero(struct ash_span value)
{
	return value.len != 0 && memchr(value.data, 0, value.len) != NULL;
}

ASH_STATUS ash_cli_uri_set(struct ash_cli_uri *uri, enum ash_cli_uri_attr attr, struct ash_span value)
{
	ASH_AUTO(ash_buf) made = ASH_BUF_PLAIN;

	if (attrs[attr].form != FORM_BYTES && has_zero(value))
		return ASH_DONE;
	ASH_TRY(ash_buf_add(&made, value));
	ASH_TRY(ash_buf_add(&made, ash_span("", 1)));
	ash_buf_done(&uri->values[attr]);
	uri->values[attr] = made;
	made = ASH_BUF_PLAIN; /* handed over */
	return ASH_DONE;
}

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

static bool is_one_of(uint8_t byte, const char *chars)
{
	return byte != 0 && strchr(chars, byte) != NULL;
}

/* RFC 7512 §2.3, pk11-pchar and pk11-qchar: what stands for itself. */
static bool may_stand(uint8_t byte, bool query)
{
	return is_one_of(byte, NAME_CHARS ".~:[]@!$'()*+,=") || is_one_of(byte, query ? "/?|" : "&");
}

static int hex_digit(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static ASH_STATUS decode(const char *name, struct ash_span coded, bool query, struct ash_buf *out)
{
	for (size_t i = 0; i < coded.len; i++) {
		uint8_t byte = coded.data[i];

		if (byte == '%') {
			int high = i + 2 < coded.len ? hex_digit(coded.data[i + 1]) : -1;
			int low = i + 2 < coded.len ? hex_digit(coded.data[i + 2]) : -1;

			if (high < 0 || low < 0)
				ASH_FAIL_WITH(ASH_E_FORMAT, "%s has a %% without two hex digits behind it",
					      name);
			byte = (uint8_t)(high << 4 | low);
			i += 2;
		} else if (!may_stand(byte, query)) {
			ASH_FAIL_WITH(ASH_E_FORMAT, "%s has a character that must be written %%%02X", name,
				      byte);
		}
		ASH_TRY(ash_buf_add(out, ash_span(&byte, 1)));
	}
	return ASH_DONE;
}

static bool is_number(const char *text, unsigned long long max)
{
	unsigned long long number = 0;

	if (*text == '\0')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (unsigned)(*text - '0'), &number) || number > max)
			return false;
	}
	return *text == '\0';
}

/* CK_VERSION: two bytes, of which the second may be left out. */
static bool is_version(const char *text)
{
	char major[4] = "";
	size_t len = strcspn(text, ".");

	if (len == 0 || len >= sizeof(major))
		return false;
	memcpy(major, text, len);
	return is_number(major, UINT8_MAX) && (text[len] == '\0' || is_number(text + len + 1, UINT8_MAX));
}

/* `value` ends with a zero byte. */
static ASH_STATUS check_form(enum form form, const char *name, struct ash_span value)
{
	const char *text = (const char *)value.data;
	uint64_t class;

	if (form == FORM_BYTES)
		return ASH_DONE;
	if (has_zero(ash_span(value.data, value.len - 1)))
		ASH_FAIL_WITH(ASH_E_FORMAT, "%s has a zero byte in it", name);
	if (form == FORM_NUMBER && !is_number(text, UINT64_MAX))
		ASH_FAIL_WITH(ASH_E_FORMAT, "%s is no number", name);
	if (form == FORM_VERSION && !is_version(text))
		ASH_FAIL_WITH(ASH_E_FORMAT, "%s is no version like 1.2", name);
	if (form == FORM_TYPE && !ash_cli_uri_class(text, &class))
		ASH_FAIL_WITH(ASH_E_FORMAT, "%s is not one of public, private, cert, secret-key and data",
			      name);
	return ASH_DONE;
}

/* Its number, or ASH_CLI_URI_ATTRS. */
static size_t find_attr(struct ash_span name)
{
	size_t at = 0;

	while (at < ASH_CLI_URI_ATTRS && !ash_span_equal(ash_span_text(attrs[at].name), name))
		at++;
	return at;
}

/*
 * RFC 7512 §2.5: who does not know an attribute of the path finds nothing; then it is better
 * to say why. What nobody knows behind the "?" is passed over.
 */
static ASH_STATUS take_unknown(struct ash_cli_uri *uri, struct ash_span name, struct ash_span coded,
			       bool query)
{
	ASH_AUTO(ash_buf) unused = ASH_BUF_PLAIN;
	struct ash_cli_escaped shown = ash_cli_escaped(name);

	if (ash_span_equal(name, ash_span_text("pin-value")))
		ASH_FAIL_WITH(
			ASH_E_FORMAT,
			"pin-value is not taken: a PIN in a URI is seen by others and kept in histories; "
			"pin-source names a file");
	for (size_t i = 0; i < name.len; i++) {
		if (!is_one_of(name.data[i], NAME_CHARS))
			ASH_FAIL_WITH(ASH_E_FORMAT, "\"%s\" is no name of an attribute", shown.text);
	}
	if (!query)
		ASH_FAIL_WITH(ASH_E_FORMAT, "there is no attribute \"%s\" here", shown.text);
	ASH_TRY(decode(shown.text, coded, query, &unused));
	if (uri->ignored[0] == '\0')
		(void)snprintf(uri->ignored, sizeof(uri->ignored), "%s", shown.text);
	return ASH_DONE;
}

static ASH_STATUS take_attr(struct ash_cli_uri *uri, struct ash_span attr, bool query)
{
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	const uint8_t *equals = attr.len != 0 ? memchr(attr.data, '=', attr.len) : NULL;
	size_t name_len = equals != NULL ? (size_t)(equals - attr.data) : attr.len;
	struct ash_span name = ash_span(attr.data, name_len);
	struct ash_span coded = ASH_SPAN_NONE;
	size_t at = find_attr(name);

	if (name_len == 0)
		ASH_FAIL_WITH(ASH_E_FORMAT, "an attribute has no name");
	if (equals == NULL)
		ASH_FAIL_WITH(ASH_E_FORMAT, "\"%s\" has no value", ash_cli_escaped(name).text);
	coded = ash_span(equals + 1, attr.len - name_len - 1);
	if (at == ASH_CLI_URI_ATTRS)
		return take_unknown(uri, name, coded, query);
	if (query != (at >= FIRST_OF_QUERY))
		ASH_FAIL_WITH(ASH_E_FORMAT, "%s belongs %s the \"?\"", attrs[at].name,
			      query ? "before" : "behind");
	if (uri->values[at].len != 0)
		ASH_FAIL_WITH(ASH_E_FORMAT, "%s stands there twice", attrs[at].name);
	ASH_TRY(decode(attrs[at].name, coded, query, &value));
	ASH_TRY(ash_buf_add(&value, ash_span("", 1)));
	ASH_TRY(check_form(attrs[at].form, attrs[at].name, ash_buf_span(&value)));
	uri->values[at] = value;
	value = ASH_BUF_PLAIN; /* handed over */
	return ASH_DONE;
}

/* The attributes of one part, with `between` between any two; no part at all is fine. */
static ASH_STATUS take_part(struct ash_cli_uri *uri, struct ash_span part, char between, bool query)
{
	while (part.len != 0) {
		const uint8_t *end = memchr(part.data, between, part.len);
		size_t len = end != NULL ? (size_t)(end - part.data) : part.len;

		ASH_TRY(take_attr(uri, ash_span(part.data, len), query));
		if (end == NULL)
			return ASH_DONE;
		part = ash_span(end + 1, part.len - len - 1);
		if (part.len == 0)
			ASH_FAIL_WITH(ASH_E_FORMAT, "nothing follows the last \"%c\"", between);
	}
	return ASH_DONE;
}

bool ash_cli_uri_is(const char *text)
{
	return strncasecmp(text, SCHEME, sizeof(SCHEME) - 1) == 0;
}

ASH_STATUS ash_cli_uri_parse(const char *text, struct ash_cli_uri *uri)
{
	ASH_AUTO(ash_cli_uri) read = ASH_CLI_URI_NONE;
	size_t path_len;

	if (!ash_cli_uri_is(text))
		ASH_FAIL_WITH(ASH_E_FORMAT, "it does not begin with pkcs11:");
	text += sizeof(SCHEME) - 1;
	path_len = strcspn(text, "?");
	ASH_TRY(take_part(&read, ash_span(text, path_len), ';', false));
	if (text[path_len] == '?')
		ASH_TRY(take_part(&read, ash_span_text(text + path_len + 1), '&', true));
	*uri = read;
	read = ASH_CLI_URI_NONE; /* handed over */
	return ASH_DONE;
}

ASH_STATUS ash_cli_uri_print(const struct ash_cli_uri *uri, struct ash_buf *out)
{
	const char *before_path = "";
	const char *before_query = "?";
	struct ash_span value = ASH_SPAN_NONE;

	ASH_TRY(ash_buf_add(out, ash_span_text(SCHEME)));
	for (enum ash_cli_uri_attr i = 0; i < ASH_CLI_URI_ATTRS; i++) {
		const char **before = i < FIRST_OF_QUERY ? &before_path : &before_query;

		if (!ash_cli_uri_get(uri, i, &value))
			continue;
		ASH_TRY(ash_buf_add(out, ash_span_text(*before)));
		ASH_TRY(ash_buf_add(out, ash_span_text(attrs[i].name)));
		ASH_TRY(ash_buf_add(out, ash_span_text("=")));
		ASH_TRY(ash_cli_uri_value(value, attrs[i].form == FORM_BYTES, out));
		*before = i < FIRST_OF_QUERY ? ";" : "&";
	}
	return ASH_DONE;
}

ASH_STATUS ash_cli_uri_pin_file(const char *pin_source, const char **ret_path)
{
	const char *path = pin_source;

	if (path[0] == '|')
		ASH_FAIL_WITH(ASH_E_FORMAT,
			      "pin-source names a command, and none is run; name a file instead");
	if (strncasecmp(path, "file:", 5) == 0) {
		path += 5;
		if (strncmp(path, "//", 2) == 0) /* an authority: RFC 8089 §2 */
			path += strncasecmp(path + 2, "localhost/", 10) == 0 ? 11 : 2;
	}
	if (path[0] != '/')
		ASH_FAIL_WITH(ASH_E_FORMAT,
			      "pin-source takes the absolute path of a file, like file:/etc/ashlar.pin");
	*ret_path = path;
	return ASH_DONE;
}
