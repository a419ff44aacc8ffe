#include "crypto/openssl/certext.h"

#include "crypto/openssl/certificate_priv.h"

#include <openssl/x509v3.h>

#define NAMES_MAX 1024 /* of one certificate: some have hundreds */
#define WORD_MAX  2048u
#define SHOWN     64 /* bytes of a word in an explanation */

/* The next word of a list, without its comma, and with a zero byte behind it. */
static ASH_STATUS next_word(struct ash_span *list, struct ash_buf *word)
{
	ash_buf_reset(word);
	while (list->len != 0 && list->data[0] != ',') {
		size_t used = 1;

		if (list->data[0] == '\\' && list->len > 1 && (list->data[1] == ',' || list->data[1] == '\\'))
			used = 2;
		if (list->data[used - 1] == '\0')
			ASH_FAIL_WITH(ASH_E_FORMAT, "there is a zero byte in it");
		ASH_TRY(ash_buf_add(word, ash_span(list->data + used - 1, 1)));
		*list = ash_span(list->data + used, list->len - used);
	}
	if (word->len == 0)
		ASH_FAIL_WITH(ASH_E_FORMAT, "there is nothing before a comma, or behind one");
	if (word->len > WORD_MAX)
		ASH_FAIL_WITH(ASH_E_FORMAT, "a part of it is longer than %u bytes", WORD_MAX);
	return ash_buf_add(word, ash_span("", 1));
}

/* One after the other, to the end of the list. */
static ASH_STATUS each_word(struct ash_span list, struct ash_status (*take)(void *made, const char *word),
			    void *made)
{
	ASH_AUTO(ash_buf) word = ASH_BUF_PLAIN;

	while (true) {
		ASH_TRY(next_word(&list, &word));
		ASH_TRY(take(made, (const char *)word.data));
		if (list.len == 0)
			return ASH_DONE;
		list = ash_span(list.data + 1, list.len - 1); /* a comma at the end wants a word, too */
	}
}

/* --- names ------------------------------------------------------------------- */

/* RFC 5280 §4.2.1.6: all three are IA5 text; a name of a host has no blanks either. */
static bool is_plain(const char *value)
{
	if (*value == '\0')
		return false;
	for (; *value != '\0'; value++) {
		if (*value <= ' ' || *value > '~')
			return false;
	}
	return true;
}

static bool is_host(const char *value)
{
	static const char others[] = "-._*";

	for (const char *at = value; *at != '\0'; at++) {
		if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
		      (*at >= '0' && *at <= '9') || strchr(others, *at) != NULL))
			return false;
	}
	return *value != '\0';
}

static bool is_email(const char *value)
{
	const char *at = strchr(value, '@');

	return is_plain(value) && at != NULL && at != value && at[1] != '\0';
}

static bool is_uri(const char *value)
{
	const char *colon = strchr(value, ':');

	return is_plain(value) && colon != NULL && colon != value;
}

static const struct {
	const char *word;
	int type;
	bool (*fits)(const char *value); /* NULL: an address */
	const char *advice;
} kinds[] = {
	{ "dns:", GEN_DNS, is_host, "a name like www.example.org (others as xn--…)" },
	{ "ip:", GEN_IPADD, NULL, "an address like 192.0.2.1 or 2001:db8::1" },
	{ "email:", GEN_EMAIL, is_email, "an address like me@example.org" },
	{ "uri:", GEN_URI, is_uri, "a URI like https://example.org/" },
};

static void general_name_auto(GENERAL_NAME **name)
{
	GENERAL_NAME_free(*name);
}
#define AUTO_GENERAL_NAME __attribute__((cleanup(general_name_auto))) GENERAL_NAME

/* NULL when the value is not as it should be, or there is no memory. */
static ASN1_STRING *value_of(size_t kind, const char *value)
{
	ASN1_STRING *text = NULL;

	if (kinds[kind].fits == NULL)
		return a2i_IPADDRESS(value);
	if (!kinds[kind].fits(value))
		return NULL;
	text = ASN1_IA5STRING_new();
	if (text != NULL && ASN1_STRING_set(text, value, -1) == 1)
		return text;
	ASN1_STRING_free(text);
	return NULL;
}

