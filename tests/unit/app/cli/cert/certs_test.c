#include "app/cli/cert/certs.h"

#include "app/cli/cert/object.h"
#include "unit/app/cli/fake.h"
#include "unit/crypto/openssl/certificates.h"

static const struct ash_cli_token token = { .slot = 0, .info = { .label = "ca", .serial = "42" } };

/* Root and leaf on the token, and the leaf's private key. */
static void fill(struct ash_hsm *hsm)
{
	ASH_AUTO(ash_buf) root = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) leaf = ASH_BUF_PLAIN;
	ASH_AUTO(ash_certificate) facts = ASH_CERTIFICATE_NONE;
	struct ash_cli cli = fake_cli(hsm);
	struct ash_cli_cert_made made;

	hsm->session_open = hsm->session_writes = hsm->user = true;
	(void)certificate_of(ROOT_PEM, 0, &root);
	(void)certificate_of(LEAF_PEM, 0, &leaf);
	EXPECT_OK(ash_certificate_read(ash_buf_span(&leaf), &facts));
	hsm->objects[0].used = true;
	fake_set_number(&hsm->objects[0], CKA_CLASS, CKO_PRIVATE_KEY);
	fake_set_number(&hsm->objects[0], CKA_KEY_TYPE, CKK_EC_EDWARDS);
	fake_set(&hsm->objects[0], CKA_LABEL, TEXT("key"));
	fake_set(&hsm->objects[0], CKA_ID, TEXT("\x0b"));
	fake_set(&hsm->objects[0], CKA_PUBLIC_KEY_INFO, ash_buf_span(&facts.key_info));
	EXPECT_OK(ash_cli_cert_store(&cli, 7, &(struct ash_cli_cert_plan){ .der = ash_buf_span(&root) },
				     &made));
	EXPECT_OK(ash_cli_cert_store(
		&cli, 7, &(struct ash_cli_cert_plan){ .der = ash_buf_span(&leaf), .label = TEXT("leaf") },
		&made));
	fake_close(&cli);
}

static const char *text(const struct ash_cli_cert *cert, const char *key)
{
	return json_string_value(json_object_get(cert->row, key));
}

TEST(certificates_are_described)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_cli_certs) certs = ASH_CLI_CERTS_NONE;
	struct ash_cli cli;
	const struct ash_cli_cert *root, *leaf;

	fill(&hsm);
	cli = fake_cli(&hsm);
	EXPECT_OK(ash_cli_certs_find(&cli, &token, 7, false, true, &certs));
	EXPECT_NUMBER(2, certs.count);
	root = &certs.cert[0];
	leaf = &certs.cert[1];
	EXPECT(root->readable && leaf->readable);
	EXPECT_TEXT("Root", text(root, "label"));
	EXPECT_TEXT("CN=Root,CN=Old,O=Example\\, Ltd,C=DE", text(root, "subject"));
	EXPECT_TEXT(text(root, "subject"), text(leaf, "issuer"));
	EXPECT_TEXT("00ff01", text(root, "serial"));
	EXPECT_TEXT("2026-11-26T05:23:00Z", text(root, "not_before"));
	EXPECT_TEXT("2059-10-04T05:23:00Z", text(root, "not_after"));
	EXPECT_TEXT("ecdsa-with-SHA256", text(leaf, "signature_algorithm"));
	EXPECT(json_is_true(json_object_get(root->row, "authority")));
	EXPECT(json_is_false(json_object_get(leaf->row, "authority")));
	EXPECT(json_is_false(json_object_get(root->row, "has_private_key")));
	EXPECT(json_is_null(json_object_get(root->row, "private_key")));
	EXPECT(json_is_true(json_object_get(leaf->row, "has_private_key")));
	EXPECT_TEXT("pkcs11:token=ca;object=key;id=%0B;type=private", text(leaf, "private_key"));
	EXPECT_TEXT("pkcs11:token=ca;object=leaf;id=%0B;type=cert", text(leaf, "uri"));
	fake_close(&cli);
}

TEST(without_a_login_keys_are_not_looked_for)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_cli_certs) certs = ASH_CLI_CERTS_NONE;
	struct ash_cli cli;

	fill(&hsm);
	cli = fake_cli(&hsm);
	EXPECT_OK(ash_cli_certs_find(&cli, &token, 7, false, false, &certs));
	EXPECT(json_is_null(json_object_get(certs.cert[1].row, "has_private_key")));
	fake_close(&cli);
}

