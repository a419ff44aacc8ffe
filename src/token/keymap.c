#include "token/keymap.h"

#include <string.h>

#include "crypto/alg.h"
#include "token/attribute_priv.h"
#include "token/der.h"
#include "token/keygroup.h"
#include "util/compat.h"

#define UNCOMPRESSED 0x04u
#define RSA_BITS_MAX 16384u

/* --- What key it is ---------------------------------------------------------- */

static uint64_t class_of(const struct ash_attrs *attrs)
{
	return ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
}

static struct ash_status kind_of(const struct ash_attrs *attrs, enum ash_key_kind *ret_kind)
{
	const struct ash_key_type *type =
		ash_attribute_key_type(ash_attrs_number(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));

	ASH_ENSURE(type != NULL && (type->classes & ash_attribute_class_bit(class_of(attrs))) != 0,
		   ASH_E_KEY_TYPE);
	*ret_kind = type->kind;
	return ASH_DONE;
}

/* Whether the bytes name a curve, as X9.62 Parameters can, if not one that we have (§6.3). */
static bool names_curve(struct ash_span value)
{
	static const uint8_t tags[] = { ASH_DER_OID, ASH_DER_PRINTABLE_STRING };

	for (size_t i = 0; i < sizeof(tags); i++) {
		struct ash_reader in = ash_reader(value);
		struct ash_span content = ASH_SPAN_NONE;

		if (ash_is_ok(ash_der_take(&in, tags[i], &content)) && in.rest.len == 0 && content.len != 0)
			return true;
	}
	return false;
}

static struct ash_status curve_of(const struct ash_attrs *attrs, enum ash_key_kind kind,
				  const struct ash_keygroup **ret_row)
{
	const struct ash_keygroup *row = NULL;
	struct ash_span params = ASH_SPAN_NONE;

	ASH_ENSURE(ash_attrs_get(attrs, CKA_EC_PARAMS, &params) && params.len != 0, ASH_E_ATTRIBUTE_VALUE);
	row = ash_keygroup_of_params(kind, params);
	if (row == NULL)
		ASH_FAIL(names_curve(params) ? ASH_E_CURVE : ASH_E_DOMAIN_PARAMS);
	*ret_row = row;
	return ASH_DONE;
}

static struct ash_status parameter_set_of(const struct ash_attrs *attrs, enum ash_key_kind kind,
					  const struct ash_keygroup **ret_row)
{
	const struct ash_keygroup *row = NULL;

	ASH_ENSURE(ash_attrs_has(attrs, CKA_PARAMETER_SET), ASH_E_ATTRIBUTE_VALUE);
	row = ash_keygroup_of_set(kind, ash_attrs_number(attrs, CKA_PARAMETER_SET, 0));
	ASH_ENSURE(row != NULL, ASH_E_PARAMETER_SET);
	*ret_row = row;
	return ASH_DONE;
}

static uint64_t rsa_bits(const struct ash_attrs *attrs)
{
	struct ash_span modulus = ASH_SPAN_NONE;
	uint64_t bits = 0;

	if (!ash_attrs_get(attrs, CKA_MODULUS, &modulus))
		return ash_attrs_number(attrs, CKA_MODULUS_BITS, 0);
	modulus = ash_attribute_canonical(CKA_MODULUS, modulus);
	if (modulus.len == 0)
		return 0;
	for (unsigned top = modulus.data[0]; top != 0; top >>= 1)
		bits++;
	return bits + (modulus.len - 1) * 8;
}

static uint64_t secret_len(const struct ash_attrs *attrs)
{
	struct ash_span value = ASH_SPAN_NONE;

	return ash_attrs_get(attrs, CKA_VALUE, &value) ? value.len
						       : ash_attrs_number(attrs, CKA_VALUE_LEN, 0);
}

static bool is_secret_len(const struct ash_attrs *attrs, uint64_t len)
{
	if (ash_attrs_number(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION) == CKK_AES)
		return len == 16 || len == 24 || len == 32;
	return len != 0 && len <= ASH_SECRET_KEY_MAX;
}

