#include "front/pkcs11/template_priv.h"

#include <string.h>

#include "util/mem.h"
#include "util/reader.h"
#include "util/writer.h"

#define NUMBER_LEN 8u /* of a canonical number */

enum ash_attr_kind ash_template_kind(uint64_t type)
{
	const struct ash_attr_info *info = ash_attribute_find(type);

	return info != NULL ? info->kind : ASH_ATTR_BYTES;
}

CK_ATTRIBUTE ash_template_at(const void *array, size_t index)
{
	CK_ATTRIBUTE attribute;

	memcpy(&attribute, (const uint8_t *)array + index * sizeof(attribute), sizeof(attribute));
	return attribute;
}

void ash_template_put(void *array, size_t index, CK_ATTRIBUTE attribute)
{
	memcpy((uint8_t *)array + index * sizeof(attribute), &attribute, sizeof(attribute));
}

/* ---- from the application ---- */

static struct ash_status add_value(const CK_ATTRIBUTE *attribute, unsigned depth, struct ash_buf *out);

static struct ash_status add_bool(struct ash_span given, struct ash_buf *out)
{
	uint8_t value = 0;

	ASH_ENSURE(given.len == sizeof(CK_BBOOL), ASH_E_ATTRIBUTE_VALUE);
	value = given.data[0];
	ASH_ENSURE(value == CK_FALSE || value == CK_TRUE, ASH_E_ATTRIBUTE_VALUE);
	return ash_write_u8(out, value);
}

static struct ash_status add_numbers(struct ash_span given, struct ash_buf *out)
{
	ASH_ENSURE(given.len % sizeof(CK_ULONG) == 0, ASH_E_ATTRIBUTE_VALUE);
	for (size_t at = 0; at < given.len; at += sizeof(CK_ULONG)) {
		CK_ULONG number = 0;

		memcpy(&number, given.data + at, sizeof(number));
		ASH_TRY(ash_write_u64(out, number));
	}
	return ASH_DONE;
}

/* Type and value with its length, which is known once the value is written. */
static struct ash_status add_nested(const CK_ATTRIBUTE *attribute, unsigned depth, struct ash_buf *out)
{
	struct ash_mut length = { NULL, 0 };
	size_t start = 0;
	size_t len = 0;

	ASH_TRY(ash_write_u64(out, attribute->type));
	ASH_TRY(ash_buf_extend(out, sizeof(uint32_t), &length));
	start = out->len;
	ASH_TRY(add_value(attribute, depth, out));
	len = out->len - start; /* the buffer's limit keeps it within 32 bits */
	for (size_t i = 1; i <= sizeof(uint32_t); i++) {
		out->data[start - i] = (uint8_t)len;
		len >>= 8;
	}
	return ASH_DONE;
}

static struct ash_status add_template(struct ash_span given, unsigned depth, struct ash_buf *out)
{
	size_t count = given.len / sizeof(CK_ATTRIBUTE);

	ASH_ENSURE(given.len % sizeof(CK_ATTRIBUTE) == 0, ASH_E_ATTRIBUTE_VALUE);
	ASH_ENSURE(depth < ASH_TEMPLATE_DEPTH_MAX, ASH_E_ATTRIBUTE_VALUE);
	for (size_t i = 0; i < count; i++) {
		CK_ATTRIBUTE attribute = ash_template_at(given.data, i);

		ASH_TRY(add_nested(&attribute, depth + 1, out));
	}
	return ASH_DONE;
}

static struct ash_status add_value(const CK_ATTRIBUTE *attribute, unsigned depth, struct ash_buf *out)
{
	struct ash_span given = ash_span(attribute->pValue, attribute->ulValueLen);

