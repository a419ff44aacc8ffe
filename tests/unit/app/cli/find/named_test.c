#include "unit/app/cli/fake.h"

#include "app/cli/find/named.h"

static const struct ash_cli_token token = { .slot = 0, .info = { .label = "my ca", .serial = "42" } };
static const struct ash_cli_command picks = { .name = "key show", .takes_object = true };
static const struct ash_cli_command makes = { .name = "key generate" };

/* The CLI of the last read(); done with forget(). */
static struct ash_cli cli;

static enum ash_cli_exit read_for(const struct ash_cli_command *command, const char *uri,
				  enum ash_cli_opt option)
{
	ash_cli_named_forget(&cli);
	cli = fake_cli(NULL);
	cli.command = command;
	cli.values[ASH_CLI_OPT_URI] = uri;
	if (option != ASH_CLI_OPT_HELP)
		cli.values[option] = "given";
	ash_ignore(ash_cli_named_read(&cli));
	fake_close(&cli);
	return cli.exit;
}

#define READ(uri) read_for(&picks, (uri), ASH_CLI_OPT_HELP)

TEST(a_uri_stands_for_options)
{
	EXPECT_NUMBER(ASH_CLI_DONE, READ(NULL));
	EXPECT_NUMBER(ASH_CLI_DONE, READ("pkcs11:token=my%20ca;serial=42;slot-id=7;object=web;id=%01%AB;"
					 "type=private?pin-source=file:/etc/pin"));
	EXPECT_TEXT("my ca", cli.values[ASH_CLI_OPT_TOKEN]);
	EXPECT_TEXT("42", cli.values[ASH_CLI_OPT_SERIAL]);
	EXPECT_TEXT("7", cli.values[ASH_CLI_OPT_SLOT]);
	EXPECT_TEXT("web", cli.values[ASH_CLI_OPT_LABEL]);
	EXPECT_TEXT("01ab", cli.values[ASH_CLI_OPT_ID]);
	EXPECT_TEXT("private", cli.values[ASH_CLI_OPT_CLASS]);
	EXPECT_TEXT("/etc/pin", cli.values[ASH_CLI_OPT_PIN_FILE]);
	EXPECT_TEXT("", fake_err);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("pkcs11:?x-vendor=1"));
	EXPECT(strstr(fake_err, "warning: the x-vendor of the URI is not known here") != NULL);
	ash_cli_named_forget(&cli);
}

TEST(what_is_said_twice_is_refused)
{
	static const struct {
		const char *uri;
		enum ash_cli_opt option;
	} both[] = {
		{ "pkcs11:token=a", ASH_CLI_OPT_TOKEN },
		{ "pkcs11:serial=1", ASH_CLI_OPT_SERIAL },
		{ "pkcs11:slot-id=1", ASH_CLI_OPT_SLOT },
		{ "pkcs11:object=a", ASH_CLI_OPT_LABEL },
		{ "pkcs11:id=%01", ASH_CLI_OPT_ID },
		{ "pkcs11:type=cert", ASH_CLI_OPT_CLASS },
		{ "pkcs11:?pin-source=/a", ASH_CLI_OPT_PIN_FILE },
	};

	for (size_t i = 0; i < ASH_COUNT(both); i++) {
		EXPECT_NUMBER(ASH_CLI_USAGE, read_for(&picks, both[i].uri, both[i].option));
		EXPECT(strstr(fake_err, "one of them is enough") != NULL);
	}
	EXPECT_NUMBER(ASH_CLI_DONE, read_for(&picks, "pkcs11:token=a", ASH_CLI_OPT_SERIAL));
	ash_cli_named_forget(&cli);
}

TEST(what_wants_a_token_takes_no_object)
{
	EXPECT_NUMBER(ASH_CLI_DONE, read_for(&makes, "pkcs11:token=a", ASH_CLI_OPT_LABEL));
	EXPECT_NUMBER(ASH_CLI_USAGE, read_for(&makes, "pkcs11:token=a;object=b", ASH_CLI_OPT_HELP));
	EXPECT(strstr(fake_err,
		      "the URI names an object (object), and `ashlar key generate` wants a token") != NULL);
	EXPECT(cli.values[ASH_CLI_OPT_LABEL] == NULL);
	ash_cli_named_forget(&cli);
}

TEST(what_is_no_uri_is_told_without_its_pin)
{
	EXPECT_NUMBER(ASH_CLI_USAGE, READ("token=a"));
	EXPECT(strstr(fake_err, "can't take the URI of --uri: it does not begin with pkcs11:") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, READ("pkcs11:?pin-value=secret"));
	EXPECT(strstr(fake_err, "pin-value is not taken") != NULL && strstr(fake_err, "secret") == NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, READ("pkcs11:?pin-source=%7Ccommand"));
	EXPECT(strstr(fake_err, "none is run") != NULL);
	ash_cli_named_forget(&cli);
}

TEST(a_uri_needs_memory)
{
	struct ash_cli failing = fake_cli(NULL);

	failing.command = &picks;
	failing.values[ASH_CLI_OPT_URI] = "pkcs11:token=a;id=%01";
	FAIL_EVERY_ALLOCATION(failing.exit == ASH_CLI_DONE,
			      (ash_cli_named_forget(&failing), failing.values[ASH_CLI_OPT_TOKEN] = NULL,
			       failing.values[ASH_CLI_OPT_ID] = NULL, ash_cli_named_read(&failing)));
	EXPECT_TEXT("01", failing.values[ASH_CLI_OPT_ID]);
	ash_cli_named_forget(&failing);
	fake_close(&failing);
}

