#include "token/attrs.h"

#include <string.h>

#include "token/attribute.h"
#include "util/arena.h"
#include "util/reader.h"
#include "util/secret.h"
#include "util/writer.h"

/* What an attribute costs in the encoded form besides its value: type and length. */
#define OVERHEAD (sizeof(uint64_t) + sizeof(uint32_t))

/* Room of the first block of a set that grows: what most objects need. */
#define FIRST_ENTRIES 40u
#define FIRST_BYTES   512u

struct entry {
	uint64_t type;
	uint32_t at; /* in `bytes`; values lie there in the order of the entries, without gaps */
	uint32_t len;
};

/* One block of the arena holds the entries and, behind them, the values. */
struct ash_attrs {
	uint32_t count, entry_cap;
	uint32_t used, byte_cap;
	struct entry *entry;
	uint8_t *bytes;
};

struct ash_status ash_attrs_new(struct ash_attrs **ret_attrs)
{
	struct ash_attrs *attrs = ash_arena_alloc(sizeof(*attrs));

	ASH_ENSURE(attrs != NULL, ASH_E_MEMORY);
	*attrs = (struct ash_attrs){ .entry = NULL };
	*ret_attrs = attrs;
	return ASH_DONE;
}

struct ash_attrs *ash_attrs_free(struct ash_attrs *attrs)
{
	if (attrs != NULL)
		ash_arena_free(attrs->entry);
	ash_arena_free(attrs);
	return NULL;
}

/* Moves everything to a block with this much room, which is no less than what is there. */
static struct ash_status move_to(struct ash_attrs *attrs, uint32_t entry_cap, uint32_t byte_cap)
{
	const size_t entries_len = entry_cap * sizeof(struct entry);
	struct entry *block = ash_arena_alloc(entries_len + byte_cap);
	uint8_t *bytes = NULL;

	ASH_ENSURE(block != NULL, ASH_E_MEMORY);
	bytes = (uint8_t *)block + entries_len;
	if (attrs->count != 0)
		memcpy(block, attrs->entry, attrs->count * sizeof(struct entry));
	if (attrs->used != 0)
		memcpy(bytes, attrs->bytes, attrs->used);
	ash_arena_free(attrs->entry);
	attrs->entry = block;
	attrs->entry_cap = entry_cap;
	attrs->bytes = bytes;
	attrs->byte_cap = byte_cap;
	return ASH_DONE;
}

static uint32_t grown(uint32_t cap, size_t need, uint32_t first)
{
	uint32_t wanted = cap == 0 ? first : cap * 2;

	if (need <= cap)
		return cap;
	return wanted < need ? (uint32_t)need : wanted;
}

static struct ash_status make_room(struct ash_attrs *attrs, size_t entries, size_t bytes)
{
	if (entries <= attrs->entry_cap && bytes <= attrs->byte_cap)
		return ASH_DONE;
	return move_to(attrs, grown(attrs->entry_cap, entries, FIRST_ENTRIES),
		       grown(attrs->byte_cap, bytes, FIRST_BYTES));
}

struct ash_status ash_attrs_copy(const struct ash_attrs *attrs, struct ash_attrs **ret_copy)
{
	ASH_AUTO(ash_attrs) *copy = NULL;

	ASH_TRY(ash_attrs_new(&copy));
	if (attrs->count != 0) {
		ASH_TRY(move_to(copy, attrs->count, attrs->used));
		memcpy(copy->entry, attrs->entry, attrs->count * sizeof(struct entry));
		memcpy(copy->bytes, attrs->bytes, attrs->used);
		copy->count = attrs->count;
		copy->used = attrs->used;
	}
	*ret_copy = ASH_TAKE(copy);
	return ASH_DONE;
}

