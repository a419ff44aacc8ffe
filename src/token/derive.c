/* C_DeriveKey (PKCS#11 3.2 §5.18.5): ECDH (§6.3.17) and HKDF (§6.62). */
#include "token/change.h"
#include "token/der.h"
#include "token/keymap.h"
#include "token/newkey.h"
#include "token/use.h"

#define HKDF_BLOCKS_MAX 255u /* RFC 5869 §2.3 */

/* A base key with all that a derivation takes. Lent. */
struct base {
	struct ash_session *session;
	const struct ash_mechanism_row *row;
	const struct ash_derivation *how;
	struct ash_object *object;
	struct ash_key_spec spec;
};

/* ---- lengths ---- */

/* Bytes of the new key, of at most `most`; `natural` is what a silent template means, or 0. */
static struct ash_status length_of(const struct ash_attrs *attrs, size_t natural, size_t most,
				   size_t *ret_len)
{
	if (natural != 0 && !ash_attrs_has(attrs, CKA_VALUE_LEN)) {
		const struct ash_status status = ash_newkey_len(attrs, natural - 1, natural, ret_len);

		/* A type that can't have this length has to say which one it wants. */
		ASH_ENSURE(status.code != ASH_E_KEY_SIZE, ASH_E_TEMPLATE_INCOMPLETE);
		return status;
	}
	return ash_newkey_len(attrs, 0, most, ret_len);
}

/* ---- ECDH ---- */

static const struct kdf_row {
	uint64_t kdf; /* CKD_ */
	enum ash_kdf_scheme scheme;
	enum ash_hash hash;
} kdf_table[] = {
	{ CKD_SHA1_KDF, ASH_KDF_X963, ASH_HASH_SHA1 },
	{ CKD_SHA224_KDF, ASH_KDF_X963, ASH_HASH_SHA224 },
	{ CKD_SHA256_KDF, ASH_KDF_X963, ASH_HASH_SHA256 },
	{ CKD_SHA384_KDF, ASH_KDF_X963, ASH_HASH_SHA384 },
	{ CKD_SHA512_KDF, ASH_KDF_X963, ASH_HASH_SHA512 },
	{ CKD_SHA3_224_KDF, ASH_KDF_X963, ASH_HASH_SHA3_224 },
	{ CKD_SHA3_256_KDF, ASH_KDF_X963, ASH_HASH_SHA3_256 },
	{ CKD_SHA3_384_KDF, ASH_KDF_X963, ASH_HASH_SHA3_384 },
	{ CKD_SHA3_512_KDF, ASH_KDF_X963, ASH_HASH_SHA3_512 },
	{ CKD_SHA1_KDF_SP800, ASH_KDF_CONCAT, ASH_HASH_SHA1 },
	{ CKD_SHA224_KDF_SP800, ASH_KDF_CONCAT, ASH_HASH_SHA224 },
	{ CKD_SHA256_KDF_SP800, ASH_KDF_CONCAT, ASH_HASH_SHA256 },
	{ CKD_SHA384_KDF_SP800, ASH_KDF_CONCAT, ASH_HASH_SHA384 },
	{ CKD_SHA512_KDF_SP800, ASH_KDF_CONCAT, ASH_HASH_SHA512 },
	{ CKD_SHA3_224_KDF_SP800, ASH_KDF_CONCAT, ASH_HASH_SHA3_224 },
	{ CKD_SHA3_256_KDF_SP800, ASH_KDF_CONCAT, ASH_HASH_SHA3_256 },
	{ CKD_SHA3_384_KDF_SP800, ASH_KDF_CONCAT, ASH_HASH_SHA3_384 },
	{ CKD_SHA3_512_KDF_SP800, ASH_KDF_CONCAT, ASH_HASH_SHA3_512 },
};

static const struct kdf_row *find_kdf(uint64_t kdf)
{
	for (size_t i = 0; i < ASH_COUNT(kdf_table); i++) {
		if (kdf_table[i].kdf == kdf)
			return &kdf_table[i];
	}
	return NULL;
}

