#include "token/record.h"

#include "unit/token/fixture.h"

static struct ash_crypto *crypto;
static const struct ash_incarnation life = { { 1, 2, 3 } }, next_life = { { 9 } };
static const struct ash_record_name here = { ASH_SPACE_PUBLIC, 1, 7 };

static struct ash_ring new_ring(const char *label)
{
	struct ash_ring ring = ASH_RING_NONE;

	if (crypto == NULL)
		EXPECT_OK(fixture_open_crypto(NULL, &crypto));
	EXPECT_OK(ash_ring_derive(crypto, TEXT("0123456789abcdef0123456789abcdef"), label, &life, &ring));
	return ring;
}

TEST(a_record_opens_where_it_was_sealed)
{
	ASH_AUTO(ash_ring) ring = new_ring("public");
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

	EXPECT_OK(ash_record_seal(crypto, &ring, here, &life, 3, TEXT("a body"), &sealed));
	EXPECT_OK(ash_record_open(crypto, &ring, here, &life, 3, ash_buf_span(&sealed), &opened));
	EXPECT_SPAN(TEXT("a body"), ash_buf_span(&opened));
}

TEST(a_record_opens_nowhere_else)
{
	ASH_AUTO(ash_ring) ring = new_ring("public");
	ASH_AUTO(ash_ring) other = new_ring("pin");
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;
	struct ash_record_name elsewhere[] = { here, here, here };
	struct ash_span bytes;

	elsewhere[0].space = ASH_SPACE_PRIVATE;
	elsewhere[1].owner++;
	elsewhere[2].id++;
	EXPECT_OK(ash_record_seal(crypto, &ring, here, &life, 3, TEXT("a body"), &sealed));
	bytes = ash_buf_span(&sealed);
	for (size_t i = 0; i < ASH_COUNT(elsewhere); i++)
		EXPECT_CODE(ASH_E_CORRUPT,
			    ash_record_open(crypto, &ring, elsewhere[i], &life, 3, bytes, &opened));
	EXPECT_CODE(ASH_E_CORRUPT, ash_record_open(crypto, &ring, here, &life, 2, bytes, &opened));
	EXPECT_CODE(ASH_E_CORRUPT, ash_record_open(crypto, &ring, here, &next_life, 3, bytes, &opened));
	EXPECT_CODE(ASH_E_CORRUPT, ash_record_open(crypto, &other, here, &life, 3, bytes, &opened));
	EXPECT_NUMBER(0, opened.len);
}

static void expect_noticed(const struct ash_ring *ring)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

	EXPECT_OK(ash_record_seal(crypto, ring, here, &life, 1, TEXT("a body"), &sealed));
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.data[i] ^= 0x10;
		EXPECT_CODE(ASH_E_CORRUPT,
			    ash_record_open(crypto, ring, here, &life, 1, ash_buf_span(&sealed), &opened));
		sealed.data[i] ^= 0x10;
		EXPECT_CODE(ASH_E_CORRUPT,
			    ash_record_open(crypto, ring, here, &life, 1, ash_span(sealed.data, i), &opened));
	}
	EXPECT_NUMBER(0, opened.len);
	EXPECT_OK(ash_record_open(crypto, ring, here, &life, 1, ash_buf_span(&sealed), &opened));
	EXPECT_SPAN(TEXT("a body"), ash_buf_span(&opened));
}

TEST(every_changed_byte_and_every_truncation_is_noticed)
{
	ASH_AUTO(ash_ring) ring = new_ring("public");
	ASH_AUTO(ash_ring) copy = ASH_RING_NONE;

	expect_noticed(&ring);
	EXPECT_OK(ash_ring_warm(crypto, &ring));
	EXPECT_OK(ash_ring_warm(crypto, &ring));
	expect_noticed(&ring);
	EXPECT_OK(ash_ring_copy(&ring, &copy));
	EXPECT(copy.unwrap == NULL);
	expect_noticed(&copy);
}

TEST(terms_agree_for_one_ring_and_value_only)
{
	ASH_AUTO(ash_ring) ring = new_ring("public");
	ASH_AUTO(ash_ring) other = new_ring("private");
	uint8_t a[ASH_TERM_LEN], b[ASH_TERM_LEN];

	EXPECT_OK(ash_record_term(crypto, &ring, CKA_LABEL, TEXT("x"), a));
	EXPECT_OK(ash_record_term(crypto, &ring, CKA_LABEL, TEXT("x"), b));
	EXPECT_SPAN(SPAN(a), SPAN(b));
	EXPECT_OK(ash_record_term(crypto, &ring, CKA_ID, TEXT("x"), b));
	EXPECT(memcmp(a, b, sizeof(a)) != 0);
	EXPECT_OK(ash_record_term(crypto, &ring, CKA_LABEL, TEXT("y"), b));
	EXPECT(memcmp(a, b, sizeof(a)) != 0);
	EXPECT_OK(ash_record_term(crypto, &other, CKA_LABEL, TEXT("x"), b));
	EXPECT(memcmp(a, b, sizeof(a)) != 0);
}

TEST(sealing_survives_each_failing_allocation)
{
	ASH_AUTO(ash_ring) ring = new_ring("public");
	ASH_AUTO(ash_ring) derived = ASH_RING_NONE;
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	struct ash_status status = { ASH_E_MEMORY };

	for (int64_t n = 0; status.code != ASH_OK; n++) {
		ash_mem_fail_after(n);
		status = ash_ring_derive(crypto, TEXT("0123456789abcdef0123456789abcdef"), "x", &life,
					 &derived);
		ash_mem_fail_after(-1);
		EXPECT(status.code == ASH_OK || (derived.wrap == NULL && derived.index == NULL));
	}
	status.code = ASH_E_MEMORY;
	for (int64_t n = 0; status.code != ASH_OK; n++) {
		ash_buf_done(&sealed);
		ash_mem_fail_after(n);
		status = ash_record_seal(crypto, &ring, here, &life, 1, TEXT("a body"), &sealed);
		ash_mem_fail_after(-1);
	}
}
