#include "crypto/openssl/certname.h"

#include "crypto/openssl/certificate_priv.h"

#include <ctype.h>
#include <openssl/err.h>
#include <strings.h>

#include "crypto/openssl/certificate.h"

#define TYPE_MAX  64u
#define STEPS_MAX 64

struct ash_status ash_ossl_name_common(const X509_NAME *name, struct ash_buf *out)
{
	unsigned mark = ash_ossl_mark();
	int at = -1, last = -1, len = 0;
	uint8_t *text = NULL;

	while ((at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
		last = at;
	if (last < 0)
		return ASH_DONE;
	len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
	if (len > 0)
		return ash_ossl_add_der(mark, len, &text, out);
	OPENSSL_free(text);
	ERR_clear_error();
	return ASH_DONE;
}

/* --- from text --------------------------------------------------------------- */

/* A name under way. `slashes`: OpenSSL's form, else RFC 4514's. */
struct parser {
	struct ash_span left;
	bool slashes;
	X509_NAME *name;
	char type[TYPE_MAX + 1];
	struct ash_buf value;
};

static void parser_auto(struct parser *parser)
{
	X509_NAME_free(parser->name);
	ash_buf_done(&parser->value);
}

static void skip(struct parser *parser, size_t len)
{
	parser->left = ash_span(parser->left.data + len, parser->left.len - len);
}

static void skip_blanks(struct parser *parser)
{
	while (!parser->slashes && parser->left.len != 0 && parser->left.data[0] == ' ')
		skip(parser, 1);
}

static ASH_STATUS take_type(struct parser *parser)
{
	size_t len = 0;

	skip_blanks(parser);
	while (len < parser->left.len && (isalnum(parser->left.data[len]) || parser->left.data[len] == '.'))
		len++;
	if (len == 0 || len > TYPE_MAX)
		ASH_FAIL_WITH(ASH_E_FORMAT, "where a type like CN is wanted there is none");
	memcpy(parser->type, parser->left.data, len);
	parser->type[len] = '\0';
	skip(parser, len);
	skip_blanks(parser);
	if (parser->left.len == 0 || parser->left.data[0] != '=')
		ASH_FAIL_WITH(ASH_E_FORMAT, "\"=\" is missing behind %s", parser->type);
	skip(parser, 1);
	skip_blanks(parser);
	return ASH_DONE;
}

static int hex_digit(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* What stands behind a backslash: two hex digits, or the very character (RFC 4514 §2.4). */
static ASH_STATUS take_escaped(struct parser *parser)
{
	const uint8_t *at = parser->left.data;
	uint8_t byte = 0;

	if (parser->left.len == 0)
		ASH_FAIL_WITH(ASH_E_FORMAT, "it ends with a backslash");
	byte = at[0];
	if (parser->left.len > 1 && hex_digit(at[0]) >= 0 && hex_digit(at[1]) >= 0) {
		byte = (uint8_t)(hex_digit(at[0]) << 4 | hex_digit(at[1]));
		skip(parser, 1);
	}
	skip(parser, 1);
	return ash_buf_add(&parser->value, ash_span(&byte, 1));
}

static bool ends_value(const struct parser *parser, uint8_t byte)
{
	return parser->slashes ? byte == '/' : byte == ',' || byte == '+';
}

/* What RFC 4514 wants escaped. */
static bool is_special(const struct parser *parser, uint8_t byte)
{
	return byte == '\0' || (!parser->slashes && strchr("\";<>", byte) != NULL);
}

static ASH_STATUS take_value(struct parser *parser)
{
	size_t keep = 0; /* blanks behind this are not part of it */

	ash_buf_reset(&parser->value);
	if (!parser->slashes && parser->left.len != 0 && parser->left.data[0] == '#')
		ASH_FAIL_WITH(ASH_E_FORMAT, "a value in hex (#) is not taken");
	while (parser->left.len != 0 && !ends_value(parser, parser->left.data[0])) {
		const uint8_t byte = parser->left.data[0];

		if (is_special(parser, byte))
			ASH_FAIL_WITH(ASH_E_FORMAT, "a %c in the value of %s wants a backslash before it",
				      byte, parser->type);
		skip(parser, 1);
		if (byte == '\\')
			ASH_TRY(take_escaped(parser));
		else
			ASH_TRY(ash_buf_add(&parser->value, ash_span(&byte, 1)));
		if (byte != ' ')
			keep = parser->value.len;
	}
	if (!parser->slashes)
		parser->value.len = keep;
	if (parser->value.len == 0)
		ASH_FAIL_WITH(ASH_E_FORMAT, "%s has no value", parser->type);
	return ASH_DONE;
}

/* RFC 4514 §3, and the one that everybody has; capitals or not. */
static const char *known_type(const char *type)
{
	static const char *const types[][2] = {
		{ "CN", "CN" },         { "L", "L" },  { "ST", "ST" },          { "O", "O" },
		{ "OU", "OU" },         { "C", "C" },  { "DC", "DC" },          { "UID", "UID" },
		{ "STREET", "street" }, { "S", "ST" }, { "E", "emailAddress" },
	};

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		if (strcasecmp(types[i][0], type) == 0)
			return types[i][1];
	}
	return type;
}

/* `joins`: it belongs to the step that was added last. */
static ASH_STATUS add_entry(struct parser *parser, bool joins)
{
	unsigned mark = ash_ossl_mark();
	ASN1_OBJECT *object = OBJ_txt2obj(known_type(parser->type), 0);
	const struct ash_span value = ash_buf_span(&parser->value);
	bool good = false;

	if (object == NULL)
		ASH_FAIL_WITH(ash_ossl_code(mark, ASH_E_FORMAT), "there is no type \"%s\"", parser->type);
	/* RFC 4514 writes the last step first. */
	good = value.len <= ASH_CERTIFICATE_MAX &&
	       X509_NAME_add_entry_by_OBJ(parser->name, object, MBSTRING_UTF8, value.data, (int)value.len,
					  parser->slashes ? -1 : 0, joins ? 1 : 0) == 1;
	ASN1_OBJECT_free(object);
	if (!good)
		ASH_FAIL_WITH(ash_ossl_code(mark, ASH_E_FORMAT),
			      "the value of %s is too long or short, or has characters that it may not have",
			      parser->type);
	return ASH_DONE;
}

static ASH_STATUS parse(struct parser *parser)
{
	bool joins = false;

	if (parser->slashes)
		skip(parser, 1);
	while (parser->left.len != 0) {
		ASH_TRY(take_type(parser));
		ASH_TRY(take_value(parser));
		ASH_TRY(add_entry(parser, joins));
		if (parser->left.len == 0)
			return ASH_DONE;
		if (parser->left.len == 1)
			ASH_FAIL_WITH(ASH_E_FORMAT, "it ends where another part should follow");
		if (X509_NAME_entry_count(parser->name) == STEPS_MAX)
			ASH_FAIL_WITH(ASH_E_FORMAT, "it has more than %d parts", STEPS_MAX);
		joins = parser->left.data[0] == '+';
		skip(parser, 1);
	}
	return ASH_DONE;
}

static struct ash_status read_name(struct ash_span text, struct ash_buf *der)
{
	__attribute__((cleanup(parser_auto))) struct parser parser = {
		.left = text,
		.slashes = text.len != 0 && text.data[0] == '/',
		.value = ASH_BUF_PLAIN,
	};
	unsigned mark = ash_ossl_mark();
	uint8_t *bytes = NULL;

	parser.name = X509_NAME_new();
	ASH_ENSURE(parser.name != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	ASH_TRY(parse(&parser));
	return ash_ossl_add_der(mark, i2d_X509_NAME(parser.name, &bytes), &bytes, der);
}

struct ash_status ash_certname_read(struct ash_span text, struct ash_buf *der)
{
	const size_t before = der->len;
	struct ash_ossl *lib = NULL;
	struct ash_status status = ash_ossl_library(&lib); /* its memory has to be ours first */
	unsigned mark = ash_ossl_mark();

	if (ash_is_ok(status))
		status = ash_ossl_settle(mark, read_name(text, der));
	if (!ash_is_ok(status))
		der->len = before;
	return status;
}
