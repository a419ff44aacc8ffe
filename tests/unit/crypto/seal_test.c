#include "crypto/seal.h"

#include "crypto/toy_backend.h"

TOY(toy);

static const struct ash_backend_ops *const offered[] = { &toy_ops };
static const uint8_t key_bytes[ASH_SEAL_KEY_LEN] = { 1, 2, 3 };
static const uint8_t other_key[ASH_SEAL_KEY_LEN] = { 1, 2, 4 };

static struct ash_crypto *crypto(void)
{
	static struct ash_crypto *opened;

	if (opened == NULL) {
		toy = (struct toy){ .schemes = TOY_ALL, .kdfs = TOY_KDFS };
		EXPECT_OK(ash_crypto_open(offered, 1, "toy", NULL, &opened));
	}
	return opened;
}

TEST(what_was_sealed_opens)
{
	static const size_t lens[] = { 0, 1, 16, 1000 };
	uint8_t plain[1000];

	memset(plain, 0x5a, sizeof(plain));
	for (size_t i = 0; i < ASH_COUNT(lens); i++) {
		ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
		ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

		EXPECT_OK(ash_seal(crypto(), SPAN(key_bytes), TEXT("place"), ash_span(plain, lens[i]),
				   &sealed));
		EXPECT_NUMBER(lens[i] + ASH_SEAL_OVERHEAD, sealed.len);
		EXPECT_NUMBER(1, sealed.data[0]);
		EXPECT_OK(
			ash_unseal(crypto(), SPAN(key_bytes), TEXT("place"), ash_buf_span(&sealed), &opened));
		EXPECT_SPAN(ash_span(plain, lens[i]), ash_buf_span(&opened));
	}
	EXPECT_NUMBER(0, toy.keys);
	EXPECT_NUMBER(0, toy.operations);
}

TEST(an_unsealer_opens_one_after_the_other)
{
	struct ash_buf sealed[3] = { ASH_BUF_PLAIN, ASH_BUF_PLAIN, ASH_BUF_PLAIN };
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;
	struct ash_operation *unsealer = NULL;

	EXPECT_OK(ash_seal(crypto(), SPAN(key_bytes), TEXT("1"), TEXT("first"), &sealed[0]));
	EXPECT_OK(ash_seal(crypto(), SPAN(other_key), TEXT("2"), TEXT("foreign"), &sealed[1]));
	EXPECT_OK(ash_seal(crypto(), SPAN(key_bytes), TEXT("3"), TEXT("third"), &sealed[2]));
	EXPECT_OK(ash_unsealer_new(crypto(), SPAN(key_bytes), &unsealer));
	EXPECT_OK(ash_unseal_with(unsealer, TEXT("1"), ash_buf_span(&sealed[0]), &opened));
	EXPECT_CODE(ASH_E_CORRUPT, ash_unseal_with(unsealer, TEXT("2"), ash_buf_span(&sealed[1]), &opened));
	EXPECT_CODE(ASH_E_CORRUPT, ash_unseal_with(unsealer, TEXT("1"), ash_buf_span(&sealed[2]), &opened));
	EXPECT_CODE(ASH_E_FORMAT, ash_unseal_with(unsealer, TEXT("1"), TEXT("short"), &opened));
	EXPECT_OK(ash_unseal_with(unsealer, TEXT("3"), ash_buf_span(&sealed[2]), &opened));
	EXPECT_SPAN(TEXT("firstthird"), ash_buf_span(&opened));
	EXPECT(ash_operation_free(unsealer) == NULL);
	EXPECT_NUMBER(0, toy.keys);
	EXPECT_NUMBER(0, toy.operations);
	EXPECT_CODE(ASH_E_ARGUMENT, ash_unsealer_new(crypto(), TEXT("short"), &unsealer));
	for (size_t i = 0; i < ASH_COUNT(sealed); i++)
		ash_buf_done(&sealed[i]);
}

TEST(both_append)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

	EXPECT_OK(ash_buf_add(&sealed, TEXT("head")));
	EXPECT_OK(ash_buf_add(&opened, TEXT("head")));
	EXPECT_OK(ash_seal(crypto(), SPAN(key_bytes), TEXT(""), TEXT("text"), &sealed));
	EXPECT_SPAN(TEXT("head"), ash_span(sealed.data, 4));
	EXPECT_OK(ash_unseal(crypto(), SPAN(key_bytes), TEXT(""), ash_span(sealed.data + 4, sealed.len - 4),
			     &opened));
	EXPECT_SPAN(TEXT("headtext"), ash_buf_span(&opened));
}

