#include "unit/test.h"

#include "app/cli/key/pubform.h"
#include "unit/token/pkcs8_keys.h"

/* Text of a buffer, lent until the next call. */
static const char *text(const struct ash_buf *buf)
{
	static char shown[2000];

	EXPECT(buf->len < sizeof(shown));
	if (buf->len > 0)
		memcpy(shown, buf->data, buf->len);
	shown[buf->len] = '\0';
	return shown;
}

/* The Ed25519 public key of RFC 8410 §10.1. */
static const uint8_t ed25519[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
				   0x00, 0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41,
				   0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30,
				   0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1 };

TEST(pem_is_as_in_the_rfc)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_pubform_pem(SPAN(ed25519), &out));
	EXPECT_TEXT("-----BEGIN PUBLIC KEY-----\n"
		    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
		    "-----END PUBLIC KEY-----\n",
		    text(&out));
}

TEST(long_lines_are_broken)
{
	static const uint8_t info[97];
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_pubform_pem(SPAN(info), &out));
	/* Two lines of 64, and what is left: two digits and "==". */
	EXPECT(strstr(text(&out), "AAAA\nAA==\n-----END") != NULL);
	EXPECT_NUMBER(27 + 65 + 65 + 5 + 25, out.len);
}

TEST(openssh_lines_have_type_key_and_comment)
{
	/* RSAPublicKey { n = 0x81, e = 3 } */
	static const uint8_t rsa[] = { 0x30, 0x1b, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				       0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x0a, 0x00,
				       0x30, 0x07, 0x02, 0x02, 0x00, 0x81, 0x02, 0x01, 0x03 };
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_pubform_ssh(SPAN(ed25519), TEXT("my login"), &out));
	EXPECT_TEXT(
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlphM3+hUG6wWfcO5bIUIaqMLa2ywxcOK1wMWbh my login\n",
		text(&out));
	ash_buf_reset(&out);
	/* "ssh-rsa", 3, and 129 with a zero byte before it */
	EXPECT_OK(ash_cli_pubform_ssh(SPAN(rsa), ASH_SPAN_NONE, &out));
	EXPECT_TEXT("ssh-rsa AAAAB3NzaC1yc2EAAAABAwAAAAIAgQ==\n", text(&out));
	ash_buf_reset(&out);
	EXPECT_OK(ash_cli_pubform_ssh(SPAN(p256_info), ASH_SPAN_NONE, &out));
	EXPECT(strncmp(text(&out),
		       "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBB", 72) == 0);
}

TEST(a_comment_does_not_begin_a_line)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_pubform_ssh(SPAN(ed25519), TEXT("a\nssh-rsa b"), &out));
	EXPECT(strstr(text(&out), " a\\x0assh-rsa b\n") != NULL);
}

TEST(what_openssh_has_not_is_refused)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_cli_pubform_ssh(SPAN(x448_info), ASH_SPAN_NONE, &out));
	EXPECT_CODE(ASH_E_UNSUPPORTED,
		    ash_cli_pubform_ssh(TEXT("\x30\x07\x30\x02\x05\x00\x03\x01\x00"), ASH_SPAN_NONE, &out));
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_pubform_ssh(TEXT("no key"), ASH_SPAN_NONE, &out));
	EXPECT_NUMBER(0, out.len);
}

TEST(no_memory_is_told)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	FAIL_EVERY_ALLOCATION(true, (ash_buf_done(&out), ash_cli_pubform_pem(SPAN(ed25519), &out)));
	FAIL_EVERY_ALLOCATION(true,
			      (ash_buf_done(&out), ash_cli_pubform_ssh(SPAN(ed25519), TEXT("x"), &out)));
}