/* The spec, and the group's row where there is one. */
static struct ash_status look_up(const struct ash_attrs *attrs, struct ash_key_spec *ret_spec,
				 const struct ash_keygroup **ret_row)
{
	struct ash_key_spec spec = { .group = ASH_GROUP_NONE };
	uint64_t size = 0;

	ASH_TRY(kind_of(attrs, &spec.kind));
	switch (spec.kind) {
	case ASH_KEY_RSA:
		size = rsa_bits(attrs);
		ASH_ENSURE(size != 0 && size <= RSA_BITS_MAX, ASH_E_ATTRIBUTE_VALUE);
		spec.bits = (uint32_t)size;
		break;
	case ASH_KEY_EC:
	case ASH_KEY_EDWARDS:
	case ASH_KEY_MONTGOMERY:
		ASH_TRY(curve_of(attrs, spec.kind, ret_row));
		spec.group = (*ret_row)->group;
		break;
	case ASH_KEY_ML_DSA:
	case ASH_KEY_ML_KEM:
		ASH_TRY(parameter_set_of(attrs, spec.kind, ret_row));
		spec.group = (*ret_row)->group;
		break;
	case ASH_KEY_SECRET:
		size = secret_len(attrs);
		ASH_ENSURE(is_secret_len(attrs, size), ASH_E_ATTRIBUTE_VALUE);
		spec.bits = (uint32_t)size * 8;
		break;
	case ASH_KEY_KINDS: ASH_FAIL(ASH_E_KEY_TYPE);
	}
	*ret_spec = spec;
	return ASH_DONE;
}

struct ash_status ash_keymap_spec(const struct ash_attrs *attrs, struct ash_key_spec *ret_spec)
{
	const struct ash_keygroup *row = NULL;

	return look_up(attrs, ret_spec, &row);
}

/* --- Attributes and parts ---------------------------------------------------- */

/* How an attribute's value holds a part. */
enum form {
	FORM_INTEGER,
	FORM_BYTES,   /* as it is */
	FORM_PUBLIC,  /* as it is, of the group's length */
	FORM_PRIVATE, /* the same */
	FORM_SEED,    /* the same */
	FORM_SCALAR,  /* a big integer, padded to the group's length */
	FORM_POINT,   /* CKA_EC_POINT */
	FORM_INFO,    /* CKA_PUBLIC_KEY_INFO; only read here */
};

enum {
	ON_PUBLIC = 1u << 0,
	ON_PRIVATE = 1u << 1,
	ON_SECRET = 1u << 2
};
#define OF(kind) (1u << ASH_KEY_##kind)
#define CURVES   (OF(EC) | OF(EDWARDS) | OF(MONTGOMERY))
#define LATTICES (OF(ML_DSA) | OF(ML_KEM))

static const struct part_row {
	uint64_t type;
	enum ash_part part;
	enum form form;
	unsigned kinds, classes;
} part_table[] = {
	{ CKA_MODULUS, ASH_PART_MODULUS, FORM_INTEGER, OF(RSA), ON_PUBLIC | ON_PRIVATE },
	{ CKA_PUBLIC_EXPONENT, ASH_PART_PUBLIC_EXPONENT, FORM_INTEGER, OF(RSA), ON_PUBLIC | ON_PRIVATE },
	{ CKA_PRIVATE_EXPONENT, ASH_PART_PRIVATE_EXPONENT, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_PRIME_1, ASH_PART_PRIME_1, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_PRIME_2, ASH_PART_PRIME_2, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_EXPONENT_1, ASH_PART_EXPONENT_1, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_EXPONENT_2, ASH_PART_EXPONENT_2, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_COEFFICIENT, ASH_PART_COEFFICIENT, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_EC_POINT, ASH_PART_PUBLIC, FORM_POINT, CURVES, ON_PUBLIC },
	{ CKA_VALUE, ASH_PART_PUBLIC, FORM_PUBLIC, LATTICES, ON_PUBLIC },
	{ CKA_PUBLIC_KEY_INFO, ASH_PART_PUBLIC, FORM_INFO, CURVES | LATTICES, ON_PRIVATE },
	{ CKA_VALUE, ASH_PART_PRIVATE, FORM_SCALAR, OF(EC), ON_PRIVATE },
	{ CKA_VALUE, ASH_PART_PRIVATE, FORM_PRIVATE, OF(EDWARDS) | OF(MONTGOMERY) | LATTICES, ON_PRIVATE },
	{ CKA_SEED, ASH_PART_SEED, FORM_SEED, LATTICES, ON_PRIVATE },
	{ CKA_VALUE, ASH_PART_SECRET, FORM_BYTES, OF(SECRET), ON_SECRET },
	{ ASH_A_BLOB, ASH_PART_BLOB, FORM_BYTES, ~0u, ON_PRIVATE | ON_SECRET },
};