	ASH_ENSURE(given.len <= ASH_ATTRS_MAX, ASH_E_ATTRIBUTE_VALUE);
	ASH_ENSURE(given.data != NULL || given.len == 0, ASH_E_ARGUMENT);
	switch (ash_template_kind(attribute->type)) {
	case ASH_ATTR_BOOL: return add_bool(given, out);
	case ASH_ATTR_NUMBER:
		ASH_ENSURE(given.len == sizeof(CK_ULONG), ASH_E_ATTRIBUTE_VALUE);
		return add_numbers(given, out);
	case ASH_ATTR_NUMBERS: return add_numbers(given, out);
	case ASH_ATTR_TEMPLATE: return add_template(given, depth, out);
	case ASH_ATTR_BYTES:
	case ASH_ATTR_INTEGER:
	case ASH_ATTR_TEXT:
	case ASH_ATTR_DATE: break;
	}
	return ash_buf_add(out, given);
}

void ash_canonical_init(struct ash_canonical *template)
{
	template->view = (struct ash_template){ NULL, 0 };
	template->attrs = template->few;
	template->values = ASH_BUF_SECRET;
	template->values.limit = ASH_ATTRS_MAX;
}

static struct ash_status make_room(struct ash_canonical *template, const CK_ATTRIBUTE *given, size_t count)
{
	CK_ULONG one = 0;
	size_t len = 0;

	if (count > ASH_COUNT(template->few)) {
		template->attrs = ash_mem_new(count, sizeof(*template->attrs));
		ASH_ENSURE(template->attrs != NULL, ASH_E_MEMORY);
	}
	/* A good guess saves moving secrets; that it may be wrong costs nothing. */
	for (size_t i = 0; i < count && one <= ASH_ATTRS_MAX; i++) {
		one = ash_template_at(given, i).ulValueLen;
		len += one <= ASH_ATTRS_MAX ? one : 0;
	}
	if (len <= ASH_ATTRS_MAX)
		ASH_TRY(ash_buf_reserve(&template->values, len));
	return ASH_DONE;
}

/* The values have come to rest: points each attribute at its own. */
static void point(struct ash_canonical *template, size_t count)
{
	const uint8_t *value = template->values.data;

	for (size_t i = 0; i < count; i++) {
		template->attrs[i].value.data = value;
		if (template->attrs[i].value.len != 0) /* where all are empty, there is nothing to point at */
			value += template->attrs[i].value.len;
	}
	template->view = (struct ash_template){ template->attrs, count };
}

struct ash_status ash_canonical_read(struct ash_canonical *template, const CK_ATTRIBUTE *given,
				     CK_ULONG count)
{
	ASH_ENSURE(given != NULL || count == 0, ASH_E_ARGUMENT);
	ASH_ENSURE(count <= ASH_TEMPLATE_COUNT_MAX, ASH_E_ARGUMENT);
	ASH_TRY(make_room(template, given, count));
	for (size_t i = 0; i < count; i++) {
		CK_ATTRIBUTE attribute = ash_template_at(given, i);
		size_t start = template->values.len;

		ASH_TRY(add_value(&attribute, 0, &template->values));
		template->attrs[i].type = attribute.type;
		template->attrs[i].value.len = template->values.len - start;
	}
	point(template, count);
	return ASH_DONE;
}

void ash_canonical_done(struct ash_canonical *template)
{
	if (template->attrs != template->few)
		ash_mem_free(template->attrs);
	ash_buf_done(&template->values);
	ash_canonical_init(template);
}

/* ---- to the application ---- */

static struct ash_status give(uint64_t type, struct ash_span value, unsigned depth, CK_ATTRIBUTE *to);

/* Sets the length; *ret_write tells whether there is something to write to. */
static struct ash_status offer(size_t len, CK_ATTRIBUTE *to, bool *ret_write)
{
	bool too_small = to->pValue != NULL && to->ulValueLen < len;

	*ret_write = to->pValue != NULL && !too_small;
	to->ulValueLen = too_small ? CK_UNAVAILABLE_INFORMATION : len;
	ASH_ENSURE(!too_small, ASH_E_BUFFER_TOO_SMALL);
	return ASH_DONE;
}