static struct ash_status add_name(void *made, const char *word)
{
	GENERAL_NAMES *names = made;
	unsigned mark = ash_ossl_mark();
	AUTO_GENERAL_NAME *name = NULL;
	ASN1_STRING *value = NULL;
	size_t kind = 0;

	while (kind < ASH_COUNT(kinds) && strncmp(word, kinds[kind].word, strlen(kinds[kind].word)) != 0)
		kind++;
	if (kind == ASH_COUNT(kinds))
		ASH_FAIL_WITH(ASH_E_FORMAT, "\"%.*s\" does not begin with dns:, ip:, email: or uri:", SHOWN,
			      word);
	if (sk_GENERAL_NAME_num(names) == NAMES_MAX)
		ASH_FAIL_WITH(ASH_E_FORMAT, "there are more than %d names", NAMES_MAX);
	value = value_of(kind, word + strlen(kinds[kind].word));
	if (value == NULL)
		ASH_FAIL_WITH(ash_ossl_code(mark, ASH_E_FORMAT), "\"%.*s\" is not %s", SHOWN, word,
			      kinds[kind].advice);
	name = GENERAL_NAME_new();
	if (name == NULL) {
		ASN1_STRING_free(value);
		ASH_FAIL(ash_ossl_code(mark, ASH_E_FAILED));
	}
	GENERAL_NAME_set0_value(name, kinds[kind].type, value);
	ASH_ENSURE(sk_GENERAL_NAME_push(names, name) > 0, ash_ossl_code(mark, ASH_E_FAILED));
	name = NULL; /* handed over */
	return ASH_DONE;
}

static struct ash_status alt_names(struct ash_span text, struct ash_buf *der)
{
	unsigned mark = ash_ossl_mark();
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	struct ash_status status = ASH_DONE;
	uint8_t *bytes = NULL;

	ASH_ENSURE(names != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	status = each_word(text, add_name, names);
	if (ash_is_ok(status))
		status = ash_ossl_add_der(mark, i2d_GENERAL_NAMES(names, &bytes), &bytes, der);
	GENERAL_NAMES_free(names);
	return status;
}

/* --- purposes ---------------------------------------------------------------- */

static struct ash_status add_purpose(void *made, const char *word)
{
	EXTENDED_KEY_USAGE *purposes = made;
	unsigned mark = ash_ossl_mark();
	ASN1_OBJECT *object = OBJ_txt2obj(word, 0);

	if (object == NULL)
		ASH_FAIL_WITH(ash_ossl_code(mark, ASH_E_FORMAT), "there is no purpose \"%.*s\"", SHOWN, word);
	if (sk_ASN1_OBJECT_num(purposes) == NAMES_MAX || sk_ASN1_OBJECT_push(purposes, object) <= 0) {
		ASN1_OBJECT_free(object);
		ASH_FAIL(ash_ossl_code(mark, ASH_E_LIMIT));
	}
	return ASH_DONE;
}

static struct ash_status purposes_of(struct ash_span text, struct ash_buf *der)
{
	unsigned mark = ash_ossl_mark();
	EXTENDED_KEY_USAGE *purposes = sk_ASN1_OBJECT_new_null();
	struct ash_status status = ASH_DONE;
	uint8_t *bytes = NULL;

	ASH_ENSURE(purposes != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	status = each_word(text, add_purpose, purposes);
	if (ash_is_ok(status))
		status = ash_ossl_add_der(mark, i2d_EXTENDED_KEY_USAGE(purposes, &bytes), &bytes, der);
	EXTENDED_KEY_USAGE_free(purposes);
	return status;
}

/* OpenSSL's memory has to be ours first; and a failure leaves `der` as it was. */
static struct ash_status run(struct ash_status (*make)(struct ash_span text, struct ash_buf *der),
			     struct ash_span text, struct ash_buf *der)
{
	const size_t before = der->len;
	struct ash_ossl *lib = NULL;
	struct ash_status status = ash_ossl_library(&lib);
	unsigned mark = ash_ossl_mark();

	if (ash_is_ok(status))
		status = ash_ossl_settle(mark, make(text, der));
	if (!ash_is_ok(status))
		der->len = before;
	return status;
}

struct ash_status ash_certext_alt_names(struct ash_span text, struct ash_buf *der)
{
	return run(alt_names, text, der);
}

struct ash_status ash_certext_purposes(struct ash_span text, struct ash_buf *der)
{
	return run(purposes_of, text, der);
}
