/*
 * A PKCS#11 URI (RFC 7512), as it comes from a command line or another program. The input is its text, up
 * to the first zero byte. What is taken is written and read again as the same; what is refused is explained
 * and leaves the output alone.
 */
#include "fuzz.h"

#include "app/cli/find/uri.h"

#define MUST(...) HOLDS(ash_is_ok(__VA_ARGS__))

/* RFC 3986: what any URI may consist of. */
static void check_text(struct ash_span text)
{
	for (size_t i = 0; i < text.len; i++)
		HOLDS(text.data[i] > ' ' && text.data[i] < 0x7f &&
		      strchr("\"<>\\^`{|}#", text.data[i]) == NULL);
}

static void check_same(const struct ash_cli_uri *a, const struct ash_cli_uri *b)
{
	for (enum ash_cli_uri_attr i = 0; i < ASH_CLI_URI_ATTRS; i++) {
		struct ash_span left = ASH_SPAN_NONE;
		struct ash_span right = ASH_SPAN_NONE;

		HOLDS(ash_cli_uri_get(a, i, &left) == ash_cli_uri_get(b, i, &right));
		HOLDS(ash_span_equal(left, right));
		HOLDS(i == ASH_CLI_URI_ID ||
		      memchr(left.data != NULL ? (const char *)left.data : "x", 0, left.len) == NULL);
	}
}

static void check_written(const struct ash_cli_uri *uri)
{
	ASH_AUTO(ash_cli_uri) again = ASH_CLI_URI_NONE;
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;

	MUST(ash_cli_uri_print(uri, &text));
	check_text(ash_buf_span(&text));
	MUST(ash_buf_add(&text, ash_span("", 1)));
	MUST(ash_cli_uri_parse((const char *)text.data, &again));
	check_same(uri, &again);
	HOLDS(again.ignored[0] == '\0');
}

static void check_pin_source(const char *source)
{
	const char *path = NULL;

	if (ash_is_ok(ash_cli_uri_pin_file(source, &path)))
		HOLDS(path >= source && path <= source + strlen(source) && path[0] == '/');
	else
		HOLDS(path == NULL && ash_status_explanation()[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	ASH_AUTO(ash_cli_uri) uri = ASH_CLI_URI_NONE;
	char *text = malloc(len + 1);
	uint64_t class;

	HOLDS(text != NULL);
	if (len != 0)
		memcpy(text, data, len);
	text[len] = '\0';
	if (ash_is_ok(ash_cli_uri_parse(text, &uri))) {
		const char *type = ash_cli_uri_text(&uri, ASH_CLI_URI_TYPE);

		HOLDS(ash_cli_uri_is(text) && strlen(uri.ignored) < sizeof(uri.ignored));
		HOLDS(type == NULL ||
		      (ash_cli_uri_class(type, &class) && strcmp(ash_cli_uri_type(class), type) == 0));
		check_written(&uri);
	} else {
		const struct ash_cli_uri none = ASH_CLI_URI_NONE;

		HOLDS(ash_status_explanation()[0] != '\0');
		check_same(&uri, &none);
	}
	check_pin_source(text);
	free(text);
	return 0;
}
