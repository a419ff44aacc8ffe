/*
 * Templates from strangers: makes an object of one, changes and copies it with
 * another, and looks whether what has to hold of every object holds.
 *
 * The input: one byte (three bits how it is made, one of them behind the bit that says
 * whether the officer makes it), then attributes, each type (8 bytes), length (4), value. One of type SEPARATOR
 * ends the template for making; what follows is the one for changing.
 *
 * The same bytes are also taken for an object from the disk, which need not have
 * been made by the rules above.
 */
#include <stdint.h>
#include <stdlib.h>

#include "token/attribute.h"
#include "token/keymap.h"
#include "token/pkcs8.h"
#include "util/reader.h"

#define SEPARATOR UINT64_MAX
#define ATTRS_MAX 64u

#define HOLDS(condition)                  \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
	enum ash_making making;
	struct ash_actor actor;
	struct ash_attr attrs[ATTRS_MAX];
	struct ash_template given, change;
};

static bool read_attr(struct ash_reader *in, struct ash_attr *ret_attr)
{
	return ash_is_ok(ash_reader_u64(in, &ret_attr->type)) &&
	       ash_is_ok(ash_reader_bytes(in, ASH_ATTRS_MAX, &ret_attr->value));
}

static void read_input(struct ash_reader *in, struct input *input)
{
	uint8_t how = 0;
	size_t count = 0, split = ATTRS_MAX;

	HOLDS(ash_is_ok(ash_reader_u8(in, &how)));
	input->making = (how & 8) != 0 ? ASH_MADE_ENCAPSULATE : (enum ash_making)(how & 3);
	input->actor = (struct ash_actor){ .so = (how & 4) != 0, .user = (how & 4) == 0, .read_write = true };
	for (; count < ATTRS_MAX && read_attr(in, &input->attrs[count]); count++) {
		if (input->attrs[count].type == SEPARATOR && split == ATTRS_MAX)
			split = count;
	}
	input->given = (struct ash_template){ input->attrs, split < count ? split : count };
	if (split < count)
		input->change = (struct ash_template){ input->attrs + split + 1, count - split - 1 };
}

/* --- What has to hold ----------------------------------------------------------- */

static bool is_key(const struct ash_attrs *attrs)
{
	const uint64_t class = ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

	return class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY;
}

static void check_round_trip(const struct ash_attrs *attrs)
{
	ASH_AUTO(ash_attrs) *again = NULL;
	ASH_AUTO(ash_buf) first = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) second = ASH_BUF_SECRET;

	HOLDS(ash_is_ok(ash_attrs_encode(attrs, &first)));
	HOLDS(ash_is_ok(ash_attrs_decode(ash_buf_span(&first), &again)));
	HOLDS(ash_is_ok(ash_attrs_encode(again, &second)));
	HOLDS(ash_span_equal(ash_buf_span(&first), ash_buf_span(&second)));
	HOLDS(first.len <= ASH_ATTRS_MAX);
}

static void check_reading(const struct ash_attrs *attrs)
{
	const bool closed = is_key(attrs) && (ash_attrs_bool(attrs, CKA_SENSITIVE, true) ||
					      !ash_attrs_bool(attrs, CKA_EXTRACTABLE, false));

	for (size_t i = 0; i < ash_attrs_count(attrs); i++) {
		const struct ash_attr attr = ash_attrs_at(attrs, i);
		const struct ash_attr_info *info = ash_attribute_find(attr.type);
		const struct ash_template one = { &attr, 1 };
		struct ash_span value = ASH_SPAN_NONE;
		const bool readable = ash_attribute_read(attrs, attr.type, &value) == ASH_OK;

		HOLDS(!readable || info != NULL);
		HOLDS(!readable || ash_span_equal(value, attr.value));
		HOLDS(!closed || info == NULL || !info->secret || !readable);
		if (info == NULL || info->kind != ASH_ATTR_INTEGER)
			HOLDS(ash_attrs_match(attrs, one) == readable);
	}
}

