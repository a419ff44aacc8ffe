#include "crypto/parts.h"

struct ash_status ash_parts_set(struct ash_parts *parts, enum ash_part part, struct ash_span bytes)
{
	struct ash_secret *copy = NULL;

	ASH_BUG((unsigned)part >= ASH_PARTS);
	ASH_TRY(ash_secret_copy(bytes, &copy));
	ash_secret_free(parts->value[part]);
	parts->value[part] = copy;
	return ASH_DONE;
}

struct ash_status ash_parts_set_integer(struct ash_parts *parts, enum ash_part part, struct ash_span bytes)
{
	while (bytes.len != 0 && bytes.data[0] == 0)
		bytes = ash_span(bytes.data + 1, bytes.len - 1);
	return ash_parts_set(parts, part, bytes);
}

struct ash_span ash_parts_get(const struct ash_parts *parts, enum ash_part part)
{
	return ash_parts_has(parts, part) ? ash_secret_peek(parts->value[part]) : ASH_SPAN_NONE;
}

bool ash_parts_has(const struct ash_parts *parts, enum ash_part part)
{
	return parts != NULL && (unsigned)part < ASH_PARTS && parts->value[part] != NULL;
}

bool ash_parts_private(const struct ash_parts *parts)
{
	static const enum ash_part secret[] = {
		ASH_PART_PRIVATE_EXPONENT, ASH_PART_PRIME_1,     ASH_PART_PRIME_2, ASH_PART_EXPONENT_1,
		ASH_PART_EXPONENT_2,       ASH_PART_COEFFICIENT, ASH_PART_PRIVATE, ASH_PART_SEED,
		ASH_PART_SECRET,           ASH_PART_BLOB,
	};

	for (size_t i = 0; i < ASH_COUNT(secret); i++) {
		if (ash_parts_has(parts, secret[i]))
			return true;
	}
	return false;
}

void ash_parts_move(struct ash_parts *to, struct ash_parts *from)
{
	if (to == from)
		return;
	ash_parts_done(to);
	*to = *from;
	*from = ASH_PARTS_NONE;
}

void ash_parts_done(struct ash_parts *parts)
{
	for (size_t i = 0; i < ASH_PARTS; i++)
		parts->value[i] = ash_secret_free(parts->value[i]);
}
