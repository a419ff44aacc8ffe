#include "app/cli/cert/draft.h"

#include "unit/app/cli/fake.h"

/* The CLI and the draft of the last read(); done with forget(). */
static struct ash_cli cli;
static struct ash_cli_cert_draft draft;

struct given {
	enum ash_cli_opt option;
	const char *value;
};

static void forget(void)
{
	ash_cli_cert_draft_done(&draft);
}

static enum ash_cli_exit read_given(bool request, const struct given *given, size_t count)
{
	forget();
	cli = fake_cli(NULL);
	draft = ASH_CLI_CERT_DRAFT_NONE;
	cli.values[ASH_CLI_OPT_SUBJECT] = "CN=web";
	for (size_t i = 0; i < count; i++)
		cli.values[given[i].option] = given[i].value;
	EXPECT(ash_is_ok(ash_cli_cert_draft_read(&cli, request, &draft)) == (cli.exit == ASH_CLI_DONE));
	fake_close(&cli);
	return cli.exit;
}
#define READ(request, ...)                                           \
	read_given((request), (const struct given[]){ __VA_ARGS__ }, \
		   sizeof((const struct given[]){ __VA_ARGS__ }) / sizeof(struct given))
#define SUBJECT(text)                       \
	{                                   \
		ASH_CLI_OPT_SUBJECT, (text) \
	}

TEST(a_plain_draft_says_only_whose_it_is)
{
	EXPECT_NUMBER(ASH_CLI_DONE, READ(true, SUBJECT("CN=web")));
	EXPECT(draft.certify.request && draft.subject.len == 16);
	EXPECT(draft.certify.constraints == ASH_CERTIFY_UNSAID && draft.certify.key_usage == 0);
	EXPECT(draft.purposes.len == 0 && draft.alt_names.len == 0 && draft.certify.path_len == -1);
	EXPECT(!draft.pss && draft.hash == ASH_HASH_NONE);
	forget();
}

TEST(an_authority_signs_certificates_and_nobody_else_does)
{
	EXPECT_NUMBER(ASH_CLI_DONE, READ(true, { ASH_CLI_OPT_CA, "" }));
	EXPECT(draft.certify.constraints == ASH_CERTIFY_AUTHORITY && draft.certify.key_usage == 0x60);
	forget();
	EXPECT_NUMBER(ASH_CLI_USAGE, READ(true, { ASH_CLI_OPT_PROFILE, "server" },
					  { ASH_CLI_OPT_KEY_USAGE, "keyCertSign" }));
	EXPECT_NUMBER(ASH_CLI_USAGE, READ(true, { ASH_CLI_OPT_PROFILE, "ca" },
					  { ASH_CLI_OPT_KEY_USAGE, "digitalSignature" }));
	EXPECT_NUMBER(ASH_CLI_USAGE, READ(true, { ASH_CLI_OPT_KEY_USAGE, "encipherOnly" }));
	forget();
}

TEST(profiles_are_short_for_several_options)
{
	EXPECT_NUMBER(ASH_CLI_DONE, READ(true, { ASH_CLI_OPT_PROFILE, "ca" }));
	EXPECT(draft.certify.constraints == ASH_CERTIFY_AUTHORITY && draft.certify.key_usage == 0x60);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      READ(true, { ASH_CLI_OPT_PROFILE, "ca" }, { ASH_CLI_OPT_PATH_LENGTH, "2" }));
	EXPECT_NUMBER(2, draft.certify.path_len);
	EXPECT_NUMBER(ASH_CLI_DONE, READ(true, { ASH_CLI_OPT_PROFILE, "server" }));
	EXPECT(draft.certify.constraints == ASH_CERTIFY_END_ENTITY && draft.certify.key_usage == 1);
	EXPECT(draft.rsa_exchange && draft.purposes.len == 12);
	EXPECT_NUMBER(ASH_CLI_DONE, READ(true, { ASH_CLI_OPT_PROFILE, "server" },
					 { ASH_CLI_OPT_KEY_USAGE, "keyagreement,decipherOnly" },
					 { ASH_CLI_OPT_EXT_KEY_USAGE, "1.2.3" }));
	EXPECT(draft.certify.key_usage == (1u << 4 | 1u << 8) && !draft.rsa_exchange);
	EXPECT_NUMBER(6, draft.purposes.len);
	EXPECT_NUMBER(ASH_CLI_DONE, READ(true, { ASH_CLI_OPT_CA, "" }));
	EXPECT(draft.certify.constraints == ASH_CERTIFY_AUTHORITY && draft.certify.key_usage == 0x60);
	forget();
}