static size_t count_found(struct ash_hsm *hsm, const char *label, const char *id, bool all)
{
	ASH_AUTO(ash_cli_certs) certs = ASH_CLI_CERTS_NONE;
	struct ash_cli cli = fake_cli(hsm);

	cli.values[ASH_CLI_OPT_LABEL] = label;
	cli.values[ASH_CLI_OPT_ID] = id;
	EXPECT_OK(ash_cli_certs_find(&cli, &token, 7, all, false, &certs));
	fake_close(&cli);
	return certs.count;
}

TEST(options_choose)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(1, count_found(&hsm, "leaf", NULL, false));
	EXPECT_NUMBER(1, count_found(&hsm, NULL, "0b", false));
	EXPECT_NUMBER(0, count_found(&hsm, "Root", "0b", false));
	EXPECT_NUMBER(2, count_found(&hsm, "Root", "0b", true));
}

TEST(wrong_options_are_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli_certs certs = ASH_CLI_CERTS_NONE;
	struct ash_cli cli;

	fill(&hsm);
	cli = fake_cli(&hsm);
	cli.values[ASH_CLI_OPT_ID] = "0";
	EXPECT(!ash_is_ok(ash_cli_certs_find(&cli, &token, 7, false, false, &certs)));
	EXPECT_NUMBER(ASH_CLI_USAGE, cli.exit);
	fake_close(&cli);
	cli = fake_cli(&hsm);
	cli.values[ASH_CLI_OPT_CLASS] = "private";
	EXPECT(!ash_is_ok(ash_cli_certs_find(&cli, &token, 7, false, false, &certs)));
	EXPECT_NUMBER(ASH_CLI_USAGE, cli.exit);
	fake_close(&cli);
	cli = fake_cli(&hsm);
	hsm.fails = "find_next";
	hsm.code = ASH_E_IO;
	EXPECT(!ash_is_ok(ash_cli_certs_find(&cli, &token, 7, false, false, &certs)));
	EXPECT_NUMBER(ASH_CLI_STORAGE, cli.exit);
	fake_close(&cli);
	EXPECT(strstr(fake_err, "can't read the certificates of token \"ca\"") != NULL);
}

/* Other programs store what they like. */
TEST(what_is_no_certificate_is_listed_all_the_same)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_cli_certs) certs = ASH_CLI_CERTS_NONE;
	struct ash_cli cli;

	fill(&hsm);
	fake_set(&hsm.objects[1], CKA_VALUE, TEXT("nothing"));
	hsm.objects[2].damaged = true;
	cli = fake_cli(&hsm);
	EXPECT_OK(ash_cli_certs_find(&cli, &token, 7, false, true, &certs));
	EXPECT_NUMBER(1, certs.count);
	EXPECT(!certs.cert[0].readable);
	EXPECT_TEXT("Root", text(&certs.cert[0], "label"));
	EXPECT(json_is_null(json_object_get(certs.cert[0].row, "subject")));
	EXPECT_SPAN(TEXT("nothing"), ash_buf_span(&certs.cert[0].der));
	fake_close(&cli);
}

TEST(none_or_several_are_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_cli_certs) certs = ASH_CLI_CERTS_NONE;
	struct ash_cli cli;

	fill(&hsm);
	cli = fake_cli(&hsm);
	ash_ignore(ash_cli_certs_refuse(&cli, &certs));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, cli.exit);
	cli.exit = ASH_CLI_DONE;
	EXPECT_OK(ash_cli_certs_find(&cli, &token, 7, false, false, &certs));
	ash_ignore(ash_cli_certs_refuse(&cli, &certs));
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, cli.exit);
	fake_close(&cli);
	EXPECT(strstr(fake_err, "2 certificates match") != NULL);
	EXPECT(strstr(fake_err, "label \"leaf\", id 0b, subject CN=") != NULL);
}

TEST(a_row_of_its_own_has_no_place_on_a_token)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;
	ASH_CLI_AUTO_JSON *row = NULL;

	(void)certificate_of(ROOT_PEM, 0, &der);
	EXPECT_OK(ash_cli_cert_row(ash_buf_span(&der), &row));
	EXPECT(json_is_null(json_object_get(row, "uri")) && json_is_null(json_object_get(row, "label")));
	EXPECT_TEXT("00ff01", json_string_value(json_object_get(row, "serial")));
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_cert_row(TEXT("x"), &row));
}

TEST(finding_needs_memory)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli_certs certs = ASH_CLI_CERTS_NONE;
	struct ash_cli cli;

	fill(&hsm);
	cli = fake_cli(&hsm);
	FAIL_EVERY_ALLOCATION(certs.cert == NULL, (cli.exit = ASH_CLI_DONE,
						   ash_cli_certs_find(&cli, &token, 7, false, true, &certs)));
	EXPECT_NUMBER(2, certs.count);
	ash_cli_certs_done(&certs);
	fake_close(&cli);
}
