#include "store/terms.h"

#include "store/store.h"
#include "unit/test.h"

TEST(a_set_is_sorted_and_has_each_once)
{
	ASH_AUTO(ash_buf) set = ASH_BUF_PLAIN;
	const struct ash_span terms[] = { TEXT("b"), TEXT("ab"), TEXT("a"),
					  TEXT("b"), TEXT("ab"), TEXT("\xff") };

	EXPECT_OK(ash_terms_encode(terms, ASH_COUNT(terms), &set));
	EXPECT_SPAN(TEXT("\1a\2ab\1b\1\xff"), ash_buf_span(&set));
	ash_buf_reset(&set);
	EXPECT_OK(ash_terms_encode(NULL, 0, &set));
	EXPECT_NUMBER(0, set.len);
}

TEST(limits_are_kept_and_nothing_is_added)
{
	ASH_AUTO(ash_buf) set = ASH_BUF_PLAIN;
	uint8_t bytes[ASH_STORE_TERM_MAX + 1] = { 0 };
	struct ash_span terms[ASH_STORE_TERMS_MAX + 1];

	for (size_t i = 0; i < ASH_COUNT(terms); i++)
		terms[i] = ash_span(bytes, ASH_STORE_TERM_MAX);
	EXPECT_CODE(ASH_E_LIMIT, ash_terms_encode(terms, ASH_STORE_TERMS_MAX + 1, &set));
	terms[3].len++;
	EXPECT_CODE(ASH_E_LIMIT, ash_terms_encode(terms, ASH_STORE_TERMS_MAX, &set));
	terms[3].len = 0;
	EXPECT_CODE(ASH_E_ARGUMENT, ash_terms_encode(terms, ASH_STORE_TERMS_MAX, &set));
	EXPECT_NUMBER(0, set.len);
	EXPECT_OK(ash_terms_encode(terms, 3, &set));
	EXPECT_NUMBER(1 + ASH_STORE_TERM_MAX, set.len);
}

TEST(memory_may_fail)
{
	ASH_AUTO(ash_buf) set = ASH_BUF_PLAIN;
	const struct ash_span terms[] = { TEXT("a"), TEXT("b") };

	FAIL_EVERY_ALLOCATION(set.len == 0, ash_terms_encode(terms, 2, &set));
}

TEST(a_set_is_read_term_by_term)
{
	struct ash_reader in = ash_reader(TEXT("\1a\2ab"));
	struct ash_span term = ASH_SPAN_NONE;

	EXPECT(ash_terms_next(&in, &term));
	EXPECT_SPAN(TEXT("a"), term);
	EXPECT(ash_terms_next(&in, &term));
	EXPECT_SPAN(TEXT("ab"), term);
	EXPECT(!ash_terms_next(&in, &term));
	EXPECT_OK(ash_reader_end(&in));
}

TEST(a_damaged_set_ends_with_something_left)
{
	static uint8_t long_term[1 + 65] = { 65 };
	const struct ash_span sets[] = { TEXT("\1a\2a"), TEXT("\0"), TEXT("\1a\3"), SPAN(long_term) };

	for (size_t i = 0; i < ASH_COUNT(sets); i++) {
		struct ash_reader in = ash_reader(sets[i]);
		struct ash_span term = ASH_SPAN_NONE;

		while (ash_terms_next(&in, &term))
			EXPECT_SPAN(TEXT("a"), term);
		EXPECT_CODE(ASH_E_FORMAT, ash_reader_end(&in));
	}
}

TEST(membership_is_of_whole_terms)
{
	const struct ash_span set = TEXT("\1a\2bc");

	EXPECT(ash_terms_have(set, TEXT("a")));
	EXPECT(ash_terms_have(set, TEXT("bc")));
	EXPECT(!ash_terms_have(set, TEXT("b")));
	EXPECT(!ash_terms_have(set, TEXT("")));
	EXPECT(!ash_terms_have(ASH_SPAN_NONE, TEXT("a")));
}