/* The peer's public key: the point or the RFC 7748 bytes, bare or as a DER OCTET STRING like CKA_EC_POINT. */
static struct ash_status peer_of(const struct base *base, struct ash_span *ret_peer)
{
	const size_t len = ash_group_public_len(base->spec.group);
	struct ash_reader in = ash_reader(base->how->peer);
	struct ash_span content = base->how->peer;

	if (content.len != len) {
		ASH_ENSURE(ash_is_ok(ash_der_take(&in, ASH_DER_OCTET_STRING, &content)) && in.rest.len == 0 &&
				   content.len == len,
			   ASH_E_MECHANISM_PARAM);
	}
	*ret_peer = content;
	return ASH_DONE;
}

static struct ash_status agree(const struct base *base, struct ash_secret **ret_shared)
{
	const struct ash_use use = { ASH_OP_DERIVE, base->row->alg, base->row->prefer };
	struct ash_span peer = ASH_SPAN_NONE;
	struct ash_key *key = NULL;
	struct ash_status status;

	ASH_TRY(peer_of(base, &peer));
	ASH_TRY(ash_object_key(base->session->hsm->crypto, base->object, &use, &key));
	status = ash_key_agree(key, peer, ret_shared);
	ASH_ENSURE(status.code != ASH_E_KEY_INVALID, ASH_E_MECHANISM_PARAM);
	return status;
}

/* A KDF's output of the length that the template asks for. */
static struct ash_status expand(struct ash_session *session, struct ash_kdf *kdf, struct ash_span secret,
				size_t len, struct ash_secret **ret_value)
{
	ASH_AUTO(ash_secret) *value = NULL;
	struct ash_status status;

	kdf->secret = secret;
	ASH_TRY(ash_secret_new(len, &value));
	status = ash_crypto_kdf(session->hsm->crypto, kdf, ash_secret_edit(value));
	/* The lengths are good; what is left to be wrong is how much data came along. */
	ASH_ENSURE(status.code != ASH_E_UNSUPPORTED && status.code != ASH_E_ARGUMENT, ASH_E_MECHANISM_PARAM);
	ASH_TRY(status);
	*ret_value = ASH_TAKE(value);
	return ASH_DONE;
}

/* §6.3.17: "removes bytes from the leading end of the secret value". */
static struct ash_status keep_end(struct ash_span shared, size_t len, struct ash_secret **ret_value)
{
	return ash_secret_copy(ash_span(shared.data + (shared.len - len), len), ret_value);
}

static struct ash_status derive_ecdh(const struct base *base, const struct ash_attrs *attrs,
				     struct ash_secret **ret_value)
{
	const struct kdf_row *row = find_kdf(base->how->kdf);
	ASH_AUTO(ash_secret) *shared = NULL;
	struct ash_kdf kdf = { .info = base->how->shared };
	size_t natural = 0, len = 0;

	ASH_ENSURE(row != NULL || (base->how->kdf == CKD_NULL && base->how->shared.len == 0),
		   ASH_E_MECHANISM_PARAM);
	natural = row == NULL ? ((size_t)ash_group_bits(base->spec.group) + 7) / 8 : 0;
	ASH_TRY(length_of(attrs, natural, row == NULL ? natural : ASH_SECRET_KEY_MAX, &len));
	ASH_TRY(ash_newkey_check_cut(attrs, len)); /* what a KDF gives begins as its longer results do */
	ASH_TRY(agree(base, &shared));
	if (row == NULL) {
		ASH_BUG(ash_secret_len(shared) < len);
		return keep_end(ash_secret_peek(shared), len, ret_value);
	}
	kdf.scheme = row->scheme;
	kdf.hash = row->hash;
	return expand(base->session, &kdf, ash_secret_peek(shared), len, ret_value);
}

/* ---- HKDF ---- */

/* The salt: none, bytes, or a key that may be derived from as the base key may. Lent from `ret_key`. */
static struct ash_status salt_of(const struct base *base, struct ash_object **ret_key,
				 struct ash_span *ret_salt)
{
	struct ash_object *key = NULL;
	struct ash_key_spec spec;