static bool concerns(const struct part_row *row, enum ash_key_kind kind, uint64_t class)
{
	const unsigned on = class == CKO_PUBLIC_KEY    ? ON_PUBLIC
			    : class == CKO_PRIVATE_KEY ? ON_PRIVATE
						       : ON_SECRET;

	return (row->kinds & 1u << kind) != 0 && (row->classes & on) != 0;
}

/* One element around `len` bytes, and nothing else. */
static bool unpack(uint8_t tag, size_t len, struct ash_span *value)
{
	struct ash_reader in = ash_reader(*value);
	struct ash_span content = ASH_SPAN_NONE;

	if (!ash_is_ok(tag == ASH_DER_BIT_STRING ? ash_der_take_bits(&in, tag, &content)
						 : ash_der_take(&in, tag, &content)) ||
	    in.rest.len != 0 || content.len != len)
		return false;
	*value = content;
	return true;
}

/* X9.62's compressed and hybrid points, which we don't take (§6.3): of a whole point's length `len`. */
static bool is_other_form(struct ash_span value, size_t len)
{
	const size_t compressed = len / 2 + 1;

	if (value.len != len && value.len != compressed && !unpack(ASH_DER_OCTET_STRING, len, &value) &&
	    !unpack(ASH_DER_OCTET_STRING, compressed, &value))
		return false;
	return value.len == len ? (value.data[0] | 1) == 0x07 : (value.data[0] | 1) == 0x03;
}

/* The forms differ in length, so that none can be taken for another. */
static struct ash_status point_of(const struct ash_keygroup *row, struct ash_span value,
				  struct ash_span *ret_point)
{
	const size_t len = ash_group_public_len(row->group);

	ASH_ENSURE(row->kind != ASH_KEY_EC || !is_other_form(value, len), ASH_E_TEMPLATE_INCONSISTENT);
	ASH_ENSURE(value.len == len || unpack(ASH_DER_OCTET_STRING, len, &value) ||
			   (row->kind != ASH_KEY_EC && unpack(ASH_DER_BIT_STRING, len, &value)),
		   ASH_E_ATTRIBUTE_VALUE);
	ASH_ENSURE(row->kind != ASH_KEY_EC || value.data[0] == UNCOMPRESSED, ASH_E_ATTRIBUTE_VALUE);
	*ret_point = value;
	return ASH_DONE;
}

/* The public key in a SubjectPublicKeyInfo of this group. */
static bool info_of(const struct ash_keygroup *row, struct ash_span *value)
{
	struct ash_reader outer = ash_reader(*value);
	struct ash_reader in = ash_reader(ASH_SPAN_NONE);
	struct ash_span algorithm = ASH_SPAN_NONE;

	if (!ash_is_ok(ash_der_take(&outer, ASH_DER_SEQUENCE, &in.rest)) || outer.rest.len != 0 ||
	    !ash_is_ok(ash_reader_take(&in, row->algorithm.len, &algorithm)) ||
	    !ash_span_equal(algorithm, row->algorithm))
		return false;
	*value = in.rest;
	return unpack(ASH_DER_BIT_STRING, ash_group_public_len(row->group), value);
}

/* A secret of exactly `len` bytes that holds the integer. */
static struct ash_status padded(struct ash_span number, size_t len, struct ash_secret **ret_secret)
{
	ASH_AUTO(ash_secret) *secret = NULL;

