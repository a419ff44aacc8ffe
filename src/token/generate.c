/* C_GenerateKey and C_GenerateKeyPair (PKCS#11 3.2 §5.18.1, §5.18.2), PBKDF2 (§6.38). */
#include "crypto/alg.h"
#include "token/attribute.h"
#include "token/change.h"
#include "token/complete.h"
#include "token/keymap.h"
#include "token/mechanism.h"

/* Of all blocks of a key together: RFC 6070's largest example. More would hold the session for minutes. */
#define ITERATIONS_MAX (1u << 24)

/* What the mechanism fixes of an object: its class, key type, and of a private key its curve. */
struct implied {
	uint8_t class[8], key_type[8];
	struct ash_attr attrs[3];
};

static void put_number(uint8_t bytes[8], uint64_t value)
{
	for (size_t i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (8 * (7 - i)));
}

static struct ash_template imply(struct implied *implied, uint64_t class, uint64_t key_type,
				 const struct ash_attrs *other_half)
{
	struct ash_span curve = ASH_SPAN_NONE;

	put_number(implied->class, class);
	put_number(implied->key_type, key_type);
	implied->attrs[0] = (struct ash_attr){ CKA_CLASS, { implied->class, 8 } };
	if (key_type == CK_UNAVAILABLE_INFORMATION)
		return (struct ash_template){ implied->attrs, 1 }; /* the template says */
	implied->attrs[1] = (struct ash_attr){ CKA_KEY_TYPE, { implied->key_type, 8 } };
	if (other_half == NULL || !ash_attrs_get(other_half, CKA_EC_PARAMS, &curve))
		return (struct ash_template){ implied->attrs, 2 };
	implied->attrs[2] = (struct ash_attr){ CKA_EC_PARAMS, curve };
	return (struct ash_template){ implied->attrs, 3 };
}

static struct ash_status find_row(const struct ash_mechanism *mechanism, enum ash_generator generates,
				  const struct ash_mechanism_row **ret_row)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(mechanism->type);

	ASH_ENSURE(row != NULL && row->generates == generates, ASH_E_MECHANISM);
	ASH_TRY(ash_mechanism_check_params(row, &mechanism->params));
	ASH_TRY(ash_mechanism_check_derivation(row, &mechanism->derive));
	*ret_row = row;
	return ASH_DONE;
}

