#include "unit/test.h"

#include "app/cli/file/public_key.h"
#include "util/mem.h"

/* An X25519 key (RFC 8410). */
#define PEM_TEXT "MCowBQYDK2VuAyEAl25GHyj/ilcmBhZ1I0bR\n+2Lfg7d9nODEgrl8g7wnNAg="
#define PEM      "-----BEGIN PUBLIC KEY-----\n" PEM_TEXT "\n-----END PUBLIC KEY-----\n"
static const uint8_t der[] = {
	0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00, 0x97, 0x6e, 0x46,
	0x1f, 0x28, 0xff, 0x8a, 0x57, 0x26, 0x06, 0x16, 0x75, 0x23, 0x46, 0xd1, 0xfb, 0x62, 0xdf,
	0x83, 0xb7, 0x7d, 0x9c, 0xe0, 0xc4, 0x82, 0xb9, 0x7c, 0x83, 0xbc, 0x27, 0x34, 0x08,
};

static struct ash_status read_key(struct ash_span file, struct ash_buf *room, struct ash_cli_public_key *key)
{
	ash_buf_reset(room);
	*key = (struct ash_cli_public_key){ NULL, ASH_SPAN_NONE };
	return ash_cli_public_key_read(file, room, key);
}

TEST(pem_and_der_give_the_kind_and_the_bits)
{
	const struct ash_span files[] = { SPAN(der), TEXT(PEM), TEXT("words\n" PEM "more words\n") };
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;
	struct ash_cli_public_key key;

	for (size_t i = 0; i < ASH_COUNT(files); i++) {
		EXPECT_OK(read_key(files[i], &room, &key));
		EXPECT(key.group != NULL && key.group->group == ASH_GROUP_X25519);
		EXPECT_SPAN(ash_span(der + 12, 32), key.bits);
	}
}

TEST(another_kind_has_bits_and_no_name)
{
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;
	struct ash_cli_public_key key;
	uint8_t other[sizeof(der)];

	memcpy(other, der, sizeof(der));
	other[8] = 0x7f;
	EXPECT_OK(read_key(SPAN(other), &room, &key));
	EXPECT(key.group == NULL);
	EXPECT_SPAN(ash_span(der + 12, 32), key.bits);
}

TEST(what_is_neither_is_bare_bits)
{
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;
	struct ash_cli_public_key key;

	EXPECT_OK(read_key(ash_span(der + 12, 32), &room, &key));
	EXPECT(key.group == NULL);
	EXPECT_SPAN(ash_span(der + 12, 32), key.bits);
	EXPECT_OK(read_key(ASH_SPAN_NONE, &room, &key));
	EXPECT_NUMBER(0, key.bits.len);
	for (size_t len = 1; len < sizeof(der); len++) {
		EXPECT_OK(read_key(ash_span(der, len), &room, &key));
		EXPECT_SPAN(ash_span(der, len), key.bits);
	}
}

TEST(pem_that_is_damaged_or_something_else_is_refused)
{
	static const struct {
		const char *file, *why;
	} wrong[] = {
		{ "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n",
		  "it holds no public key" },
		{ "-----BEGIN PUBLIC KEY-----\n" PEM_TEXT, "it ends in the middle of the key" },
		{ "-----BEGIN PUBLIC KEY-----\nMCow!\n-----END PUBLIC KEY-----\n",
		  "the key in it is damaged" },
		{ "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n",
		  "the key in it is damaged" },
		{ "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----\n", "the key in it is damaged" },
	};
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;
	struct ash_cli_public_key key;

	for (size_t i = 0; i < ASH_COUNT(wrong); i++) {
		EXPECT_CODE(ASH_E_FORMAT, read_key(ash_span_text(wrong[i].file), &room, &key));
		EXPECT(strstr(ash_status_explanation(), wrong[i].why) != NULL);
		EXPECT(key.bits.data == NULL);
	}
}

TEST(no_memory_no_key)
{
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;
	struct ash_cli_public_key key = { NULL, ASH_SPAN_NONE };

	FAIL_EVERY_ALLOCATION(key.bits.data == NULL, read_key(TEXT(PEM), &room, &key));
}
