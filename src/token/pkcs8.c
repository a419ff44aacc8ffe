#include "token/pkcs8.h"

#include "crypto/alg.h"
#include "token/der.h"
#include "token/keygroup.h"
#include "token/keymap.h"
#include "util/compat.h"

#define UNCOMPRESSED 0x04u

/* RFC 8017 §A.1.2, in its order. */
static const enum ash_part rsa_parts[] = {
	ASH_PART_MODULUS, ASH_PART_PUBLIC_EXPONENT, ASH_PART_PRIVATE_EXPONENT, ASH_PART_PRIME_1,
	ASH_PART_PRIME_2, ASH_PART_EXPONENT_1,      ASH_PART_EXPONENT_2,       ASH_PART_COEFFICIENT,
};

/* What a number in front says: version 1 is 0 in PrivateKeyInfo and RSAPrivateKey, 1 in ECPrivateKey. */
static const uint8_t zero = 0, one = 1;

/* --- Encoding ---------------------------------------------------------------- */

static struct ash_status require(const struct ash_parts *parts, enum ash_part part)
{
	ASH_ENSURE(ash_parts_has(parts, part), ASH_E_KEY_NOT_WRAPPABLE);
	return ASH_DONE;
}

static struct ash_status encode_rsa(const struct ash_parts *parts, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) numbers = ASH_BUF_SECRET;

	ASH_TRY(ash_der_add_integer(&numbers, ash_span(&zero, 1)));
	for (size_t i = 0; i < ASH_COUNT(rsa_parts); i++) {
		ASH_TRY(require(parts, rsa_parts[i]));
		ASH_TRY(ash_der_add_integer(&numbers, ash_parts_get(parts, rsa_parts[i])));
	}
	return ash_der_add(out, ASH_DER_SEQUENCE, ash_buf_span(&numbers));
}

/* RFC 5915; PKCS#11 leaves the parameters to the AlgorithmIdentifier. */
static struct ash_status encode_ec(const struct ash_parts *parts, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) key = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) point = ASH_BUF_PLAIN;

	ASH_TRY(require(parts, ASH_PART_PRIVATE));
	ASH_TRY(ash_der_add_integer(&key, ash_span(&one, 1)));
	ASH_TRY(ash_der_add(&key, ASH_DER_OCTET_STRING, ash_parts_get(parts, ASH_PART_PRIVATE)));
	if (ash_parts_has(parts, ASH_PART_PUBLIC)) {
		ASH_TRY(ash_der_add_bits(&point, ASH_DER_BIT_STRING, ash_parts_get(parts, ASH_PART_PUBLIC)));
		ASH_TRY(ash_der_add(&key, ASH_DER_CONTEXT_CONS(1), ash_buf_span(&point)));
	}
	return ash_der_add(out, ASH_DER_SEQUENCE, ash_buf_span(&key));
}

static struct ash_status encode_octets(const struct ash_parts *parts, struct ash_buf *out)
{
	ASH_TRY(require(parts, ASH_PART_PRIVATE));
	return ash_der_add(out, ASH_DER_OCTET_STRING, ash_parts_get(parts, ASH_PART_PRIVATE));
}

/* CHOICE { seed [0], expandedKey OCTET STRING, both SEQUENCE { seed, expandedKey } } */
static struct ash_status encode_lattice(const struct ash_parts *parts, struct ash_buf *out)
{
	const struct ash_span seed = ash_parts_get(parts, ASH_PART_SEED);
	ASH_AUTO(ash_buf) both = ASH_BUF_SECRET;

	if (!ash_parts_has(parts, ASH_PART_SEED))
		return encode_octets(parts, out);
	if (!ash_parts_has(parts, ASH_PART_PRIVATE))
		return ash_der_add(out, ASH_DER_CONTEXT(0), seed);
	ASH_TRY(ash_der_add(&both, ASH_DER_OCTET_STRING, seed));
	ASH_TRY(encode_octets(parts, &both));
	return ash_der_add(out, ASH_DER_SEQUENCE, ash_buf_span(&both));
}