/* Of an object that came in through a template. */
static void check_made(const struct ash_attrs *attrs, struct ash_template from, struct ash_actor actor)
{
	for (size_t i = 0; i < from.count; i++) {
		struct ash_span value = ASH_SPAN_NONE;

		HOLDS(ash_attribute_find(from.attrs[i].type) != NULL);
		HOLDS(ash_attrs_get(attrs, from.attrs[i].type, &value));
		HOLDS(ash_span_equal(value,
				     ash_attribute_canonical(from.attrs[i].type, from.attrs[i].value)));
	}
	for (size_t i = 0; i < ash_attrs_count(attrs); i++)
		HOLDS(ash_attribute_find(ash_attrs_at(attrs, i).type) != NULL);
	HOLDS(actor.so || !ash_attrs_bool(attrs, CKA_TRUSTED, false));
	HOLDS(!ash_attrs_has(attrs, CKA_UNIQUE_ID));
	HOLDS(!is_key(attrs) || ash_attrs_has(attrs, CKA_SENSITIVE));
	HOLDS(!ash_attrs_bool(attrs, CKA_ALWAYS_SENSITIVE, false) ||
	      ash_attrs_bool(attrs, CKA_SENSITIVE, false));
	HOLDS(!ash_attrs_bool(attrs, CKA_NEVER_EXTRACTABLE, false) ||
	      !ash_attrs_bool(attrs, CKA_EXTRACTABLE, true));
}

static bool same(const struct ash_attrs *a, const struct ash_attrs *b, uint64_t type)
{
	struct ash_span first = ASH_SPAN_NONE, second = ASH_SPAN_NONE;

	return ash_attrs_get(a, type, &first) == ash_attrs_get(b, type, &second) &&
	       ash_span_equal(first, second);
}

/* Of an object that was another before. */
static void check_changed(const struct ash_attrs *before, const struct ash_attrs *after,
			  struct ash_actor actor)
{
	static const uint64_t fixed[] = { CKA_CLASS,
					  CKA_KEY_TYPE,
					  CKA_MODULUS,
					  CKA_EC_POINT,
					  CKA_PRIVATE_EXPONENT,
					  CKA_SEED,
					  CKA_LOCAL,
					  CKA_ALWAYS_SENSITIVE,
					  CKA_NEVER_EXTRACTABLE,
					  ASH_A_BLOB,
					  ASH_A_ENGINE,
					  CKA_KEY_GEN_MECHANISM,
					  CKA_VALUE_LEN,
					  CKA_ALWAYS_AUTHENTICATE,
					  CKA_ALLOWED_MECHANISMS };

	for (size_t i = 0; i < ASH_COUNT(fixed); i++)
		HOLDS(same(before, after, fixed[i]));
	HOLDS(!is_key(before) || same(before, after, CKA_VALUE));
	HOLDS(!ash_attrs_bool(before, CKA_SENSITIVE, false) || !is_key(before) ||
	      ash_attrs_bool(after, CKA_SENSITIVE, false));
	HOLDS(ash_attrs_bool(before, CKA_EXTRACTABLE, true) || !is_key(before) ||
	      !ash_attrs_bool(after, CKA_EXTRACTABLE, true));
	HOLDS(actor.so || ash_attrs_bool(before, CKA_TRUSTED, false) ||
	      !ash_attrs_bool(after, CKA_TRUSTED, false));
}

/* --- What is done ----------------------------------------------------------------- */

static void map_key(const struct ash_attrs *attrs)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_parts) again = ASH_PARTS_NONE;
	ASH_AUTO(ash_attrs) *whole = NULL;
	struct ash_key_spec spec;

	if (!ash_is_ok(ash_keymap_spec(attrs, &spec)) || !ash_is_ok(ash_keymap_parts(attrs, &parts)))
		return;
	HOLDS(ash_is_ok(ash_attrs_copy(attrs, &whole)));
	if (!ash_is_ok(ash_keymap_store(&spec, &parts, whole)))
		return;
	HOLDS(ash_is_ok(ash_keymap_parts(whole, &again)));
	for (unsigned i = 0; i < ASH_PARTS; i++)
		HOLDS(ash_span_equal(ash_parts_get(&parts, (enum ash_part)i),
				     ash_parts_get(&again, (enum ash_part)i)));
}