	while (number.len != 0 && number.data[0] == 0)
		number = ash_span(number.data + 1, number.len - 1);
	ASH_ENSURE(number.len != 0 && number.len <= len, ASH_E_ATTRIBUTE_VALUE);
	ASH_TRY(ash_secret_new(len, &secret));
	memcpy(ash_secret_edit(secret).data + len - number.len, number.data, number.len);
	*ret_secret = ASH_TAKE(secret);
	return ASH_DONE;
}

static struct ash_status take_scalar(const struct ash_keygroup *group, struct ash_span value,
				     enum ash_part part, struct ash_parts *parts)
{
	struct ash_secret *scalar = NULL;

	ASH_TRY(padded(value, ash_group_private_len(group->group), &scalar));
	ash_secret_free(parts->value[part]);
	parts->value[part] = scalar;
	return ASH_DONE;
}

static struct ash_status take_part(const struct part_row *row, const struct ash_keygroup *group,
				   struct ash_span value, struct ash_parts *parts)
{
	switch (row->form) {
	case FORM_INTEGER: return ash_parts_set_integer(parts, row->part, value);
	case FORM_SCALAR: return take_scalar(group, value, row->part, parts);
	case FORM_BYTES: break;
	case FORM_PUBLIC:
		ASH_ENSURE(value.len == ash_group_public_len(group->group), ASH_E_ATTRIBUTE_VALUE);
		break;
	case FORM_PRIVATE:
		ASH_ENSURE(value.len == ash_group_private_len(group->group), ASH_E_ATTRIBUTE_VALUE);
		break;
	case FORM_SEED: ASH_ENSURE(value.len == group->seed_len, ASH_E_ATTRIBUTE_VALUE); break;
	case FORM_POINT: ASH_TRY(point_of(group, value, &value)); break;
	case FORM_INFO:
		if (value.len == 0)
			return ASH_DONE; /* "MAY be empty" */
		ASH_ENSURE(info_of(group, &value), ASH_E_ATTRIBUTE_VALUE);
		break;
	}
	return ash_parts_set(parts, row->part, value);
}

struct ash_status ash_keymap_parts(const struct ash_attrs *attrs, struct ash_parts *ret_parts)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	const struct ash_keygroup *group = NULL;
	struct ash_key_spec spec = { .group = ASH_GROUP_NONE };

	ASH_TRY(look_up(attrs, &spec, &group));
	for (size_t i = 0; i < ASH_COUNT(part_table); i++) {
		struct ash_span value = ASH_SPAN_NONE;

		if (concerns(&part_table[i], spec.kind, class_of(attrs)) &&
		    ash_attrs_get(attrs, part_table[i].type, &value))
			ASH_TRY(take_part(&part_table[i], group, value, &parts));
	}
	ash_parts_move(ret_parts, &parts);
	return ASH_DONE;
}

static struct ash_status give_part(const struct part_row *row, const struct ash_key_spec *spec,
				   struct ash_span part, struct ash_attrs *attrs)
{
	ASH_AUTO(ash_secret) *scalar = NULL;
	ASH_AUTO(ash_buf) point = ASH_BUF_PLAIN;

	if (row->form == FORM_INFO)
		return ASH_DONE; /* set for all kinds of keys together */
	if (row->form == FORM_SCALAR) {
		ASH_TRY(padded(part, ash_group_private_len(spec->group), &scalar));
		part = ash_secret_peek(scalar);
	} else if (row->form == FORM_POINT) {
		ASH_TRY(ash_der_add(&point, ASH_DER_OCTET_STRING, part));
		part = ash_buf_span(&point);
	}
	return ash_attrs_set(attrs, row->type, part);
}

/* --- CKA_PUBLIC_KEY_INFO ----------------------------------------------------- */

/* What the BIT STRING holds: RFC 8017 §A.1.1, or the public key's own bytes. Empty when not known. */
static struct ash_status public_bits(const struct ash_key_spec *spec, const struct ash_parts *parts,
				     struct ash_buf *out)
{
	ASH_AUTO(ash_buf) numbers = ASH_BUF_PLAIN;