static struct ash_status encode_key(enum ash_key_kind kind, const struct ash_parts *parts,
				    struct ash_buf *out)
{
	switch (kind) {
	case ASH_KEY_RSA: return encode_rsa(parts, out);
	case ASH_KEY_EC: return encode_ec(parts, out);
	case ASH_KEY_EDWARDS:
	case ASH_KEY_MONTGOMERY: return encode_octets(parts, out);
	case ASH_KEY_ML_DSA:
	case ASH_KEY_ML_KEM: return encode_lattice(parts, out);
	case ASH_KEY_SECRET:
	case ASH_KEY_KINDS: break;
	}
	ASH_FAIL(ASH_E_KEY_NOT_WRAPPABLE);
}

struct ash_status ash_pkcs8_encode(const struct ash_attrs *attrs, struct ash_buf *out)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_buf) key = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) info = ASH_BUF_SECRET;
	const struct ash_keygroup *row = NULL;
	struct ash_key_spec spec = { .group = ASH_GROUP_NONE };

	ASH_BUG(!out->secret);
	ASH_TRY(ash_keymap_spec(attrs, &spec));
	row = ash_keygroup_of(spec.kind, spec.group);
	ASH_ENSURE(row != NULL, ASH_E_KEY_NOT_WRAPPABLE);
	ASH_TRY(ash_keymap_parts(attrs, &parts));
	ASH_TRY(encode_key(spec.kind, &parts, &key));
	ASH_TRY(ash_der_add_integer(&info, ash_span(&zero, 1)));
	ASH_TRY(ash_buf_add(&info, row->algorithm));
	ASH_TRY(ash_der_add(&info, ASH_DER_OCTET_STRING, ash_buf_span(&key)));
	return ash_der_add(out, ASH_DER_SEQUENCE, ash_buf_span(&info));
}

/* --- Decoding ---------------------------------------------------------------- */

/* ash_der_… and ash_reader_… find a malformed key, not malformed data of our own. */
static struct ash_status well_formed(struct ash_status status)
{
	ASH_ENSURE(status.code != ASH_E_FORMAT, ASH_E_WRAPPED_KEY);
	return status;
}

/* A small number in front, from 0 to `max`. */
static struct ash_status take_version(struct ash_reader *in, uint8_t max, uint8_t *ret_version)
{
	struct ash_span number = ASH_SPAN_NONE;

	ASH_TRY(well_formed(ash_der_take_integer(in, &number)));
	ASH_ENSURE(number.len == 0 || (number.len == 1 && number.data[0] <= max), ASH_E_WRAPPED_KEY);
	*ret_version = number.len == 0 ? 0 : number.data[0];
	return ASH_DONE;
}

/* One element with this tag, and a reader of what is in it. */
static struct ash_status enter(struct ash_reader *in, uint8_t tag, struct ash_reader *ret_inner)
{
	struct ash_span content = ASH_SPAN_NONE;

	ASH_TRY(well_formed(ash_der_take(in, tag, &content)));
	*ret_inner = ash_reader(content);
	return ASH_DONE;
}

static struct ash_status leave(const struct ash_reader *in)
{
	return well_formed(ash_reader_end(in));
}

/* Exactly `len` bytes in an element. */
static struct ash_status take_part(struct ash_reader *in, uint8_t tag, size_t len, enum ash_part part,
				   struct ash_parts *parts)
{
	struct ash_span bytes = ASH_SPAN_NONE;

	ASH_TRY(well_formed(ash_der_take(in, tag, &bytes)));
	ASH_ENSURE(bytes.len == len && len != 0, ASH_E_WRAPPED_KEY);
	return ash_parts_set(parts, part, bytes);
}

static struct ash_status decode_rsa(struct ash_reader *in, struct ash_parts *parts)
{
	struct ash_reader key = ash_reader(ASH_SPAN_NONE);
	struct ash_span number = ASH_SPAN_NONE;
	uint8_t version = 0;

	ASH_TRY(enter(in, ASH_DER_SEQUENCE, &key));
	ASH_TRY(take_version(&key, 0, &version)); /* 1 is for more than two primes */
	for (size_t i = 0; i < ASH_COUNT(rsa_parts); i++) {
		ASH_TRY(well_formed(ash_der_take_integer(&key, &number)));
		ASH_ENSURE(number.len != 0, ASH_E_WRAPPED_KEY);
		ASH_TRY(ash_parts_set(parts, rsa_parts[i], number));
	}
	return leave(&key);
}

