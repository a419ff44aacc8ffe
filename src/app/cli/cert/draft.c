/* What a certificate is to say: the options. draft_sign.c makes it. */
#include "app/cli/cert/draft.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "app/cli/print/text.h"
#include "crypto/openssl/certext.h"
#include "crypto/openssl/certname.h"

#define DAYS         365u
#define DAYS_MAX     365000u /* RFC 5280 has years of four digits */
#define PATH_LEN_MAX 255u
#define DAY          86400

/* RFC 5280 §4.2.1.3, by their bits. */
static const struct {
	const char *word;
	const char *text;
} usages[ASH_CERTIFY_USAGES] = {
	{ "digitalSignature", "sign, in TLS say" },
	{ "nonRepudiation", "sign what binds the signer" },
	{ "keyEncipherment", "decrypt keys (RSA)" },
	{ "dataEncipherment", "decrypt data" },
	{ "keyAgreement", "agree on keys" },
	{ "keyCertSign", "sign certificates" },
	{ "cRLSign", "sign lists of revoked ones" },
	{ "encipherOnly", "with keyAgreement: encrypt alone" },
	{ "decipherOnly", "with keyAgreement: decrypt alone" },
};

#define SIGNS     ASH_CERTIFY_USAGE(0)
#define DECIPHERS ASH_CERTIFY_USAGE(2)
#define AGREES    ASH_CERTIFY_USAGE(4)
#define CERT_SIGN ASH_CERTIFY_USAGE(5)
#define ISSUES    (CERT_SIGN | ASH_CERTIFY_USAGE(6))
#define ONLY      (ASH_CERTIFY_USAGE(7) | ASH_CERTIFY_USAGE(8)) /* encipher or decipher */

static const struct profile {
	const char *name;
	const char *text;
	enum ash_certify_constraints constraints;
	unsigned usage;
	const char *purposes;
	bool rsa_exchange;
} profiles[] = {
	{ "ca", "an authority: CA:TRUE, keyCertSign, cRLSign", ASH_CERTIFY_AUTHORITY, ISSUES, NULL, false },
	{ "server", "a TLS server: digitalSignature, RSA also keyEncipherment; serverAuth",
	  ASH_CERTIFY_END_ENTITY, SIGNS, "serverAuth", true },
	{ "client", "a TLS client: digitalSignature; clientAuth", ASH_CERTIFY_END_ENTITY, SIGNS, "clientAuth",
	  false },
	{ "codesign", "who signs programs: digitalSignature; codeSigning", ASH_CERTIFY_END_ENTITY, SIGNS,
	  "codeSigning", false },
};

const struct ash_cli_option ash_cli_cert_draft_options[] = {
	{ .id = ASH_CLI_OPT_SUBJECT,
	  .name = "subject",
	  .letter = 's',
	  .value = "NAME",
	  .text = "whose it is: CN=www.example.org,O=Example, or /O=Example/CN=www.example.org",
	  .required = true },
	{ .id = ASH_CLI_OPT_SAN,
	  .name = "san",
	  .value = "NAMES",
	  .text = "other names of the subject: dns:NAME,ip:ADDRESS,email:ADDRESS,uri:URI" },
	{ .id = ASH_CLI_OPT_PROFILE,
	  .name = "profile",
	  .value = "ca|server|client|codesign",
	  .text = "what it is for; see below" },
	{ .id = ASH_CLI_OPT_KEY_USAGE,
	  .name = "key-usage",
	  .value = "USES",
	  .text = "what the key may do, in place of the profile's; see below" },
	{ .id = ASH_CLI_OPT_EXT_KEY_USAGE,
	  .name = "ext-key-usage",
	  .value = "USES",
	  .text = "purposes, in place of the profile's: serverAuth, emailProtection, …, or numbers" },
	{ .id = ASH_CLI_OPT_CA, .name = "ca", .text = "it may issue certificates (CA:TRUE)" },
	{ .id = ASH_CLI_OPT_PATH_LENGTH,
	  .name = "path-length",
	  .value = "N",
	  .text = "of an authority: how many others may stand between it and the last certificate" },
	{ .id = ASH_CLI_OPT_PSS, .name = "pss", .text = "RSA: sign with PSS, not PKCS#1 v1.5" },
	{ .id = ASH_CLI_OPT_HASH,
	  .name = "hash",
	  .value = "HASH",
	  .text = "RSA and ECDSA: sha256, sha384 or sha512; else what suits the key" },
	{ .id = ASH_CLI_OPT_OUTPUT,
	  .name = "output",
	  .letter = 'o',
	  .value = "FILE",
	  .text = "where it goes; else to standard output" },
	{ .name = NULL },
};

const struct ash_cli_option ash_cli_cert_validity_options[] = {
	{ .id = ASH_CLI_OPT_DAYS,
	  .name = "days",
	  .value = "N",
	  .text = "how long it is valid, from now; else 365" },
	{ .id = ASH_CLI_OPT_CERT_SERIAL,
	  .name = "cert-serial",
	  .value = "HEX",
	  .text = "its serial number, up to 159 bits; else 159 random ones" },
	{ .name = NULL },
};