/* The attributes of one half, allowed in this session; before any key is made. */
static struct ash_status begin_half(struct ash_session *session, const struct ash_mechanism_row *row,
				    uint64_t class, struct ash_template given,
				    const struct ash_attrs *other_half, struct ash_attrs **ret_attrs)
{
	struct implied implied;
	ASH_AUTO(ash_attrs) *attrs = NULL;

	ASH_TRY(ash_attribute_make(ASH_MADE_GENERATE, given,
				   imply(&implied, class, row->key_type, other_half), row->type,
				   ash_session_actor(session), &attrs));
	ASH_TRY(ash_session_may_write(session, ash_attrs_bool(attrs, CKA_TOKEN, false),
				      ash_attrs_bool(attrs, CKA_PRIVATE, false)));
	*ret_attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

/* Makes the key that `attrs` describe, and gives its parts. */
static struct ash_status make_key(struct ash_session *session, const struct ash_mechanism_row *row,
				  const struct ash_attrs *attrs, struct ash_key_spec *ret_spec,
				  struct ash_parts *ret_parts)
{
	ASH_AUTO(ash_parts) given = ASH_PARTS_NONE;
	ASH_AUTO(ash_key) *key = NULL;
	struct ash_key_spec spec;
	struct ash_status status;

	ASH_TRY(ash_keymap_spec(attrs, &spec));
	status = ash_mechanism_check_key(row, row->key_type, &spec);
	/* No key is too short or too long here, but what the template says of one that is to be. */
	ASH_ENSURE(status.code != ASH_E_KEY_SIZE && ash_crypto_offers_key(session->hsm->crypto, &spec),
		   ASH_E_ATTRIBUTE_VALUE);
	ASH_TRY(status);
	ASH_TRY(ash_keymap_parts(attrs, &given));
	status = ash_key_generate(session->hsm->crypto, &spec, &given, row->prefer, &key);
	/* §6.1.4, of an exponent that is too long for this modulus. */
	ASH_ENSURE(status.code != ASH_E_ARGUMENT, ASH_E_TEMPLATE_INCONSISTENT);
	ASH_TRY(status);
	ASH_TRY(ash_key_parts(key, ret_parts));
	*ret_spec = spec;
	return ASH_DONE;
}

static const enum ash_hash prf_hashes[] = {
	[CKP_PKCS5_PBKD2_HMAC_SHA1] = ASH_HASH_SHA1,
	[CKP_PKCS5_PBKD2_HMAC_SHA224] = ASH_HASH_SHA224,
	[CKP_PKCS5_PBKD2_HMAC_SHA256] = ASH_HASH_SHA256,
	[CKP_PKCS5_PBKD2_HMAC_SHA384] = ASH_HASH_SHA384,
	[CKP_PKCS5_PBKD2_HMAC_SHA512] = ASH_HASH_SHA512,
	[CKP_PKCS5_PBKD2_HMAC_SHA512_224] = ASH_HASH_SHA512_224,
	[CKP_PKCS5_PBKD2_HMAC_SHA512_256] = ASH_HASH_SHA512_256,
};

/* Each block of so many bytes takes all iterations. */
static uint64_t blocks_of(const struct ash_key_spec *spec, enum ash_hash hash)
{
	const size_t hash_len = ash_hash_len(hash);

	return (spec->bits / 8 + hash_len - 1) / hash_len;
}

/* PBKDF2: the key that the password gives; its type and length are the template's. */
static struct ash_status key_of_password(struct ash_session *session, const struct ash_derivation *how,
					 const struct ash_attrs *attrs, struct ash_key_spec *ret_spec,
					 struct ash_parts *ret_parts)
{
	struct ash_kdf kdf = { .scheme = ASH_KDF_PBKDF2, .secret = how->password, .salt = how->salt };
	ASH_AUTO(ash_secret) *value = NULL;
	struct ash_key_spec spec;
	struct ash_status status;

	ASH_ENSURE(how->kdf < ASH_COUNT(prf_hashes) && prf_hashes[how->kdf] != ASH_HASH_NONE &&
			   how->salt_type == CKZ_SALT_SPECIFIED,
		   ASH_E_MECHANISM_PARAM);
	ASH_ENSURE(how->iterations != 0 && how->iterations <= ITERATIONS_MAX, ASH_E_MECHANISM_PARAM);
	kdf.hash = prf_hashes[how->kdf];
	kdf.passes = (uint32_t)how->iterations;
	ASH_TRY(ash_keymap_spec(attrs, &spec));
	ASH_ENSURE(how->iterations <= ITERATIONS_MAX / blocks_of(&spec, kdf.hash), ASH_E_MECHANISM_PARAM);
	ASH_TRY(ash_secret_new(spec.bits / 8, &value));
	status = ash_crypto_kdf(session->hsm->crypto, &kdf, ash_secret_edit(value));
	ASH_ENSURE(status.code != ASH_E_UNSUPPORTED, ASH_E_MECHANISM_PARAM);
	ASH_TRY(status);
	ASH_TRY(ash_parts_set(ret_parts, ASH_PART_SECRET, ash_secret_peek(value)));
	*ret_spec = spec;
	return ASH_DONE;
}

struct ash_status ash_hsm_generate_key(struct ash_hsm *hsm, ash_handle handle,
				       const struct ash_mechanism *mechanism, struct ash_template given,
				       ash_handle *ret_key)
{
	const struct ash_mechanism_row *row = NULL;
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	struct ash_key_spec spec;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(find_row(mechanism, ASH_GENERATES_SECRET, &row));
	ASH_TRY(begin_half(session, row, CKO_SECRET_KEY, given, NULL, &attrs));
	if (row->param == ASH_PARAM_PBKDF2)
		ASH_TRY(key_of_password(session, &mechanism->derive, attrs, &spec, &parts));
	else
		ASH_TRY(make_key(session, row, attrs, &spec, &parts));
	ASH_TRY(ash_complete_generated(hsm->crypto, &spec, &parts, attrs));
	return ash_change_make(session, &attrs, 1, ret_key);
}

/* Both halves name the curve in the words of the public template. */
static struct ash_status share_curve(const struct ash_attrs *public_half, struct ash_attrs *private_half)
{
	struct ash_span curve = ASH_SPAN_NONE;

	if (!ash_attrs_get(public_half, CKA_EC_PARAMS, &curve) || ash_attrs_has(private_half, CKA_EC_PARAMS))
		return ASH_DONE;
	return ash_attrs_set(private_half, CKA_EC_PARAMS, curve);
}

struct ash_status ash_hsm_generate_pair(struct ash_hsm *hsm, ash_handle handle,
					const struct ash_mechanism *mechanism,
					struct ash_template public_given, struct ash_template private_given,
					ash_handle *ret_public, ash_handle *ret_private)
{
	const struct ash_mechanism_row *row = NULL;
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_attrs) *public_half = NULL;
	ASH_AUTO(ash_attrs) *private_half = NULL;
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	struct ash_key_spec spec;
	ash_handle handles[2];

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(find_row(mechanism, ASH_GENERATES_PAIR, &row));
	ASH_TRY(begin_half(session, row, CKO_PUBLIC_KEY, public_given, NULL, &public_half));
	ASH_TRY(begin_half(session, row, CKO_PRIVATE_KEY, private_given, public_half, &private_half));
	ASH_TRY(share_curve(public_half, private_half));
	ASH_TRY(make_key(session, row, public_half, &spec, &parts));
	ASH_TRY(ash_complete_generated(hsm->crypto, &spec, &parts, public_half));
	ASH_TRY(ash_complete_generated(hsm->crypto, &spec, &parts, private_half));

	struct ash_attrs *halves[2] = { public_half, private_half };
	const struct ash_status status = ash_change_make(session, halves, 2, handles);

	public_half = halves[0];
	private_half = halves[1];
	ASH_TRY(status);
	*ret_public = handles[0];
	*ret_private = handles[1];
	return ASH_DONE;
}
