#include "token/attribute_priv.h"

static bool is_number_between(struct ash_span text, unsigned low, unsigned high, unsigned *ret_number)
{
	unsigned number = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		number = number * 10 + (unsigned)(text.data[i] - '0');
	}
	*ret_number = number;
	return number >= low && number <= high;
}

static unsigned days_of(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29u : days[month - 1];
}

/* §3.7.1, CK_DATE: "1900" to "9999", "01" to "12", "01" to "31"; or empty. */
static bool is_date(struct ash_span value)
{
	unsigned year = 0, month = 0, day = 0;

	if (value.len == 0)
		return true;
	return value.len == 8 && is_number_between(ash_span(value.data, 4), 1900, 9999, &year) &&
	       is_number_between(ash_span(value.data + 4, 2), 1, 12, &month) &&
	       is_number_between(ash_span(value.data + 6, 2), 1, days_of(year, month), &day);
}

static bool number_fits(const struct ash_attr_row *row, struct ash_span value)
{
	struct ash_reader in = ash_reader(value);
	uint64_t number = 0;

	if (value.len != sizeof(number) || !ash_is_ok(ash_reader_u64(&in, &number)))
		return false;
	if (row->info.type == CKA_CLASS)
		return ash_attribute_class_bit(number) != 0;
	if (row->info.type == CKA_KEY_TYPE)
		return ash_attribute_key_type(number) != NULL;
	return number >= row->low && number <= row->high;
}

/*
 * Texts are not checked to be UTF-8. Clients write labels in whatever their locale
 * has and look them up by the same bytes; a token that refuses them can't take
 * over such keys, and nothing in here reads a text. Who shows one escapes it.
 */
static bool form_fits(const struct ash_attr_row *row, struct ash_span value)
{
	const size_t len = ash_attribute_canonical(row->info.type, value).len;

	switch (row->info.kind) {
	case ASH_ATTR_BOOL: return value.len == 1 && value.data[0] <= 1;
	case ASH_ATTR_NUMBER: return number_fits(row, value);
	case ASH_ATTR_DATE: return is_date(value);
	case ASH_ATTR_NUMBERS: return value.len % sizeof(uint64_t) == 0 && value.len <= row->high;
	case ASH_ATTR_BYTES:
	case ASH_ATTR_INTEGER:
	case ASH_ATTR_TEXT:
	case ASH_ATTR_TEMPLATE: return len >= row->low && len <= row->high;
	}
	return false;
}

static struct ash_status check_form(struct ash_attr attr)
{
	const struct ash_attr_row *row = ash_attribute_row(attr.type);

	ASH_ENSURE(row != NULL, ASH_E_ATTRIBUTE_TYPE);
	ASH_ENSURE(form_fits(row, attr.value), ASH_E_ATTRIBUTE_VALUE);
	return ASH_DONE;
}

static bool seen_before(const uint64_t *types, size_t count, uint64_t type)
{
	for (size_t i = 0; i < count; i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

struct ash_status ash_attribute_read_inner(struct ash_reader *in, struct ash_attr *ret_attr)
{
	struct ash_reader ahead = *in;
	struct ash_attr attr = { 0, ASH_SPAN_NONE };

	ASH_TRY(ash_reader_u64(&ahead, &attr.type));
	ASH_TRY(ash_reader_bytes(&ahead, ASH_ATTRS_MAX, &attr.value));
	*in = ahead;
	*ret_attr = attr;
	return ASH_DONE;
}

/*
 * A template within a template's value. Templates in it are refused, as §4.8.3 lets
 * a token do. So are secret values: a key that could be compared with them through
 * a wrapping key would be guessed byte by byte.
 */
static struct ash_status check_inner(struct ash_span value)
{
	uint64_t types[ASH_INNER_ATTRS_MAX];
	struct ash_reader in = ash_reader(value);

	for (size_t count = 0; in.rest.len != 0; count++) {
		struct ash_attr attr = { 0, ASH_SPAN_NONE };

		ASH_ENSURE(count < ASH_INNER_ATTRS_MAX, ASH_E_ATTRIBUTE_VALUE);
		ASH_ENSURE(ash_is_ok(ash_attribute_read_inner(&in, &attr)), ASH_E_ATTRIBUTE_VALUE);
		ASH_TRY(check_form(attr));
		ASH_ENSURE(ash_attribute_find(attr.type)->kind != ASH_ATTR_TEMPLATE &&
				   !ash_attribute_find(attr.type)->secret &&
				   !seen_before(types, count, attr.type),
			   ASH_E_TEMPLATE_INCONSISTENT);
		types[count] = attr.type;
	}
	return ASH_DONE;
}

struct ash_status ash_attribute_forms(struct ash_template given)
{
	for (size_t i = 0; i < given.count; i++)
		ASH_ENSURE(ash_attribute_row(given.attrs[i].type) != NULL, ASH_E_ATTRIBUTE_TYPE);
	for (size_t i = 0; i < given.count; i++)
		ASH_TRY(check_form(given.attrs[i]));
	for (size_t i = 0; i < given.count; i++) {
		if (ash_attribute_find(given.attrs[i].type)->kind == ASH_ATTR_TEMPLATE)
			ASH_TRY(check_inner(given.attrs[i].value));
	}
	return ASH_DONE;
}
