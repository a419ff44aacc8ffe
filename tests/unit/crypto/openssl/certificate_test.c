#include "crypto/openssl/certificate.h"

#include "crypto/openssl/certificates.h"
#include "util/arena.h"

TEST(a_certificate_is_read)
{
	static const uint8_t subject[] = { 0x30, 0x41, 0x31, 0x0b };
	static const uint8_t serial[] = { 0x02, 0x03, 0x00, 0xff, 0x01 };
	ASH_AUTO(ash_certificate) root = ASH_CERTIFICATE_NONE;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	EXPECT_NUMBER(1, certificate_of(ROOT_PEM, 0, &der));
	EXPECT_OK(ash_certificate_read(ash_buf_span(&der), &root));
	EXPECT_NUMBER(0x43, root.subject.len);
	EXPECT_SPAN(SPAN(subject), ash_span(root.subject.data, sizeof(subject)));
	EXPECT_SPAN(ash_buf_span(&root.subject), ash_buf_span(&root.issuer));
	EXPECT_SPAN(SPAN(serial), ash_buf_span(&root.serial));
	EXPECT_SPAN(ash_span(serial + 2, 3), ash_buf_span(&root.serial_number));
	EXPECT_NUMBER(91, root.key_info.len);
	EXPECT_SPAN(TEXT("Root"), ash_buf_span(&root.common_name)); /* the last of two */
	EXPECT_SPAN(TEXT("ecdsa-with-SHA256"), ash_buf_span(&root.algorithm));
	EXPECT_NUMBER(1795670580, root.not_before);
	EXPECT_NUMBER(2832470580, root.not_after);
	EXPECT(root.authority);
	EXPECT_NUMBER(0x68, root.sha256[0]);
	EXPECT_NUMBER(0xb2, root.sha256[31]);
}

TEST(another_is_no_authority)
{
	ASH_AUTO(ash_certificate) leaf = ASH_CERTIFICATE_NONE;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	EXPECT_NUMBER(1, certificate_of(LEAF_PEM, 0, &der));
	EXPECT_OK(ash_certificate_read(ash_buf_span(&der), &leaf));
	EXPECT_SPAN(TEXT("\xc3\x9c"
			 "bung"),
		    ash_buf_span(&leaf.common_name));
	EXPECT_NUMBER(44, leaf.key_info.len);
	EXPECT(!leaf.authority);
}

TEST(what_is_no_certificate_is_refused)
{
	ASH_AUTO(ash_certificate) none = ASH_CERTIFICATE_NONE;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) large = ASH_BUF_PLAIN;
	struct ash_mut room;

	(void)certificate_of(ROOT_PEM, 0, &der);
	EXPECT_CODE(ASH_E_FORMAT, ash_certificate_read(ASH_SPAN_NONE, &none));
	EXPECT_CODE(ASH_E_FORMAT, ash_certificate_read(TEXT("\x30\x00"), &none));
	EXPECT(der.data[131] == 0x30); /* of the subject; OpenSSL would take any kind of SEQUENCE */
	der.data[131] = 0x10;
	EXPECT_CODE(ASH_E_FORMAT, ash_certificate_read(ash_buf_span(&der), &none));
	der.data[131] = 0x30;
	for (size_t len = 0; len < der.len; len += 7)
		EXPECT_CODE(ASH_E_FORMAT, ash_certificate_read(ash_span(der.data, len), &none));
	EXPECT_OK(ash_buf_add(&der, TEXT("\0")));
	EXPECT_CODE(ASH_E_FORMAT, ash_certificate_read(ash_buf_span(&der), &none));
	EXPECT_OK(ash_buf_extend(&large, ASH_CERTIFICATE_MAX + 1, &room));
	EXPECT_CODE(ASH_E_LIMIT, ash_certificate_read(ash_buf_span(&large), &none));
	EXPECT(none.subject.data == NULL);
}

TEST(issuers_are_checked)
{
	ASH_AUTO(ash_buf) root = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) leaf = ASH_BUF_PLAIN;

	(void)certificate_of(ROOT_PEM, 0, &root);
	(void)certificate_of(LEAF_PEM, 0, &leaf);
	EXPECT_OK(ash_certificate_check(ash_buf_span(&leaf), ash_buf_span(&root)));
	EXPECT_OK(ash_certificate_check(ash_buf_span(&root), ash_buf_span(&root)));
	EXPECT_CODE(ASH_E_SIGNATURE, ash_certificate_check(ash_buf_span(&root), ash_buf_span(&leaf)));
	EXPECT_CODE(ASH_E_FORMAT, ash_certificate_check(ash_buf_span(&root), ASH_SPAN_NONE));
	leaf.data[leaf.len - 1] ^= 1;
	EXPECT_CODE(ASH_E_SIGNATURE, ash_certificate_check(ash_buf_span(&leaf), ash_buf_span(&root)));
}

TEST(reading_needs_memory)
{
	ASH_AUTO(ash_certificate) root = ASH_CERTIFICATE_NONE;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	(void)certificate_of(ROOT_PEM, 0, &der);
	FAIL_EVERY_ALLOCATION(root.subject.data == NULL, ash_certificate_read(ash_buf_span(&der), &root));
	FAIL_EVERY_ALLOCATION(true, ash_certificate_check(ash_buf_span(&der), ash_buf_span(&der)));
}

TEST(nothing_is_left_behind)
{
	ASH_AUTO(ash_buf) root = ASH_BUF_PLAIN;
	size_t blocks = 0;

	(void)certificate_of(ROOT_PEM, 0, &root);
	for (int i = 0; i < 4; i++) {
		ASH_AUTO(ash_certificate) read = ASH_CERTIFICATE_NONE;
		ASH_AUTO(ash_certificate) none = ASH_CERTIFICATE_NONE;
		ASH_AUTO(ash_buf) leaf = ASH_BUF_PLAIN;

		(void)certificate_of(BOTH_PKCS7, 1, &leaf);
		EXPECT_OK(ash_certificate_read(ash_buf_span(&leaf), &read));
		EXPECT_OK(ash_certificate_check(ash_buf_span(&leaf), ash_buf_span(&root)));
		EXPECT_CODE(ASH_E_SIGNATURE, ash_certificate_check(ash_buf_span(&root), ash_buf_span(&leaf)));
		EXPECT_CODE(ASH_E_FORMAT, ash_certificate_read(ash_span(leaf.data, 100), &none));
		EXPECT(i < 2 || ash_arena_stats().blocks == blocks);
		blocks = ash_arena_stats().blocks;
	}
}
