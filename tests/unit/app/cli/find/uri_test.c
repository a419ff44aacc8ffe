#include "unit/test.h"

#include <ashlar/pkcs11.h>

#include "app/cli/find/uri.h"

static struct ash_cli_uri uri;

static enum ash_code parse(const char *text)
{
	ash_cli_uri_done(&uri);
	return ash_cli_uri_parse(text, &uri).code;
}

#define VALUE(attr) ash_cli_uri_text(&uri, ASH_CLI_URI_##attr)

/* Refused, with these words in the explanation, and nothing taken. */
static void refused(const char *text, const char *why)
{
	EXPECT_NUMBER(ASH_E_FORMAT, parse(text));
	if (strstr(ash_status_explanation(), why) == NULL)
		EXPECT_TEXT(why, ash_status_explanation());
	for (enum ash_cli_uri_attr i = 0; i < ASH_CLI_URI_ATTRS; i++)
		EXPECT(ash_cli_uri_text(&uri, i) == NULL);
}

/* RFC 7512 §3 */
TEST(the_examples_of_the_rfc_are_read)
{
	struct ash_span id = ASH_SPAN_NONE;

	EXPECT_NUMBER(ASH_OK, parse("pkcs11:"));
	EXPECT_NUMBER(ASH_OK, parse("pkcs11:object=my-pubkey;type=public"));
	EXPECT_TEXT("my-pubkey", VALUE(OBJECT));
	EXPECT_TEXT("public", VALUE(TYPE));
	EXPECT(VALUE(TOKEN) == NULL && !ash_cli_uri_get(&uri, ASH_CLI_URI_ID, &id));
	EXPECT_NUMBER(ASH_OK, parse("pkcs11:object=my-key;type=private?pin-source=file:/etc/token"));
	EXPECT_TEXT("file:/etc/token", VALUE(PIN_SOURCE));
	EXPECT_NUMBER(
		ASH_OK,
		parse("pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;"
		      "model=1.0;object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial="
		      "?pin-source=file:/etc/token_pin"));
	EXPECT_TEXT("The Software PKCS#11 Softtoken", VALUE(TOKEN));
	EXPECT_TEXT("Snake Oil, Inc.", VALUE(MANUFACTURER));
	EXPECT_TEXT("1.0", VALUE(MODEL));
	EXPECT_TEXT("", VALUE(SERIAL));
	EXPECT(ash_cli_uri_get(&uri, ASH_CLI_URI_ID, &id));
	EXPECT_SPAN(TEXT("\x69\x95\x3e\x5c\xf4\xbd\xec\x91"), id);
	EXPECT_NUMBER(ASH_OK, parse("pkcs11:object=my-sign-key;type=private?module-name=mypkcs11"));
	EXPECT_TEXT("mypkcs11", VALUE(MODULE_NAME));
	EXPECT_NUMBER(ASH_OK,
		      parse("pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1"));
	EXPECT_TEXT("/mnt/libmypkcs11.so.1", VALUE(MODULE_PATH));
	EXPECT_NUMBER(ASH_OK, parse("pkcs11:slot-description=Sun%20Metaslot"));
	EXPECT_TEXT("Sun Metaslot", VALUE(SLOT_DESCRIPTION));
	EXPECT_NUMBER(ASH_OK, parse("pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;"
				    "library-description=Soft%20Token%20Library;library-version=1.23"));
	EXPECT_TEXT("1.23", VALUE(LIBRARY_VERSION));
	EXPECT_NUMBER(ASH_OK, parse("pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3;"
				    "id=%01%02%03%Ba%dd%Ca%fe%04%05%06"));
	EXPECT_TEXT("My token% created by Joe", VALUE(TOKEN));
	EXPECT(ash_cli_uri_get(&uri, ASH_CLI_URI_ID, &id));
	EXPECT_SPAN(TEXT("\x01\x02\x03\xba\xdd\xca\xfe\x04\x05\x06"), id);
	EXPECT_NUMBER(ASH_OK, parse("pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;"
				    "object=my-certificate;type=cert"));
	EXPECT_TEXT("A name with a substring %;", VALUE(TOKEN));
	EXPECT_NUMBER(ASH_OK, parse("pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;"
				    "object=my-certificate;type=cert"));
	EXPECT_TEXT("Name with a small A with acute: \xc3\xa1", VALUE(TOKEN));
}