static void change_and_copy(const struct ash_attrs *attrs, const struct input *input)
{
	ASH_AUTO(ash_attrs) *changed = NULL;
	ASH_AUTO(ash_attrs) *copy = NULL;

	if (ash_is_ok(ash_attribute_change(attrs, input->change, input->actor, &changed))) {
		check_changed(attrs, changed, input->actor);
		check_reading(changed);
		HOLDS(same(attrs, changed, CKA_TOKEN) && same(attrs, changed, CKA_PRIVATE));
		HOLDS(same(attrs, changed, CKA_MODIFIABLE));
	}
	if (ash_is_ok(ash_attribute_copy(attrs, input->change, input->actor, &copy))) {
		check_changed(attrs, copy, input->actor);
		check_reading(copy);
		HOLDS(!ash_attrs_bool(attrs, CKA_PRIVATE, false) || ash_attrs_bool(copy, CKA_PRIVATE, false));
	}
}

/* Makes a key as one asks for that has the object's templates, which has to be as they say. */
static void follow_template(const struct ash_attrs *attrs, const struct input *input, uint64_t type)
{
	ASH_AUTO(ash_merged) merged = ASH_MERGED_NONE;
	ASH_AUTO(ash_attrs) *made = NULL;
	ASH_AUTO(ash_attrs) *before = NULL;

	if (!ash_is_ok(ash_attribute_template_merge(attrs, type, input->change, &merged)))
		return;
	HOLDS(merged.count >= input->change.count);
	if (!ash_is_ok(ash_attribute_make(input->making, ash_merged_template(&merged),
					  (struct ash_template){ NULL, 0 }, CK_UNAVAILABLE_INFORMATION,
					  input->actor, &made)))
		return;
	check_made(made, ash_merged_template(&merged), input->actor);
	HOLDS(ash_attribute_template_match(attrs, type, made));
	HOLDS(ash_is_ok(ash_attrs_copy(made, &before)));
	HOLDS(ash_is_ok(ash_attribute_inherit(attrs, made)));
	HOLDS(!ash_attrs_bool(made, CKA_ALWAYS_SENSITIVE, false) ||
	      (ash_attrs_bool(attrs, CKA_ALWAYS_SENSITIVE, false) &&
	       ash_attrs_bool(made, CKA_SENSITIVE, false)));
	HOLDS(!ash_attrs_bool(made, CKA_NEVER_EXTRACTABLE, false) ||
	      (ash_attrs_bool(attrs, CKA_NEVER_EXTRACTABLE, false) &&
	       !ash_attrs_bool(made, CKA_EXTRACTABLE, true)));
	HOLDS(same(before, made, CKA_SENSITIVE) && same(before, made, CKA_EXTRACTABLE));
}

static void wrap_key(const struct ash_attrs *attrs)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;

	if (!ash_is_ok(ash_pkcs8_encode(attrs, &der)))
		HOLDS(der.len == 0);
}

static void use(const struct ash_attrs *attrs, const struct input *input)
{
	check_round_trip(attrs);
	check_reading(attrs);
	ash_ignore(ash_attribute_complete(attrs)); /* any answer, but an answer */
	map_key(attrs);
	wrap_key(attrs);
	change_and_copy(attrs, input);
	follow_template(attrs, input, CKA_UNWRAP_TEMPLATE);
	follow_template(attrs, input, CKA_DERIVE_TEMPLATE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ash_reader in = ash_reader(ash_span(data, len));
	struct input input = { .making = ASH_MADE_CREATE };
	ASH_AUTO(ash_attrs) *made = NULL;
	ASH_AUTO(ash_attrs) *stored = NULL;

	if (len == 0)
		return 0;
	read_input(&in, &input);
	if (ash_is_ok(ash_attribute_make(input.making, input.given, (struct ash_template){ NULL, 0 },
					 CK_UNAVAILABLE_INFORMATION, input.actor, &made))) {
		check_made(made, input.given, input.actor);
		use(made, &input);
	}
	if (ash_is_ok(ash_attrs_decode(ash_span(data + 1, len - 1), &stored)))
		use(stored, &input);
	return 0;
}