TEST(no_two_seals_are_the_same)
{
	ASH_AUTO(ash_buf) one = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) two = ASH_BUF_PLAIN;

	EXPECT_OK(ash_seal(crypto(), SPAN(key_bytes), TEXT(""), TEXT("text"), &one));
	EXPECT_OK(ash_seal(crypto(), SPAN(key_bytes), TEXT(""), TEXT("text"), &two));
	EXPECT(memcmp(one.data + 1, two.data + 1, 12) != 0);
}

TEST(every_changed_byte_is_seen)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

	EXPECT_OK(ash_buf_add(&opened, TEXT("before")));
	EXPECT_OK(ash_seal(crypto(), SPAN(key_bytes), TEXT("place"), TEXT("some text"), &sealed));
	for (size_t at = 0; at < sealed.len; at++) {
		sealed.data[at] ^= 0x80;
		EXPECT_CODE(
			at == 0 ? ASH_E_FORMAT : ASH_E_CORRUPT,
			ash_unseal(crypto(), SPAN(key_bytes), TEXT("place"), ash_buf_span(&sealed), &opened));
		EXPECT_SPAN(TEXT("before"), ash_buf_span(&opened));
		sealed.data[at] ^= 0x80;
	}
	EXPECT_OK(ash_unseal(crypto(), SPAN(key_bytes), TEXT("place"), ash_buf_span(&sealed), &opened));
}

TEST(it_opens_in_its_place_and_with_its_key_alone)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

	EXPECT_OK(ash_seal(crypto(), SPAN(key_bytes), TEXT("place"), TEXT("text"), &sealed));
	EXPECT_CODE(ASH_E_CORRUPT,
		    ash_unseal(crypto(), SPAN(key_bytes), TEXT("plane"), ash_buf_span(&sealed), &opened));
	EXPECT_CODE(ASH_E_CORRUPT,
		    ash_unseal(crypto(), SPAN(key_bytes), TEXT(""), ash_buf_span(&sealed), &opened));
	EXPECT_CODE(ASH_E_CORRUPT,
		    ash_unseal(crypto(), SPAN(other_key), TEXT("place"), ash_buf_span(&sealed), &opened));
	EXPECT_NUMBER(0, opened.len);
}

TEST(short_or_newer_is_no_seal)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

	EXPECT_OK(ash_seal(crypto(), SPAN(key_bytes), TEXT("place"), ASH_SPAN_NONE, &sealed));
	for (size_t len = 0; len < ASH_SEAL_OVERHEAD; len++)
		EXPECT_CODE(ASH_E_FORMAT, ash_unseal(crypto(), SPAN(key_bytes), TEXT("place"),
						     ash_span(sealed.data, len), &opened));
	sealed.data[0] = 2;
	EXPECT_CODE(ASH_E_FORMAT,
		    ash_unseal(crypto(), SPAN(key_bytes), TEXT("place"), ash_buf_span(&sealed), &opened));
}

TEST(a_key_of_another_length_is_refused)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

	EXPECT_CODE(ASH_E_ARGUMENT,
		    ash_seal(crypto(), ash_span(key_bytes, 16), TEXT("place"), TEXT("text"), &sealed));
	EXPECT_NUMBER(0, sealed.len);
	EXPECT_OK(ash_seal(crypto(), SPAN(key_bytes), TEXT("place"), TEXT("text"), &sealed));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_unseal(crypto(), ash_span(key_bytes, 31), TEXT("place"),
					       ash_buf_span(&sealed), &opened));
}

TEST(what_is_too_long_for_the_buffer_changes_nothing)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;

	sealed.limit = ASH_SEAL_OVERHEAD + 3;
	EXPECT_CODE(ASH_E_LIMIT, ash_seal(crypto(), SPAN(key_bytes), TEXT("place"), TEXT("text"), &sealed));
	EXPECT_NUMBER(0, sealed.len);
	EXPECT_CODE(ASH_E_LIMIT, ash_seal(crypto(), SPAN(key_bytes), TEXT("place"),
					  ash_span(key_bytes, SIZE_MAX - ASH_SEAL_OVERHEAD + 1), &sealed));
}

static struct ash_status seal_and_open(struct ash_buf *opened)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;

	ASH_TRY(ash_seal(crypto(), SPAN(key_bytes), TEXT("place"), TEXT("text"), &sealed));
	return ash_unseal(crypto(), SPAN(key_bytes), TEXT("place"), ash_buf_span(&sealed), opened);
}

TEST(without_memory)
{
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

	FAIL_EVERY_ALLOCATION(opened.len == 0 && toy.keys == 0 && toy.operations == 0,
			      seal_and_open(&opened));
	EXPECT_SPAN(TEXT("text"), ash_buf_span(&opened));
}