/* Where the type is, or would be. */
static size_t position(const struct ash_attrs *attrs, uint64_t type)
{
	size_t low = 0, high = attrs->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (attrs->entry[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct ash_attrs *attrs, size_t index, uint64_t type)
{
	return index < attrs->count && attrs->entry[index].type == type;
}

/* Whether the bytes are lent from this very set, and would move under our hands. */
static bool lent_by(const struct ash_attrs *attrs, struct ash_span bytes)
{
	const uintptr_t start = (uintptr_t)attrs->bytes, at = (uintptr_t)bytes.data;

	return bytes.len != 0 && at >= start && at - start < attrs->used;
}

/* Makes the value of entry `index` `len` bytes long, moving those behind it. There is room. */
static void resize_value(struct ash_attrs *attrs, size_t index, size_t len)
{
	struct entry *entry = &attrs->entry[index];
	const size_t behind = (size_t)entry->at + entry->len;
	const uint32_t used = (uint32_t)(attrs->used - entry->len + len);

	memmove(attrs->bytes + entry->at + len, attrs->bytes + behind, attrs->used - behind);
	if (used < attrs->used)
		ash_wipe(attrs->bytes + used, attrs->used - used);
	for (size_t i = index + 1; i < attrs->count; i++)
		attrs->entry[i].at = (uint32_t)(attrs->entry[i].at - entry->len + len);
	entry->len = (uint32_t)len;
	attrs->used = used;
}

static void insert_empty(struct ash_attrs *attrs, size_t index, uint64_t type)
{
	const uint32_t at = index < attrs->count ? attrs->entry[index].at : attrs->used;

	memmove(attrs->entry + index + 1, attrs->entry + index,
		(attrs->count - index) * sizeof(struct entry));
	attrs->entry[index] = (struct entry){ .type = type, .at = at };
	attrs->count++;
}

struct ash_status ash_attrs_set(struct ash_attrs *attrs, uint64_t type, struct ash_span value)
{
	ASH_AUTO(ash_secret) *own = NULL;
	const size_t index = position(attrs, type);
	const bool there = is_at(attrs, index, type);
	const size_t count = attrs->count + (there ? 0u : 1u);
	const size_t others = attrs->used - (there ? attrs->entry[index].len : 0u);

	ASH_ENSURE(value.len <= ASH_ATTRS_MAX && count * OVERHEAD + others + value.len <= ASH_ATTRS_MAX,
		   ASH_E_LIMIT);
	if (lent_by(attrs, value)) {
		ASH_TRY(ash_secret_copy(value, &own));
		value = ash_secret_peek(own);
	}
	ASH_TRY(make_room(attrs, count, others + value.len));

	if (!there)
		insert_empty(attrs, index, type);
	resize_value(attrs, index, value.len);
	if (value.len != 0)
		memcpy(attrs->bytes + attrs->entry[index].at, value.data, value.len);
	return ASH_DONE;
}

struct ash_status ash_attrs_set_bool(struct ash_attrs *attrs, uint64_t type, bool value)
{
	const uint8_t byte = value ? 1 : 0;

	return ash_attrs_set(attrs, type, ash_span(&byte, 1));
}

struct ash_status ash_attrs_set_number(struct ash_attrs *attrs, uint64_t type, uint64_t value)
{
	uint8_t bytes[sizeof(value)];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> (8 * (sizeof(bytes) - 1 - i)));
	return ash_attrs_set(attrs, type, ash_span(bytes, sizeof(bytes)));
}

void ash_attrs_remove(struct ash_attrs *attrs, uint64_t type)
{
	const size_t index = position(attrs, type);

	if (!is_at(attrs, index, type))
		return;
	resize_value(attrs, index, 0);
	attrs->count--;
	memmove(attrs->entry + index, attrs->entry + index + 1,
		(attrs->count - index) * sizeof(struct entry));
}

bool ash_attrs_get(const struct ash_attrs *attrs, uint64_t type, struct ash_span *ret_value)
{
	const size_t index = position(attrs, type);

	if (!is_at(attrs, index, type))
		return false;
	*ret_value = ash_attrs_at(attrs, index).value;
	return true;
}

bool ash_attrs_has(const struct ash_attrs *attrs, uint64_t type)
{
	return is_at(attrs, position(attrs, type), type);
}

bool ash_attrs_bool(const struct ash_attrs *attrs, uint64_t type, bool fallback)
{
	struct ash_span value = ASH_SPAN_NONE;

	if (!ash_attrs_get(attrs, type, &value) || value.len != 1)
		return fallback;
	return value.data[0] != 0;
}

uint64_t ash_attrs_number(const struct ash_attrs *attrs, uint64_t type, uint64_t fallback)
{
	struct ash_span value = ASH_SPAN_NONE;
	uint64_t number = 0;

	if (!ash_attrs_get(attrs, type, &value) || value.len != sizeof(number))
		return fallback;
	for (size_t i = 0; i < value.len; i++)
		number = number << 8 | value.data[i];
	return number;
}

size_t ash_attrs_count(const struct ash_attrs *attrs)
{
	return attrs->count;
}

struct ash_attr ash_attrs_at(const struct ash_attrs *attrs, size_t index)
{
	const struct entry *entry = &attrs->entry[index];

	return (struct ash_attr){ entry->type, ash_span(attrs->bytes + entry->at, entry->len) };
}

struct ash_status ash_attrs_encode(const struct ash_attrs *attrs, struct ash_buf *out)
{
	/* All room at once, so that what follows can't fail half-way. */
	ASH_TRY(ash_buf_reserve(out, attrs->count * OVERHEAD + attrs->used));
	for (size_t i = 0; i < attrs->count; i++) {
		const struct ash_attr attr = ash_attrs_at(attrs, i);

		ASH_TRY(ash_write_u64(out, attr.type));
		ASH_TRY(ash_write_bytes(out, attr.value));
	}
	return ASH_DONE;
}

static struct ash_status read_one(struct ash_reader *in, struct ash_attr *ret_attr)
{
	struct ash_attr attr = { 0, ASH_SPAN_NONE };

	ASH_TRY(ash_reader_u64(in, &attr.type));
	ASH_TRY(ash_reader_bytes(in, ASH_ATTRS_MAX, &attr.value));
	*ret_attr = attr;
	return ASH_DONE;
}

/* How many attributes there are, once their form is known to be right. */
static struct ash_status count_all(struct ash_span bytes, uint32_t *ret_count)
{
	struct ash_reader in = ash_reader(bytes);
	uint64_t above = 0;
	uint32_t count = 0;

	ASH_ENSURE(bytes.len <= ASH_ATTRS_MAX, ASH_E_FORMAT);
	for (; in.rest.len != 0; count++) {
		struct ash_attr attr = { 0, ASH_SPAN_NONE };

		ASH_TRY(read_one(&in, &attr));
		ASH_ENSURE(count == 0 || attr.type > above, ASH_E_FORMAT);
		above = attr.type;
	}
	*ret_count = count;
	return ASH_DONE;
}

/* Behind all others; its type is above theirs, and there is room. */
static void append(struct ash_attrs *attrs, struct ash_attr attr)
{
	attrs->entry[attrs->count++] = (struct entry){
		.type = attr.type,
		.at = attrs->used,
		.len = (uint32_t)attr.value.len,
	};
	if (attr.value.len != 0)
		memcpy(attrs->bytes + attrs->used, attr.value.data, attr.value.len);
	attrs->used += (uint32_t)attr.value.len;
}

struct ash_status ash_attrs_decode(struct ash_span bytes, struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_reader in = ash_reader(bytes);
	uint32_t count = 0;

	ASH_TRY(count_all(bytes, &count));
	ASH_TRY(ash_attrs_new(&attrs));
	if (count != 0)
		ASH_TRY(move_to(attrs, count, (uint32_t)(bytes.len - count * OVERHEAD)));
	while (in.rest.len != 0) {
		struct ash_attr attr = { 0, ASH_SPAN_NONE };

		ASH_TRY(read_one(&in, &attr));
		append(attrs, attr);
	}
	*ret_attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

bool ash_attrs_match(const struct ash_attrs *attrs, struct ash_template want)
{
	for (size_t i = 0; i < want.count; i++) {
		const struct ash_attr *wanted = &want.attrs[i];
		struct ash_span value = ASH_SPAN_NONE;

		if (ash_attribute_read(attrs, wanted->type, &value) != ASH_OK)
			return false;
		/* Readable key material is searched too, so that no comparison may tell how far it got. */
		if (!ash_span_equal_ct(value, ash_attribute_canonical(wanted->type, wanted->value)))
			return false;
	}
	return true;
}