	switch (base->how->salt_type) {
	case CKF_HKDF_SALT_NULL: *ret_salt = ASH_SPAN_NONE; return ASH_DONE;
	case CKF_HKDF_SALT_DATA: *ret_salt = base->how->salt; return ASH_DONE;
	case CKF_HKDF_SALT_KEY: break;
	default: ASH_FAIL(ASH_E_MECHANISM_PARAM);
	}
	ASH_TRY(ash_use_once(base->session, base->how->salt_key, base->row, &ash_role_derive, &key, &spec));
	*ret_key = key;
	ASH_ENSURE(ash_attrs_get(key->attrs, CKA_VALUE, ret_salt), ASH_E_KEY_TYPE);
	return ASH_DONE;
}

static struct ash_status derive_hkdf(const struct base *base, const struct ash_attrs *attrs,
				     struct ash_secret **ret_value)
{
	const struct ash_derivation *how = base->how;
	const size_t hash_len = ash_hash_len(how->hash);
	ASH_AUTO(ash_object) *salt_key = NULL;
	struct ash_span secret = ASH_SPAN_NONE;
	struct ash_kdf kdf = { .hash = how->hash };
	size_t len = 0;

	ASH_ENSURE((how->extract || how->expand) && hash_len != 0, ASH_E_MECHANISM_PARAM);
	ASH_ENSURE(ash_attrs_get(base->object->attrs, CKA_VALUE, &secret), ASH_E_KEY_TYPE);
	if (how->extract)
		ASH_TRY(salt_of(base, &salt_key, &kdf.salt));
	if (how->expand)
		kdf.info = how->info;
	kdf.scheme = !how->expand ? ASH_KDF_HKDF_EXTRACT : !how->extract ? ASH_KDF_HKDF_EXPAND : ASH_KDF_HKDF;
	if (how->expand)
		ASH_TRY(length_of(attrs, 0, HKDF_BLOCKS_MAX * hash_len, &len));
	else
		ASH_TRY(length_of(attrs, hash_len, hash_len, &len));
	/* Extraction alone has one length: what else the template asks for is not this mechanism's. */
	ASH_ENSURE(how->expand || len == hash_len, ASH_E_TEMPLATE_INCONSISTENT);
	ASH_TRY(ash_newkey_check_cut(attrs, len));
	return expand(base->session, &kdf, secret, len, ret_value);
}

/* ---- all ---- */

static struct ash_status derive(const struct base *base, const struct ash_attrs *attrs,
				struct ash_secret **ret_value)
{
	if (base->row->param == ASH_PARAM_ECDH)
		return derive_ecdh(base, attrs, ret_value);
	ASH_BUG(base->row->param != ASH_PARAM_HKDF);
	return derive_hkdf(base, attrs, ret_value);
}

struct ash_status ash_hsm_derive_key(struct ash_hsm *hsm, ash_handle handle,
				     const struct ash_mechanism *mechanism, ash_handle base_key,
				     struct ash_template given, ash_handle *ret_key)
{
	static const struct ash_newkey derived = {
		.making = ASH_MADE_DERIVE,
		.inherits = CKA_DERIVE_TEMPLATE,
		.class = CKO_SECRET_KEY,
	};
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_object) *object = NULL;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_secret) *value = NULL;
	struct base base = { .how = &mechanism->derive };

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_use_row(mechanism, CKF_DERIVE, &base.row));
	ASH_TRY(ash_use_once(session, base_key, base.row, &ash_role_derive, &object, &base.spec));
	base.session = session;
	base.object = object;
	ASH_TRY(ash_newkey_begin(session, &derived, object->attrs, given, &attrs));
	ASH_TRY(derive(&base, attrs, &value));
	ASH_TRY(ash_newkey_fill(session, ash_secret_peek(value), attrs));
	ASH_TRY(ash_attribute_inherit(object->attrs, attrs));
	return ash_change_make(session, &attrs, 1, ret_key);
}