static void fill(struct ash_hsm *hsm)
{
	static const struct {
		uint64_t class;
		const char *label;
	} objects[] = {
		{ CKO_PUBLIC_KEY, "web" },
		{ CKO_PRIVATE_KEY, "web" },
		{ CKO_SECRET_KEY, "disk" },
		{ CKO_CERTIFICATE, "web" },
	};

	hsm->session_open = true;
	for (size_t i = 0; i < ASH_COUNT(objects); i++) {
		uint8_t id = objects[i].class == CKO_SECRET_KEY ? 2 : 1;

		hsm->objects[i].used = true;
		fake_set_number(&hsm->objects[i], CKA_CLASS, objects[i].class);
		fake_set(&hsm->objects[i], CKA_LABEL, ash_span_text(objects[i].label));
		fake_set(&hsm->objects[i], CKA_ID, ash_span(&id, 1));
	}
}

static ash_handle object;

static enum ash_cli_exit name(struct ash_hsm *hsm, const char *text, size_t classes)
{
	static const uint64_t all[] = { CKO_SECRET_KEY, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };
	struct ash_cli other = fake_cli(hsm);

	object = 0;
	ash_ignore(ash_cli_object_named(&other, &token, 7, "wrapping-key", text, all, classes, &object));
	fake_close(&other);
	EXPECT((object == 0) == (other.exit != ASH_CLI_DONE));
	EXPECT(!hsm->searching);
	return other.exit;
}

TEST(a_second_key_is_named_by_a_text)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, name(&hsm, "label:disk", 1));
	EXPECT_NUMBER(3, object);
	EXPECT_NUMBER(ASH_CLI_DONE, name(&hsm, "id:02", 3));
	EXPECT_NUMBER(3, object);
	EXPECT_NUMBER(ASH_CLI_DONE, name(&hsm, "label:web", 2));
	EXPECT_NUMBER(2, object);
	EXPECT_NUMBER(ASH_CLI_DONE, name(&hsm, "pkcs11:token=my%20ca;object=web;type=public", 3));
	EXPECT_NUMBER(1, object);
	EXPECT_NUMBER(ASH_CLI_DONE, name(&hsm, "pkcs11:id=%01;type=private", 3));
	EXPECT_NUMBER(2, object);
	EXPECT_NUMBER(ASH_CLI_DONE, name(&hsm, "pkcs11:", 1));
	EXPECT_NUMBER(3, object);
}

TEST(a_text_that_names_no_key_or_several_is_refused)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, name(&hsm, "label:none", 3));
	EXPECT(strstr(fake_err, "no object of token \"my ca\" fits --wrapping-key label:none") != NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, name(&hsm, "pkcs11:object=web;type=cert", 3));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, name(&hsm, "pkcs11:token=other;object=web;type=public", 3));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, name(&hsm, "pkcs11:serial=43;object=disk", 3));
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, name(&hsm, "label:web", 3));
	EXPECT(strstr(fake_err, "2 objects of token \"my ca\" fit") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, name(&hsm, "web", 3));
	EXPECT(strstr(fake_err, "--wrapping-key takes pkcs11:") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, name(&hsm, "id:", 3));
	EXPECT_NUMBER(ASH_CLI_USAGE, name(&hsm, "id:0", 3));
	EXPECT_NUMBER(ASH_CLI_USAGE, name(&hsm, "pkcs11:object", 3));
	EXPECT(strstr(fake_err, "can't take the URI of --wrapping-key") != NULL);
	hsm.fails = "find_next";
	hsm.code = ASH_E_IO;
	EXPECT_NUMBER(ASH_CLI_STORAGE, name(&hsm, "label:disk", 3));
}

TEST(classes_have_words)
{
	struct ash_cli other = fake_cli(NULL);
	uint64_t class = 99;
	bool given = true;

	EXPECT_OK(ash_cli_named_class(&other, &given, &class));
	EXPECT(!given && class == 99);
	other.values[ASH_CLI_OPT_CLASS] = "secret-key";
	EXPECT_OK(ash_cli_named_class(&other, &given, &class));
	EXPECT(given && class == CKO_SECRET_KEY);
	other.values[ASH_CLI_OPT_CLASS] = "\x1b";
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_named_class(&other, &given, &class));
	fake_close(&other);
	EXPECT(strstr(fake_err, "\"\\x1b\" is not one of public") != NULL);
}

static const char *uri_of(const struct ash_cli_token *of, uint64_t class, struct ash_span label,
			  struct ash_span id)
{
	static char text[200];
	json_t *row = json_object();
	const char *uri;

	EXPECT_OK(ash_cli_named_set_uri(row, of, class, label, id));
	uri = json_string_value(json_object_get(row, "uri"));
	snprintf(text, sizeof(text), "%s", uri != NULL ? uri : "none");
	json_decref(row);
	return text;
}

TEST(objects_have_uris_where_something_names_them)
{
	struct ash_cli_token twin = token;

	EXPECT_TEXT("pkcs11:token=my%20ca;object=web;id=%01;type=private",
		    uri_of(&token, CKO_PRIVATE_KEY, TEXT("web"), TEXT("\x01")));
	EXPECT_TEXT("pkcs11:token=my%20ca;type=data", uri_of(&token, CKO_DATA, ASH_SPAN_NONE, ASH_SPAN_NONE));
	EXPECT_TEXT("none", uri_of(&token, CKO_PROFILE, ASH_SPAN_NONE, ASH_SPAN_NONE));
	twin.twin = true;
	EXPECT_TEXT("pkcs11:token=my%20ca;serial=42;object=x;type=cert",
		    uri_of(&twin, CKO_CERTIFICATE, TEXT("x"), ASH_SPAN_NONE));
}