TEST(a_certificate_has_days_and_a_number)
{
	EXPECT_NUMBER(ASH_CLI_DONE, READ(false, SUBJECT("CN=web")));
	EXPECT_NUMBER(365 * 86400, draft.certify.not_after - draft.certify.not_before);
	EXPECT_NUMBER(0, draft.serial.len);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      READ(false, { ASH_CLI_OPT_DAYS, "2" }, { ASH_CLI_OPT_CERT_SERIAL, "00:ff" }));
	EXPECT_NUMBER(2 * 86400, draft.certify.not_after - draft.certify.not_before);
	EXPECT_SPAN(TEXT("\x00\xff"), ash_buf_span(&draft.serial));
	forget();
}

TEST(who_has_no_name_has_other_names)
{
	EXPECT_NUMBER(ASH_CLI_DONE, READ(true, SUBJECT(""), { ASH_CLI_OPT_SAN, "dns:a.b" }));
	EXPECT(draft.alt_names.len != 0);
	EXPECT_NUMBER(ASH_CLI_USAGE, READ(true, SUBJECT("/")));
	EXPECT(strstr(fake_err, "only where --san says whose it is") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, READ(false, SUBJECT(""), { ASH_CLI_OPT_SAN, "dns:a.b" }));
	EXPECT(strstr(fake_err, "it is the issuer too") != NULL);
	forget();
}

TEST(what_cannot_be_is_told)
{
	static const struct {
		struct given given;
		const char *told;
	} bad[] = {
		{ SUBJECT("web"), "can't take the value of --subject: \"=\" is missing behind web" },
		{ { ASH_CLI_OPT_SAN, "a.b" }, "can't take the value of --san: \"a.b\" does not begin with" },
		{ { ASH_CLI_OPT_EXT_KEY_USAGE, "x" },
		  "can't take the value of --ext-key-usage: there is no" },
		{ { ASH_CLI_OPT_KEY_USAGE, "digitalSignature,x" }, "there is no key usage \"x\"" },
		{ { ASH_CLI_OPT_KEY_USAGE, "" }, "there is no key usage \"\"" },
		{ { ASH_CLI_OPT_PROFILE, "x" }, "--profile takes ca, server, client or codesign" },
		{ { ASH_CLI_OPT_PATH_LENGTH, "1" }, "--path-length is for authorities" },
		{ { ASH_CLI_OPT_HASH, "sha3-256" }, "--hash takes sha256, sha384 or sha512 here" },
		{ { ASH_CLI_OPT_DAYS, "0" }, "--days takes 1 or more" },
		{ { ASH_CLI_OPT_DAYS, "365001" }, "--days takes a number" },
		{ { ASH_CLI_OPT_CERT_SERIAL, "0000" }, "--cert-serial takes a number above 0" },
		{ { ASH_CLI_OPT_CERT_SERIAL, "x" }, "--cert-serial takes a number above 0" },
		{ { ASH_CLI_OPT_CERT_SERIAL, "8000000000000000000000000000000000000000" },
		  "at most 159 bits" },
	};

	for (size_t i = 0; i < ASH_COUNT(bad); i++) {
		EXPECT_NUMBER(ASH_CLI_USAGE, read_given(false, &bad[i].given, 1));
		EXPECT(strstr(fake_err, bad[i].told) != NULL);
	}
	EXPECT_NUMBER(ASH_CLI_USAGE, READ(true, { ASH_CLI_OPT_PROFILE, "client" }, { ASH_CLI_OPT_CA, "" }));
	EXPECT(strstr(fake_err, "--ca does not go with --profile client") != NULL);
	forget();
}

TEST(the_help_names_profiles_and_usages)
{
	struct ash_cli other = fake_cli(NULL);

	ash_cli_cert_draft_help(other.out);
	fake_close(&other);
	EXPECT(strstr(fake_out, "codesign") != NULL && strstr(fake_out, "keyCertSign") != NULL);
}

TEST(a_draft_needs_memory)
{
	struct ash_cli failing = fake_cli(NULL);

	failing.values[ASH_CLI_OPT_SUBJECT] = "CN=web";
	failing.values[ASH_CLI_OPT_PROFILE] = "server";
	failing.values[ASH_CLI_OPT_SAN] = "dns:a.b";
	draft = ASH_CLI_CERT_DRAFT_NONE;
	FAIL_EVERY_ALLOCATION(
		failing.exit == ASH_CLI_DONE,
		(forget(), draft = ASH_CLI_CERT_DRAFT_NONE, ash_cli_cert_draft_read(&failing, true, &draft)));
	fake_close(&failing);
	forget();
}
