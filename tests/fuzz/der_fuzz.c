/*
 * DER from strangers: whatever is taken is written again as the same bytes (so that no
 * two encodings mean one thing), what is refused takes nothing, and the names of curves
 * and algorithms are known by their exact bytes alone.
 *
 * The input: DER, the deeper parts of which are walked too.
 */
#include "fuzz.h"

#include "token/der.h"
#include "token/keygroup.h"

#define DEPTH_MAX 64

static void expect_bytes(const struct ash_buf *again, struct ash_span taken)
{
	HOLDS(ash_span_equal(ash_buf_span(again), taken));
}

/* What stood between two states of a reader. */
static struct ash_span between(const struct ash_reader *before, const struct ash_reader *after)
{
	return ash_span(before->rest.data, before->rest.len - after->rest.len);
}

static void check_integer(struct ash_reader in)
{
	ASH_AUTO(ash_buf) again = ASH_BUF_SECRET;
	const struct ash_reader before = in;
	struct ash_span number = ASH_SPAN_NONE;

	if (!ash_is_ok(ash_der_take_integer(&in, &number))) {
		HOLDS(in.rest.data == before.rest.data && in.rest.len == before.rest.len);
		return;
	}
	HOLDS(number.len == 0 || number.data[0] != 0); /* no leading zero is left */
	HOLDS(ash_is_ok(ash_der_add_integer(&again, number)));
	expect_bytes(&again, between(&before, &in));
}

static void check_bits(struct ash_reader in, uint8_t tag)
{
	ASH_AUTO(ash_buf) again = ASH_BUF_SECRET;
	const struct ash_reader before = in;
	struct ash_span bits = ASH_SPAN_NONE;

	if (!ash_is_ok(ash_der_take_bits(&in, tag, &bits))) {
		HOLDS(in.rest.data == before.rest.data && in.rest.len == before.rest.len);
		return;
	}
	HOLDS(ash_is_ok(ash_der_add_bits(&again, tag, bits)));
	expect_bytes(&again, between(&before, &in));
}

static void check_names(struct ash_span bytes)
{
	static const enum ash_key_kind kinds[] = { ASH_KEY_EC, ASH_KEY_EDWARDS, ASH_KEY_MONTGOMERY };
	const struct ash_keygroup *algorithm = ash_keygroup_of_algorithm(bytes);

	HOLDS(algorithm == NULL || ash_span_equal(algorithm->algorithm, bytes));
	for (size_t i = 0; i < ASH_COUNT(kinds); i++) {
		const struct ash_keygroup *group = ash_keygroup_of_params(kinds[i], bytes);

		HOLDS(group == NULL || group->kind == kinds[i]);
		HOLDS(group == NULL || ash_span_equal(group->params, bytes) ||
		      ash_span_equal(group->name, bytes));
	}
}

static void walk(struct ash_span bytes, unsigned depth)
{
	struct ash_reader in = ash_reader(bytes);

	check_names(bytes);
	while (in.rest.len != 0) {
		ASH_AUTO(ash_buf) again = ASH_BUF_SECRET;
		const struct ash_reader before = in;
		const uint8_t tag = in.rest.data[0];
		struct ash_span content = ASH_SPAN_NONE;

		HOLDS(ash_der_is_next(&in, tag) && !ash_der_is_next(&in, tag ^ 1));
		check_integer(in);
		check_bits(in, tag);
		HOLDS(!ash_is_ok(ash_der_take(&in, tag ^ 1, &content)));
		if (!ash_is_ok(ash_der_take(&in, tag, &content))) {
			HOLDS(in.rest.data == before.rest.data && in.rest.len == before.rest.len);
			return;
		}
		HOLDS(content.len < before.rest.len);
		HOLDS(ash_is_ok(ash_der_add(&again, tag, content)));
		expect_bytes(&again, between(&before, &in));
		if (depth < DEPTH_MAX)
			walk(content, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	ASH_AUTO(ash_buf) number = ASH_BUF_SECRET;
	struct ash_reader in;
	struct ash_span back = ASH_SPAN_NONE;

	walk(ash_span(data, len), 0);
	/* Any bytes are a number, whatever zeroes are in front. */
	if (len < UINT16_MAX) {
		HOLDS(ash_is_ok(ash_der_add_integer(&number, ash_span(data, len))));
		in = ash_reader(ash_buf_span(&number));
		HOLDS(ash_is_ok(ash_der_take_integer(&in, &back)) && in.rest.len == 0);
		HOLDS(back.len <= len &&
		      (back.len == 0 || memcmp(data + len - back.len, back.data, back.len) == 0));
	}
	return 0;
}