/* The public key that came along; twice, it has to be the same. */
static struct ash_status take_public(const struct ash_keygroup *row, struct ash_reader *in, uint8_t tag,
				     struct ash_parts *parts)
{
	struct ash_span bytes = ASH_SPAN_NONE;

	ASH_TRY(well_formed(ash_der_take_bits(in, tag, &bytes)));
	ASH_ENSURE(bytes.len == ash_group_public_len(row->group) && bytes.len != 0, ASH_E_WRAPPED_KEY);
	ASH_ENSURE(row->kind != ASH_KEY_EC || bytes.data[0] == UNCOMPRESSED, ASH_E_WRAPPED_KEY);
	ASH_ENSURE(!ash_parts_has(parts, ASH_PART_PUBLIC) ||
			   ash_span_equal(bytes, ash_parts_get(parts, ASH_PART_PUBLIC)),
		   ASH_E_WRAPPED_KEY);
	return ash_parts_set(parts, ASH_PART_PUBLIC, bytes);
}

static struct ash_status decode_ec(const struct ash_keygroup *row, struct ash_reader *in,
				   struct ash_parts *parts)
{
	struct ash_reader key = ash_reader(ASH_SPAN_NONE), inner = ash_reader(ASH_SPAN_NONE);
	uint8_t version = 0;

	ASH_TRY(enter(in, ASH_DER_SEQUENCE, &key));
	ASH_TRY(take_version(&key, 1, &version));
	ASH_ENSURE(version == 1, ASH_E_WRAPPED_KEY);
	ASH_TRY(take_part(&key, ASH_DER_OCTET_STRING, ash_group_private_len(row->group), ASH_PART_PRIVATE,
			  parts));
	if (ash_der_is_next(&key, ASH_DER_CONTEXT_CONS(0))) { /* superfluous, so it has to be the same */
		ASH_TRY(enter(&key, ASH_DER_CONTEXT_CONS(0), &inner));
		ASH_ENSURE(ash_span_equal(inner.rest, row->params), ASH_E_WRAPPED_KEY);
	}
	if (ash_der_is_next(&key, ASH_DER_CONTEXT_CONS(1))) {
		ASH_TRY(enter(&key, ASH_DER_CONTEXT_CONS(1), &inner));
		ASH_TRY(take_public(row, &inner, ASH_DER_BIT_STRING, parts));
		ASH_TRY(leave(&inner));
	}
	return leave(&key);
}

static struct ash_status decode_octets(const struct ash_keygroup *row, struct ash_reader *in,
				       struct ash_parts *parts)
{
	return take_part(in, ASH_DER_OCTET_STRING, ash_group_private_len(row->group), ASH_PART_PRIVATE,
			 parts);
}

static struct ash_status decode_lattice(const struct ash_keygroup *row, struct ash_reader *in,
					struct ash_parts *parts)
{
	struct ash_reader both = ash_reader(ASH_SPAN_NONE);

	if (ash_der_is_next(in, ASH_DER_CONTEXT(0)))
		return take_part(in, ASH_DER_CONTEXT(0), row->seed_len, ASH_PART_SEED, parts);
	if (ash_der_is_next(in, ASH_DER_OCTET_STRING))
		return decode_octets(row, in, parts);
	ASH_TRY(enter(in, ASH_DER_SEQUENCE, &both));
	ASH_TRY(take_part(&both, ASH_DER_OCTET_STRING, row->seed_len, ASH_PART_SEED, parts));
	ASH_TRY(decode_octets(row, &both, parts));
	return leave(&both);
}

static struct ash_status decode_key(const struct ash_keygroup *row, struct ash_reader *in,
				    struct ash_parts *parts)
{
	switch (row->kind) {
	case ASH_KEY_RSA: return decode_rsa(in, parts);
	case ASH_KEY_EC: return decode_ec(row, in, parts);
	case ASH_KEY_EDWARDS:
	case ASH_KEY_MONTGOMERY: return decode_octets(row, in, parts);
	case ASH_KEY_ML_DSA:
	case ASH_KEY_ML_KEM: return decode_lattice(row, in, parts);
	case ASH_KEY_SECRET:
	case ASH_KEY_KINDS: break;
	}
	ASH_FAIL(ASH_E_WRAPPED_KEY);
}