	if (spec->kind != ASH_KEY_RSA)
		return ash_buf_add(out, ash_parts_get(parts, ASH_PART_PUBLIC));
	if (!ash_parts_has(parts, ASH_PART_MODULUS) || !ash_parts_has(parts, ASH_PART_PUBLIC_EXPONENT))
		return ASH_DONE;
	ASH_TRY(ash_der_add_integer(&numbers, ash_parts_get(parts, ASH_PART_MODULUS)));
	ASH_TRY(ash_der_add_integer(&numbers, ash_parts_get(parts, ASH_PART_PUBLIC_EXPONENT)));
	return ash_der_add(out, ASH_DER_SEQUENCE, ash_buf_span(&numbers));
}

/* Leaves `out` empty when the public key is not known. */
static struct ash_status public_key_info(const struct ash_key_spec *spec, const struct ash_parts *parts,
					 struct ash_buf *out)
{
	const struct ash_keygroup *row = ash_keygroup_of(spec->kind, spec->group);
	ASH_AUTO(ash_buf) bits = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) info = ASH_BUF_PLAIN;

	ASH_TRY(public_bits(spec, parts, &bits));
	if (row == NULL || bits.len == 0)
		return ASH_DONE;
	ASH_TRY(ash_buf_add(&info, row->algorithm));
	ASH_TRY(ash_der_add_bits(&info, ASH_DER_BIT_STRING, ash_buf_span(&bits)));
	return ash_der_add(out, ASH_DER_SEQUENCE, ash_buf_span(&info));
}

static struct ash_status store_info(const struct ash_key_spec *spec, const struct ash_parts *parts,
				    struct ash_attrs *attrs)
{
	ASH_AUTO(ash_buf) info = ASH_BUF_PLAIN;
	struct ash_span said = ASH_SPAN_NONE;

	ASH_TRY(public_key_info(spec, parts, &info));
	if (info.len == 0)
		return ASH_DONE;
	ASH_ENSURE(!ash_attrs_get(attrs, CKA_PUBLIC_KEY_INFO, &said) || said.len == 0 ||
			   ash_span_equal(said, ash_buf_span(&info)),
		   ASH_E_ATTRIBUTE_VALUE);
	return ash_attrs_set(attrs, CKA_PUBLIC_KEY_INFO, ash_buf_span(&info));
}

/* What names or measures the key, where such objects have it and it is not there yet. */
static struct ash_status store_spec(const struct ash_key_spec *spec, uint64_t class, struct ash_attrs *attrs)
{
	const struct ash_keygroup *row = ash_keygroup_of(spec->kind, spec->group);

	if (row != NULL && row->params.len != 0 && !ash_attrs_has(attrs, CKA_EC_PARAMS))
		ASH_TRY(ash_attrs_set(attrs, CKA_EC_PARAMS, row->params));
	if (row != NULL && row->parameter_set != 0)
		ASH_TRY(ash_attrs_set_number(attrs, CKA_PARAMETER_SET, row->parameter_set));
	if (spec->kind == ASH_KEY_RSA && class == CKO_PUBLIC_KEY)
		ASH_TRY(ash_attrs_set_number(attrs, CKA_MODULUS_BITS, spec->bits));
	if (spec->kind == ASH_KEY_SECRET)
		ASH_TRY(ash_attrs_set_number(attrs, CKA_VALUE_LEN, spec->bits / 8));
	return ASH_DONE;
}

struct ash_status ash_keymap_store(const struct ash_key_spec *spec, const struct ash_parts *parts,
				   struct ash_attrs *attrs)
{
	const uint64_t class = class_of(attrs);
	enum ash_key_kind kind = ASH_KEY_KINDS;

	ASH_TRY(kind_of(attrs, &kind));
	ASH_ENSURE(kind == spec->kind, ASH_E_KEY_TYPE);
	ASH_TRY(store_spec(spec, class, attrs));
	for (size_t i = 0; i < ASH_COUNT(part_table); i++) {
		const struct part_row *row = &part_table[i];

		if (concerns(row, kind, class) && ash_parts_has(parts, row->part))
			ASH_TRY(give_part(row, spec, ash_parts_get(parts, row->part), attrs));
	}
	return kind != ASH_KEY_SECRET ? store_info(spec, parts, attrs) : ASH_DONE;
}