static struct ash_status give_bytes(struct ash_span value, CK_ATTRIBUTE *to)
{
	bool write = false;

	ASH_TRY(offer(value.len, to, &write));
	if (write && value.len != 0)
		memcpy(to->pValue, value.data, value.len);
	return ASH_DONE;
}

static struct ash_status give_numbers(struct ash_span value, CK_ATTRIBUTE *to)
{
	struct ash_reader in = ash_reader(value);
	size_t count = value.len / NUMBER_LEN;
	bool write = false;

	ASH_ENSURE(value.len % NUMBER_LEN == 0, ASH_E_CORRUPT);
	ASH_TRY(offer(count * sizeof(CK_ULONG), to, &write));
	for (size_t i = 0; write && i < count; i++) {
		uint64_t canonical = 0;
		CK_ULONG number = 0;

		ASH_TRY(ash_reader_u64(&in, &canonical));
		number = (CK_ULONG)canonical;
		memcpy((uint8_t *)to->pValue + i * sizeof(number), &number, sizeof(number));
	}
	return ASH_DONE;
}

static struct ash_status next_nested(struct ash_reader *in, uint64_t *ret_type, struct ash_span *ret_value)
{
	struct ash_status status = ash_reader_u64(in, ret_type);

	if (ash_is_ok(status))
		status = ash_reader_bytes(in, ASH_ATTRS_MAX, ret_value);
	ASH_ENSURE(ash_is_ok(status), ASH_E_CORRUPT);
	return ASH_DONE;
}

static struct ash_status count_nested(struct ash_span value, size_t *ret_count)
{
	struct ash_reader in = ash_reader(value);
	struct ash_span nested = ASH_SPAN_NONE;
	uint64_t type = 0;
	size_t count = 0;

	for (; in.rest.len != 0; count++)
		ASH_TRY(next_nested(&in, &type, &nested));
	*ret_count = count;
	return ASH_DONE;
}

/* §5.7.5: types are set, and each value is asked for or given room for by itself. */
static struct ash_status give_template(struct ash_span value, unsigned depth, CK_ATTRIBUTE *to)
{
	struct ash_reader in = ash_reader(value);
	struct ash_status worst = ASH_DONE;
	size_t count = 0;
	bool write = false;

	ASH_ENSURE(depth < ASH_TEMPLATE_DEPTH_MAX, ASH_E_CORRUPT);
	ASH_TRY(count_nested(value, &count));
	ASH_TRY(offer(count * sizeof(CK_ATTRIBUTE), to, &write));
	for (size_t i = 0; write && i < count; i++) {
		CK_ATTRIBUTE attribute = ash_template_at(to->pValue, i);
		struct ash_span nested = ASH_SPAN_NONE;
		struct ash_status status = ASH_DONE;
		uint64_t type = 0;

		ASH_TRY(next_nested(&in, &type, &nested));
		attribute.type = (CK_ATTRIBUTE_TYPE)type;
		status = give(type, nested, depth + 1, &attribute);
		ash_template_put(to->pValue, i, attribute);
		if (!ash_is_ok(status))
			worst = status;
	}
	return worst;
}

static struct ash_status give(uint64_t type, struct ash_span value, unsigned depth, CK_ATTRIBUTE *to)
{
	switch (ash_template_kind(type)) {
	case ASH_ATTR_NUMBER:
	case ASH_ATTR_NUMBERS: return give_numbers(value, to);
	case ASH_ATTR_TEMPLATE: return give_template(value, depth, to);
	case ASH_ATTR_BOOL:
	case ASH_ATTR_BYTES:
	case ASH_ATTR_INTEGER:
	case ASH_ATTR_TEXT:
	case ASH_ATTR_DATE: break;
	}
	return give_bytes(value, to);
}

struct ash_status ash_template_give(uint64_t type, struct ash_span value, CK_ATTRIBUTE *to)
{
	return give(type, value, 0, to);
}
