#include "app/cli/file/pem.h"

#include "unit/app/cli/fake.h"

/* "any carnal pleasure." and shorter, as RFC 4648 and everybody else encode it. */
static const struct {
	const char *base64;
	const char *bytes;
} known[] = {
	{ "YW55IGNhcm5hbCBwbGVhc3VyZS4=", "any carnal pleasure." },
	{ "YW55IGNhcm5hbCBwbGVhc3VyZQ==", "any carnal pleasure" },
	{ "YW55IGNhcm5hbCBwbGVhc3Vy", "any carnal pleasur" },
	{ "+/+/", "\xfb\xff\xbf" },
};

#define BLOCK(label, text) "-----BEGIN " label "-----\n" text "\n-----END " label "-----\n"
#define KEY(text)          BLOCK("PRIVATE KEY", text)

/* Reads the next key of a file into static room. */
static struct ash_cli_form form;

static struct ash_status next(struct ash_cli_pem *pem, struct ash_buf *der, bool *ret_found)
{
	ash_buf_reset(der);
	return ash_cli_pem_next(pem, der, &form, ret_found);
}

static enum ash_code first_of(const char *text)
{
	ASH_AUTO(ash_cli_pem) *pem = NULL;
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
	const char *file = fake_file(text, 0600);
	struct ash_status status = ash_cli_pem_open(file, &pem);
	bool found = true;

	unlink(file);
	EXPECT_OK(status);
	status = next(pem, &der, &found);
	if (!ash_is_ok(status))
		return status.code;
	return found ? ASH_OK : ASH_E_NOT_FOUND;
}

TEST(every_key_of_a_file_is_read)
{
	const char *file =
		fake_file("A title\n" KEY("YW55IGNhcm5h\r\n\tbCBwbGVhc3VyZS4=  ")
				  BLOCK("CERTIFICATE", "!!!") "\n\n" KEY("YW55IGNhcm5hbCBwbGVhc3Vy"),
			  0600);
	ASH_AUTO(ash_cli_pem) *pem = NULL;
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
	bool found = false;

	EXPECT_OK(ash_cli_pem_open(file, &pem));
	unlink(file);
	EXPECT_OK(next(pem, &der, &found));
	EXPECT(found);
	EXPECT_SPAN(TEXT("any carnal pleasure."), ash_buf_span(&der));
	EXPECT_NUMBER(2, ash_cli_pem_line(pem));
	EXPECT_OK(next(pem, &der, &found));
	EXPECT(found);
	EXPECT_SPAN(TEXT("any carnal pleasur"), ash_buf_span(&der));
	EXPECT_NUMBER(11, ash_cli_pem_line(pem));
	EXPECT_OK(next(pem, &der, &found));
	EXPECT(!found);
	EXPECT(ash_cli_pem_bytes(pem) > 150);
}

TEST(base64_is_read_as_it_is_written)
{
	for (size_t i = 0; i < ASH_COUNT(known); i++) {
		ASH_AUTO(ash_cli_pem) *pem = NULL;
		ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
		char text[200];
		const char *file = NULL;
		bool found = false;

		snprintf(text, sizeof(text), KEY("%s"), known[i].base64);
		file = fake_file(text, 0600);
		EXPECT_OK(ash_cli_pem_open(file, &pem));
		unlink(file);
		EXPECT_OK(next(pem, &der, &found));
		EXPECT_SPAN(ash_span_text(known[i].bytes), ash_buf_span(&der));
	}
}

TEST(what_is_no_whole_key_is_refused)
{
	static const char *const bad[] = {
		KEY("YW5"),
		KEY("YW5="
		    "IGNh"),
		KEY("YW="),
		KEY("YW55="),
		KEY("Y==="),
		KEY("YX=="),
		KEY("YW5*"),
		KEY("YW\x01="),
		KEY("YW5\xc3"),
		KEY(""),
		"-----BEGIN PRIVATE KEY-----\nYW55\n",
		"-----BEGIN PRIVATE KEY-----\nYW55\n-----END CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\nYW55\n-----BEGIN PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY----\nYW55\n-----END PRIVATE KEY-----\n",
		"x-----BEGIN PRIVATE KEY-----\nYW55\n-----END PRIVATE KEY-----\n",
		"----BEGIN PRIVATE KEY-----\nYW55\n-----END PRIVATE KEY-----\n",
	};

	for (size_t i = 0; i < ASH_COUNT(bad); i++) {
		if (first_of(bad[i]) != ASH_E_FORMAT)
			fprintf(stderr, "%zu: %s\n", i, bad[i]);
		EXPECT_NUMBER(ASH_E_FORMAT, first_of(bad[i]));
	}
	EXPECT_NUMBER(ASH_E_NOT_FOUND, first_of(""));
	EXPECT_NUMBER(ASH_E_NOT_FOUND, first_of("no key\n"));
	EXPECT_NUMBER(ASH_E_NOT_FOUND, first_of(BLOCK("PUBLIC KEY", "YW55")));
	EXPECT_NUMBER(ASH_OK, first_of("-----BEGIN PRIVATE KEY-----\nYW55\n-----END PRIVATE KEY-----"));
	EXPECT_NUMBER(ASH_OK, first_of("\xef\xbb\xbf" KEY("YW55")));
	EXPECT_NUMBER(ASH_OK, first_of("This is a PRIVATE KEY:\n" KEY("YW55")));
}