TEST(a_pin_in_a_uri_is_refused_and_not_repeated)
{
	refused("pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil,%20Inc.?"
		"pin-value=the-pin",
		"pin-source names a file");
	EXPECT(strstr(ash_status_explanation(), "the-pin") == NULL);
	refused("pkcs11:pin-value=the-pin", "pin-value is not taken");
}

TEST(what_nobody_knows_is_refused_in_the_path_and_passed_over_behind_it)
{
	/* RFC 7512 §3, the last example; §2.5: the first part would match nothing. */
	refused("pkcs11:token=my-token;object=my-certificate;type=cert;vendor-aaa=value-a"
		"?pin-source=file:/etc/token_pin&vendor-bbb=value-b",
		"no attribute \"vendor-aaa\"");
	EXPECT_NUMBER(ASH_OK, parse("pkcs11:token=a?pin-source=file:/etc/p&vendor-bbb=b&vendor-bbb=c"));
	EXPECT_TEXT("vendor-bbb", uri.ignored);
	EXPECT_NUMBER(ASH_OK, parse("pkcs11:token=a?x-b="));
	EXPECT_TEXT("x-b", uri.ignored);
	refused("pkcs11:tokn=a", "no attribute \"tokn\"");
	refused("pkcs11:to\x1bkn=a", "\"to\\x1bkn\" is no name");
	refused("pkcs11:?v.w=a", "\"v.w\" is no name");
	refused("pkcs11:?vw=%", "vw has a % without");
}

TEST(what_the_grammar_does_not_have_is_refused)
{
	refused("", "does not begin with pkcs11:");
	refused("pkcs11", "does not begin with pkcs11:");
	refused("http:token=a", "does not begin with pkcs11:");
	refused("pkcs11:token=a;token=b", "token stands there twice");
	refused("pkcs11:?module-name=a&module-name=a", "module-name stands there twice");
	refused("pkcs11:token", "\"token\" has no value");
	refused("pkcs11:=a", "no name");
	refused("pkcs11:;token=a", "no name");
	refused("pkcs11:token=a;;serial=b", "no name");
	refused("pkcs11:token=a;", "nothing follows the last \";\"");
	refused("pkcs11:?pin-source=/a&", "nothing follows the last \"&\"");
	refused("pkcs11:token=%", "token has a % without");
	refused("pkcs11:token=%4", "token has a % without");
	refused("pkcs11:token=%4g", "token has a % without");
	refused("pkcs11:token=a b", "must be written %20");
	refused("pkcs11:token=a/b", "must be written %2F");
	refused("pkcs11:token=a#b", "must be written %23");
	refused("pkcs11:token=\xc3\xa1", "must be written %C3");
	refused("pkcs11:token=a%00b", "token has a zero byte");
	refused("pkcs11:type=certificate", "type is not one of");
	refused("pkcs11:type=", "type is not one of");
	refused("pkcs11:slot-id=x", "slot-id is no number");
	refused("pkcs11:slot-id=", "slot-id is no number");
	refused("pkcs11:slot-id=18446744073709551616", "slot-id is no number");
	refused("pkcs11:library-version=1.", "library-version is no version");
	refused("pkcs11:library-version=256", "library-version is no version");
	refused("pkcs11:library-version=1.2.3", "library-version is no version");
	refused("pkcs11:pin-source=/a", "pin-source belongs behind the \"?\"");
	refused("pkcs11:?token=a", "token belongs before the \"?\"");
	EXPECT_NUMBER(ASH_OK, parse("PKCS11:slot-id=18446744073709551615;token=a=b&c?pin-source=/a?b/c"));
	EXPECT_TEXT("a=b&c", VALUE(TOKEN));
	EXPECT_TEXT("/a?b/c", VALUE(PIN_SOURCE));
}

TEST(only_what_begins_like_one_means_to_be_one)
{
	EXPECT(ash_cli_uri_is("pkcs11:") && ash_cli_uri_is("PKCS11:whatever"));
	EXPECT(!ash_cli_uri_is("pkcs11") && !ash_cli_uri_is("./pkcs11:") && !ash_cli_uri_is(""));
}

