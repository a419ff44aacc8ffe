#include "store/terms.h"

#include "store/store.h"

static int compare(struct ash_span a, struct ash_span b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The least term above `after`; NULL when there is none. At most 32 of them: no need to sort. */
static const struct ash_span *least_above(const struct ash_span *terms, size_t count,
					  const struct ash_span *after)
{
	const struct ash_span *least = NULL;

	for (size_t i = 0; i < count; i++) {
		if (after != NULL && compare(terms[i], *after) <= 0)
			continue;
		if (least == NULL || compare(terms[i], *least) < 0)
			least = &terms[i];
	}
	return least;
}

struct ash_status ash_terms_encode(const struct ash_span *terms, size_t count, struct ash_buf *out)
{
	const struct ash_span *term = NULL;
	size_t total = 0;

	ASH_ENSURE(count <= ASH_STORE_TERMS_MAX, ASH_E_LIMIT);
	for (size_t i = 0; i < count; i++) {
		ASH_ENSURE(terms[i].len != 0, ASH_E_ARGUMENT);
		ASH_ENSURE(terms[i].len <= ASH_STORE_TERM_MAX, ASH_E_LIMIT);
		total += 1 + terms[i].len;
	}
	ASH_TRY(ash_buf_reserve(out, total));
	for (term = least_above(terms, count, NULL); term != NULL; term = least_above(terms, count, term)) {
		const uint8_t len = (uint8_t)term->len;

		ASH_TRY(ash_buf_add(out, ash_span(&len, 1)));
		ASH_TRY(ash_buf_add(out, *term));
	}
	return ASH_DONE;
}

bool ash_terms_next(struct ash_reader *set, struct ash_span *ret_term)
{
	struct ash_reader ahead = *set;
	uint8_t len = 0;

	if (!ash_is_ok(ash_reader_u8(&ahead, &len)) || len == 0 || len > ASH_STORE_TERM_MAX ||
	    !ash_is_ok(ash_reader_take(&ahead, len, ret_term)))
		return false;
	*set = ahead;
	return true;
}

bool ash_terms_have(struct ash_span set, struct ash_span term)
{
	struct ash_reader in = ash_reader(set);
	struct ash_span each = ASH_SPAN_NONE;

	while (ash_terms_next(&in, &each)) {
		if (ash_span_equal(each, term))
			return true;
	}
	return false;
}