void ash_cli_cert_draft_help(FILE *out)
{
	fputs("\nprofiles:\n", out);
	for (size_t i = 0; i < ASH_COUNT(profiles); i++)
		fprintf(out, "  %-17s %s\n", profiles[i].name, profiles[i].text);
	fputs("\nkey usages:\n", out);
	for (size_t i = 0; i < ASH_COUNT(usages); i++)
		fprintf(out, "  %-17s %s\n", usages[i].word, usages[i].text);
}

void ash_cli_cert_draft_done(struct ash_cli_cert_draft *draft)
{
	ash_buf_done(&draft->subject);
	ash_buf_done(&draft->purposes);
	ash_buf_done(&draft->alt_names);
	ash_buf_done(&draft->key_info);
	ash_buf_done(&draft->serial);
}

/* What a parser of the crypto room had to say against an option's value. */
static ASH_STATUS tell_refused(struct ash_cli *cli, struct ash_status status, const char *name)
{
	if (status.code != ASH_E_FORMAT)
		return status;
	return ash_cli_refuse(cli, ASH_CLI_USAGE, "can't take the value of --%s: %s", name,
			      ash_status_explanation());
}

static ASH_STATUS read_profile(struct ash_cli *cli, struct ash_cli_cert_draft *draft)
{
	const char *name = cli->values[ASH_CLI_OPT_PROFILE];
	const struct profile *profile = NULL;

	if (name == NULL)
		return ASH_DONE;
	for (size_t i = 0; i < ASH_COUNT(profiles); i++) {
		if (strcmp(name, profiles[i].name) == 0)
			profile = &profiles[i];
	}
	if (profile == NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--profile takes ca, server, client or codesign, not \"%s\"",
				      ash_cli_escaped(ash_span_text(name)).text);
	draft->certify.constraints = profile->constraints;
	draft->certify.key_usage = profile->usage;
	draft->rsa_exchange = profile->rsa_exchange && !ash_cli_has(cli, ASH_CLI_OPT_KEY_USAGE);
	if (profile->purposes != NULL && !ash_cli_has(cli, ASH_CLI_OPT_EXT_KEY_USAGE))
		return ash_certext_purposes(ash_span_text(profile->purposes), &draft->purposes);
	return ASH_DONE;
}

/* Constraints that an option asks for, whatever the profile. */
static ASH_STATUS read_constraints(struct ash_cli *cli, struct ash_cli_cert_draft *draft)
{
	unsigned long long path_len = 0;

	draft->certify.path_len = -1;
	if (ash_cli_has(cli, ASH_CLI_OPT_CA)) {
		if (draft->certify.constraints == ASH_CERTIFY_END_ENTITY)
			return ash_cli_refuse(cli, ASH_CLI_USAGE, "--ca does not go with --profile %s",
					      cli->values[ASH_CLI_OPT_PROFILE]);
		draft->certify.constraints = ASH_CERTIFY_AUTHORITY;
	}
	if (!ash_cli_has(cli, ASH_CLI_OPT_PATH_LENGTH))
		return ASH_DONE;
	if (draft->certify.constraints != ASH_CERTIFY_AUTHORITY)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--path-length is for authorities: --profile ca, or --ca");
	ASH_TRY(ash_cli_options_number(cli, ASH_CLI_OPT_PATH_LENGTH, "path-length", PATH_LEN_MAX, &path_len));
	draft->certify.path_len = (int)path_len;
	return ASH_DONE;
}

static ASH_STATUS read_usage(struct ash_cli *cli, struct ash_cli_cert_draft *draft)
{
	const char *words = cli->values[ASH_CLI_OPT_KEY_USAGE];

	if (words == NULL)
		return ASH_DONE;
	draft->certify.key_usage = 0;
	do {
		const size_t len = strcspn(words, ",");
		size_t i = 0;

		while (i < ASH_COUNT(usages) &&
		       (strlen(usages[i].word) != len || strncasecmp(usages[i].word, words, len) != 0))
			i++;
		if (i == ASH_COUNT(usages))
			return ash_cli_refuse(cli, ASH_CLI_USAGE, "there is no key usage \"%s\"",
					      ash_cli_escaped(ash_span(words, len)).text);
		draft->certify.key_usage |= ASH_CERTIFY_USAGE(i);
		words += len;
	} while (*words++ == ',');
	return ASH_DONE;
}