TEST(forms_are_told_by_their_label)
{
	EXPECT_NUMBER(ASH_OK, first_of(BLOCK("EC PRIVATE KEY", "YW55")));
	EXPECT_NUMBER(ASH_CLI_FORM_EC, form.kind);
	EXPECT_TEXT("", form.cipher);
	EXPECT_NUMBER(ASH_OK, first_of(BLOCK("ENCRYPTED PRIVATE KEY", "YW55")));
	EXPECT_NUMBER(ASH_CLI_FORM_PKCS8_CLOSED, form.kind);
	EXPECT_NUMBER(ASH_OK, first_of(BLOCK("OPENSSH PRIVATE KEY", "YW55")));
	EXPECT_NUMBER(ASH_CLI_FORM_OPENSSH, form.kind);
	EXPECT_NUMBER(ASH_E_FORMAT, first_of(BLOCK("DSA PRIVATE KEY", "YW55")));
	EXPECT(strstr(ash_status_explanation(), "not known") != NULL);
	EXPECT_NUMBER(ASH_E_FORMAT,
		      first_of("-----BEGIN EC PRIVATE KEY-----\nYW55\n-----END PRIVATE KEY-----\n"));
}

#define CLOSED(info) BLOCK("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n" info "\n\nYW55")

TEST(headers_say_how_a_key_of_old_is_encrypted)
{
	static const uint8_t iv[] = { 0x00, 0x1f, 0xab, 0xCD };
	static const char *const bad[] = {
		CLOSED("DEK-Info: AES-256-CBC,0"),
		CLOSED("DEK-Info: AES-256-CBC,0g"),
		CLOSED("DEK-Info: ,00"),
		CLOSED("DEK-Info: 00"),
		CLOSED("DEK-Info:"),
		CLOSED("DEK-Info: A-NAME-THAT-IS-LONGER-THAN-ANY-CIPHER-HAS,00"),
		CLOSED("DEK-Info: AES-256-CBC,000102030405060708090a0b0c0d0e0f10"),
	};

	EXPECT_NUMBER(ASH_OK, first_of(CLOSED("DEK-Info: AES-256-CBC,001FabCD")));
	EXPECT_TEXT("AES-256-CBC", form.cipher);
	EXPECT_SPAN(SPAN(iv), ash_span(form.iv, form.iv_len));
	for (size_t i = 0; i < ASH_COUNT(bad); i++)
		EXPECT_NUMBER(ASH_E_FORMAT, first_of(bad[i]));
}

TEST(what_is_no_pem_is_given_as_it_is)
{
	ASH_AUTO(ash_cli_pem) *pem = NULL;
	ASH_AUTO(ash_buf) all = ASH_BUF_SECRET;
	static char text[100000];
	const char *file = NULL;
	struct ash_span begin;

	memset(text, 'x', sizeof(text) - 1);
	file = fake_file(text, 0600);
	EXPECT_OK(ash_cli_pem_open(file, &pem));
	unlink(file);
	EXPECT_OK(ash_cli_pem_begin(pem, &begin));
	EXPECT(begin.len >= 4 && begin.data[0] == 'x');
	EXPECT_OK(ash_cli_pem_rest(pem, &all));
	EXPECT_SPAN(ash_span_text(text), ash_buf_span(&all));
	EXPECT_NUMBER(0, ash_cli_pem_line(pem));
}

TEST(a_line_may_be_long_but_not_endless)
{
	static char text[70000];
	int len = snprintf(text, sizeof(text), "-----BEGIN PRIVATE KEY-----\n");

	memset(text + len, 'A', 40000);
	strcpy(text + len + 40000, "\n-----END PRIVATE KEY-----\n");
	EXPECT_NUMBER(ASH_OK, first_of(text));
	memset(text + len, 'A', 69000);
	text[len + 69000] = '\0';
	EXPECT_NUMBER(ASH_E_FORMAT, first_of(text));
}

TEST(a_file_that_is_not_there_is_told)
{
	ASH_AUTO(ash_cli_pem) *pem = NULL;

	EXPECT_CODE(ASH_E_IO, ash_cli_pem_open("/nonexistent/keys.pem", &pem));
	EXPECT(strstr(ash_status_explanation(), "No such file") != NULL);
	EXPECT(pem == NULL);
	EXPECT_OK(ash_cli_pem_open("/", &pem));
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
	bool found = false;
	EXPECT_CODE(ASH_E_IO, next(pem, &der, &found));
}