/* Which key it is. An EC key whose curve has no row is of a curve that we lack, or is spelt out. */
static struct ash_status take_algorithm(struct ash_reader *in, const struct ash_keygroup **ret_row)
{
	/* id-ecPublicKey */
	static const uint8_t ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
	const struct ash_span before = in->rest;
	struct ash_reader inner = ash_reader(ASH_SPAN_NONE);
	const struct ash_keygroup *row = NULL;
	struct ash_span oid = ASH_SPAN_NONE;

	ASH_TRY(enter(in, ASH_DER_SEQUENCE, &inner));
	row = ash_keygroup_of_algorithm(ash_span(before.data, before.len - in->rest.len));
	if (row == NULL) {
		ASH_TRY(well_formed(ash_der_take(&inner, ASH_DER_OID, &oid)));
		ASH_ENSURE(ash_span_equal(oid, ash_span(ec, sizeof(ec))), ASH_E_WRAPPED_KEY);
		ASH_FAIL(ash_der_is_next(&inner, ASH_DER_OID) ? ASH_E_CURVE : ASH_E_DOMAIN_PARAMS);
	}
	*ret_row = row;
	return ASH_DONE;
}

/* What RFC 5958 lets follow: attributes, and in version 2 (and there alone) the public key. */
static struct ash_status take_rest(const struct ash_keygroup *row, uint8_t version, struct ash_reader *in,
				   struct ash_parts *parts)
{
	struct ash_reader attributes = ash_reader(ASH_SPAN_NONE);

	if (ash_der_is_next(in, ASH_DER_CONTEXT_CONS(0)))
		ASH_TRY(enter(in, ASH_DER_CONTEXT_CONS(0), &attributes));
	if (version != 0)
		ASH_TRY(take_public(row, in, ASH_DER_CONTEXT(1), parts));
	return leave(in);
}

/* All before the key itself. */
static struct ash_status parse_head(struct ash_reader *info, uint8_t *ret_version,
				    const struct ash_keygroup **ret_row)
{
	ASH_TRY(take_version(info, 1, ret_version));
	return take_algorithm(info, ret_row);
}

static struct ash_status parse(struct ash_span der, const struct ash_keygroup **ret_row,
			       struct ash_parts *parts)
{
	struct ash_reader in = ash_reader(der), info = in, key = in;
	const struct ash_keygroup *row = NULL;
	uint8_t version = 0;

	ASH_TRY(enter(&in, ASH_DER_SEQUENCE, &info));
	ASH_TRY(leave(&in));
	ASH_TRY(parse_head(&info, &version, &row));
	ASH_TRY(enter(&info, ASH_DER_OCTET_STRING, &key));
	ASH_TRY(decode_key(row, &key, parts));
	ASH_TRY(leave(&key));
	ASH_TRY(take_rest(row, version, &info, parts));
	*ret_row = row;
	return ASH_DONE;
}

struct ash_status ash_pkcs8_decode(struct ash_span der, struct ash_attrs *attrs)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	const struct ash_keygroup *row = NULL;
	struct ash_key_spec spec = { .group = ASH_GROUP_NONE };

	ASH_BUG(ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) != CKO_PRIVATE_KEY);
	ASH_TRY(parse(der, &row, &parts));
	spec.kind = row->kind;
	spec.group = row->group; /* bits are for public halves alone */
	const struct ash_status status = ash_keymap_store(&spec, &parts, attrs);

	ASH_ENSURE(status.code != ASH_E_KEY_TYPE, ASH_E_WRAPPED_KEY);
	return status;
}

struct ash_status ash_pkcs8_key_type(struct ash_span der, uint64_t *ret_type)
{
	static const uint64_t types[ASH_KEY_KINDS] = {
		[ASH_KEY_RSA] = CKK_RSA,
		[ASH_KEY_EC] = CKK_EC,
		[ASH_KEY_EDWARDS] = CKK_EC_EDWARDS,
		[ASH_KEY_MONTGOMERY] = CKK_EC_MONTGOMERY,
		[ASH_KEY_ML_DSA] = CKK_ML_DSA,
		[ASH_KEY_ML_KEM] = CKK_ML_KEM,
	};
	struct ash_reader in = ash_reader(der), info = in;
	const struct ash_keygroup *row = NULL;
	uint8_t version = 0;

	ASH_TRY(enter(&in, ASH_DER_SEQUENCE, &info));
	ASH_TRY(parse_head(&info, &version, &row));
	*ret_type = types[row->kind];
	return ASH_DONE;
}