TEST(what_is_written_is_read_as_the_same)
{
	ASH_AUTO(ash_cli_uri) made = ASH_CLI_URI_NONE;
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;
	struct ash_span id = ASH_SPAN_NONE;

	EXPECT_OK(ash_cli_uri_set(&made, ASH_CLI_URI_PIN_SOURCE, TEXT("/a&b")));
	EXPECT_OK(ash_cli_uri_set(&made, ASH_CLI_URI_MODULE_NAME, TEXT("m")));
	EXPECT_OK(ash_cli_uri_set(&made, ASH_CLI_URI_TYPE, TEXT("secret-key")));
	EXPECT_OK(ash_cli_uri_set(&made, ASH_CLI_URI_ID, TEXT("a\0b")));
	EXPECT_OK(ash_cli_uri_set(&made, ASH_CLI_URI_TOKEN, TEXT("old")));
	EXPECT_OK(ash_cli_uri_set(&made, ASH_CLI_URI_TOKEN, TEXT("my;token")));
	EXPECT_OK(ash_cli_uri_print(&made, &text));
	EXPECT_OK(ash_buf_add(&text, ash_span("", 1)));
	EXPECT_TEXT("pkcs11:token=my%3Btoken;id=%61%00%62;type=secret-key?pin-source=%2Fa%26b&module-name=m",
		    (const char *)text.data);
	EXPECT_NUMBER(ASH_OK, parse((const char *)text.data));
	EXPECT_TEXT("my;token", VALUE(TOKEN));
	EXPECT(ash_cli_uri_get(&uri, ASH_CLI_URI_ID, &id));
	EXPECT_SPAN(TEXT("a\0b"), id);
	EXPECT_TEXT("secret-key", VALUE(TYPE));
	EXPECT_TEXT("/a&b", VALUE(PIN_SOURCE));
}

TEST(what_no_text_can_say_is_left_out)
{
	ASH_AUTO(ash_cli_uri) made = ASH_CLI_URI_NONE;
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_uri_set(&made, ASH_CLI_URI_OBJECT, TEXT("a\0b")));
	EXPECT_OK(ash_cli_uri_print(&made, &text));
	EXPECT_SPAN(TEXT("pkcs11:"), ash_buf_span(&text));
}

TEST(types_are_classes)
{
	static const uint64_t classes[] = { CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_CERTIFICATE, CKO_SECRET_KEY,
					    CKO_DATA };
	uint64_t class = 99;

	for (size_t i = 0; i < ASH_COUNT(classes); i++) {
		EXPECT(ash_cli_uri_class(ash_cli_uri_type(classes[i]), &class));
		EXPECT_NUMBER(classes[i], class);
	}
	EXPECT(ash_cli_uri_type(CKO_PROFILE) == NULL);
	EXPECT(!ash_cli_uri_class("profile", &class));
	EXPECT_TEXT("slot-id", ash_cli_uri_name(ASH_CLI_URI_SLOT_ID));
}

static const char *pin_file(const char *source)
{
	const char *path = NULL;

	ash_ignore(ash_cli_uri_pin_file(source, &path));
	return path;
}

TEST(a_pin_source_is_a_file_of_this_machine)
{
	EXPECT_TEXT("/etc/pin", pin_file("/etc/pin"));
	EXPECT_TEXT("/etc/pin", pin_file("file:/etc/pin"));
	EXPECT_TEXT("/etc/pin", pin_file("FILE:///etc/pin"));
	EXPECT_TEXT("/etc/pin", pin_file("file://localhost/etc/pin"));
	EXPECT(pin_file("file://elsewhere/etc/pin") == NULL);
	EXPECT(pin_file("file:") == NULL);
	EXPECT(pin_file("pin") == NULL);
	EXPECT(strstr(ash_status_explanation(), "absolute path") != NULL);
	EXPECT(pin_file("|/usr/bin/pinentry") == NULL);
	EXPECT(strstr(ash_status_explanation(), "names a command, and none is run") != NULL);
}

TEST(no_memory_is_told)
{
	static const char text[] = "pkcs11:token=a;object=b;id=%01?pin-source=/a&x=y";
	ASH_AUTO(ash_cli_uri) read = ASH_CLI_URI_NONE;
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	FAIL_EVERY_ALLOCATION(ash_cli_uri_text(&read, ASH_CLI_URI_TOKEN) == NULL,
			      ash_cli_uri_parse(text, &read));
	FAIL_EVERY_ALLOCATION(true, (ash_buf_done(&out), ash_cli_uri_print(&read, &out)));
	EXPECT_SPAN(TEXT("pkcs11:token=a;object=b;id=%01?pin-source=%2Fa"), ash_buf_span(&out));
	FAIL_EVERY_ALLOCATION(strcmp(ash_cli_uri_text(&read, ASH_CLI_URI_TOKEN), "a") == 0,
			      ash_cli_uri_set(&read, ASH_CLI_URI_TOKEN, TEXT("c")));
	ash_cli_uri_done(&uri);
}