/* RFC 5280 §4.2.1.3, §4.2.1.9: who issues certificates says so twice, and both have to agree. */
static ASH_STATUS check_usage(struct ash_cli *cli, struct ash_cli_cert_draft *draft)
{
	const bool authority = draft->certify.constraints == ASH_CERTIFY_AUTHORITY;

	if (authority && draft->certify.key_usage == 0)
		draft->certify.key_usage = ISSUES;
	if (!authority && (draft->certify.key_usage & CERT_SIGN) != 0)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "keyCertSign is for authorities: --profile ca, or --ca");
	if (authority && (draft->certify.key_usage & CERT_SIGN) == 0)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "an authority signs certificates: --key-usage has to have keyCertSign");
	if ((draft->certify.key_usage & ONLY) != 0 && (draft->certify.key_usage & AGREES) == 0)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "encipherOnly and decipherOnly mean nothing without keyAgreement");
	return ASH_DONE;
}

static ASH_STATUS read_texts(struct ash_cli *cli, struct ash_cli_cert_draft *draft)
{
	const char *purposes = cli->values[ASH_CLI_OPT_EXT_KEY_USAGE];
	const char *names = cli->values[ASH_CLI_OPT_SAN];
	struct ash_status status =
		ash_certname_read(ash_span_text(cli->values[ASH_CLI_OPT_SUBJECT]), &draft->subject);

	if (!ash_is_ok(status))
		return tell_refused(cli, status, "subject");
	if (purposes != NULL)
		status = ash_certext_purposes(ash_span_text(purposes), &draft->purposes);
	if (!ash_is_ok(status))
		return tell_refused(cli, status, "ext-key-usage");
	if (names != NULL)
		status = ash_certext_alt_names(ash_span_text(names), &draft->alt_names);
	if (!ash_is_ok(status))
		return tell_refused(cli, status, "san");
	return ASH_DONE;
}

/* RFC 5280 §4.1.2.6: who has no name has other names. */
static ASH_STATUS check_subject(struct ash_cli *cli, bool request, const struct ash_cli_cert_draft *draft)
{
	if (draft->subject.len > 2 || (request && draft->alt_names.len != 0))
		return ASH_DONE;
	return ash_cli_refuse(cli, ASH_CLI_USAGE,
			      request ? "--subject may be empty only where --san says whose it is"
				      : "--subject may not be empty: it is the issuer too");
}

static ASH_STATUS read_algorithm(struct ash_cli *cli, struct ash_cli_cert_draft *draft)
{
	draft->pss = ash_cli_has(cli, ASH_CLI_OPT_PSS);
	if (!ash_cli_has(cli, ASH_CLI_OPT_HASH))
		return ASH_DONE;
	ASH_TRY(ash_cli_hash_read(cli, ASH_CLI_OPT_HASH, "hash", &draft->hash));
	if (draft->hash == ASH_HASH_SHA256 || draft->hash == ASH_HASH_SHA384 ||
	    draft->hash == ASH_HASH_SHA512)
		return ASH_DONE;
	return ash_cli_refuse(cli, ASH_CLI_USAGE, "--hash takes sha256, sha384 or sha512 here");
}

static ASH_STATUS read_serial(struct ash_cli *cli, struct ash_cli_cert_draft *draft)
{
	const char *hex = cli->values[ASH_CLI_OPT_CERT_SERIAL];
	bool zero = true;

	if (hex == NULL)
		return ASH_DONE;
	if (!ash_is_ok(ash_cli_unhex(hex, &draft->serial)) || draft->serial.len > ASH_CLI_CERT_SERIAL_LEN)
		draft->serial.len = 0;
	for (size_t i = 0; i < draft->serial.len; i++)
		zero = zero && draft->serial.data[i] == 0;
	/* The number has a sign, which takes a bit of the 20 bytes. */
	if (zero || (draft->serial.len == ASH_CLI_CERT_SERIAL_LEN && (draft->serial.data[0] & 0x80) != 0))
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--cert-serial takes a number above 0, of at most 159 bits, in hex");
	return ASH_DONE;
}

static ASH_STATUS read_validity(struct ash_cli *cli, struct ash_cli_cert_draft *draft)
{
	unsigned long long days = DAYS;

	if (ash_cli_has(cli, ASH_CLI_OPT_DAYS)) {
		ASH_TRY(ash_cli_options_number(cli, ASH_CLI_OPT_DAYS, "days", DAYS_MAX, &days));
		if (days == 0)
			return ash_cli_refuse(cli, ASH_CLI_USAGE, "--days takes 1 or more");
	}
	draft->certify.not_before = (int64_t)time(NULL);
	draft->certify.not_after = draft->certify.not_before + (int64_t)days * DAY;
	return read_serial(cli, draft);
}

ASH_STATUS ash_cli_cert_draft_read(struct ash_cli *cli, bool request, struct ash_cli_cert_draft *draft)
{
	draft->certify.request = request;
	ASH_TRY(read_profile(cli, draft));
	ASH_TRY(read_constraints(cli, draft));
	ASH_TRY(read_usage(cli, draft));
	ASH_TRY(check_usage(cli, draft));
	ASH_TRY(read_texts(cli, draft));
	ASH_TRY(check_subject(cli, request, draft));
	ASH_TRY(read_algorithm(cli, draft));
	return request ? ASH_DONE : read_validity(cli, draft);
}
