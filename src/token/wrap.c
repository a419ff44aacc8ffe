/* C_WrapKey (PKCS#11 3.2 §5.18.3). */
#include "token/wrap.h"

#include "token/access.h"
#include "token/attribute.h"
#include "token/pkcs8.h"

#define SEMIBLOCK 8u /* of AES key wrap */

static const struct ash_wrap_form forms[ASH_SCHEMES] = {
	[ASH_SCHEME_RSA_PKCS1] = { .unit = 1, .opaque = true },
	[ASH_SCHEME_RSA_OAEP] = { .unit = 1 },
	[ASH_SCHEME_AES_ECB] = { .unit = 16 },
	[ASH_SCHEME_AES_CBC] = { .unit = 16 },
	[ASH_SCHEME_AES_CBC_PAD] = { .unit = 1, .private_keys = true, .opaque = true },
	[ASH_SCHEME_AES_CTR] = { .unit = 1, .private_keys = true, .opaque = true },
	[ASH_SCHEME_AES_GCM] = { .unit = 1, .private_keys = true },
	[ASH_SCHEME_AES_CCM] = { .unit = 1, .private_keys = true },
	[ASH_SCHEME_AES_KW] = { .unit = SEMIBLOCK, .private_keys = true },
	[ASH_SCHEME_AES_KWP] = { .unit = 1, .private_keys = true },
};

static const struct ash_wrap_form rsa_aes_form = { .unit = 1, .private_keys = true };

const struct ash_wrap_form *ash_wrap_form(const struct ash_mechanism_row *row)
{
	if (row->param == ASH_PARAM_RSA_AES)
		return &rsa_aes_form;
	return (unsigned)row->alg.scheme < ASH_SCHEMES && forms[row->alg.scheme].unit != 0
		       ? &forms[row->alg.scheme]
		       : NULL;
}

struct ash_mechanism ash_wrap_mechanism(const struct ash_mechanism *given)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(given->type);
	struct ash_mechanism own = *given;

	if (row != NULL && row->param == ASH_PARAM_CCM)
		own.params.data_len = 0;
	return own;
}

/* The parameter for this much input: CCM is told the length of the plaintext before it. */
static struct ash_params params_for(const struct ash_use *use, const struct ash_params *given, size_t len)
{
	struct ash_params params = *given;
	const size_t tag_len = use->op == ASH_OP_DECRYPT ? params.tag_len : 0;

	if (use->alg.scheme == ASH_SCHEME_AES_CCM)
		params.data_len = len > tag_len ? len - tag_len : 0;
	return params;
}

static struct ash_status crypt_with(struct ash_session *session, struct ash_key *key,
				    const struct ash_use *use, const struct ash_params *params,
				    struct ash_span in, struct ash_buf *out)
{
	const struct ash_params own = params_for(use, params, in.len);
	ASH_AUTO(ash_operation) *operation = NULL;
	const size_t need =
		ash_alg_finish_max(use->op, use->alg, ash_key_spec(key), params->tag_len, 0, in.len);
	struct ash_mut room = { NULL, 0 };
	size_t len = 0;

	ASH_ENSURE(need != SIZE_MAX, ASH_E_DATA_LEN);
	ASH_TRY(ash_operation_new(session->hsm->crypto, use, key, &operation));
	ASH_TRY(ash_operation_start(operation, &own));
	ASH_TRY(ash_buf_extend(out, need, &room));
	ASH_TRY(ash_operation_finish(operation, in, room, &len));
	out->len = len;
	return ASH_DONE;
}

struct ash_status ash_wrap_crypt(const struct ash_wrapper *wrapper, enum ash_op op, struct ash_span in,
				 struct ash_buf *out)
{
	const struct ash_use use = { op, wrapper->row->alg, wrapper->row->prefer };
	struct ash_key *key = NULL;

	ASH_TRY(ash_object_key(wrapper->session->hsm->crypto, wrapper->object, &use, &key));
	return crypt_with(wrapper->session, key, &use, &wrapper->mechanism->params, in, out);
}

struct ash_status ash_wrap_kwp(struct ash_session *session, struct ash_span key_bytes, enum ash_op op,
			       struct ash_span in, struct ash_buf *out)
{
	const struct ash_use use = { op, { ASH_SCHEME_AES_KWP, ASH_HASH_NONE }, NULL };
	const struct ash_key_spec spec = { .kind = ASH_KEY_SECRET, .bits = (uint32_t)(key_bytes.len * 8) };
	const struct ash_params params = { .tag_len = 0 };
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_key) *key = NULL;

	ASH_TRY(ash_parts_set(&parts, ASH_PART_SECRET, key_bytes));
	ASH_TRY(ash_key_load(session->hsm->crypto, &spec, &parts, &use, &key));
	return crypt_with(session, key, &use, &params, in, out);
}

/* The key to be wrapped, if it may leave the token under this one. */
static struct ash_status get_wrappable(const struct ash_wrapper *wrapper, ash_handle handle,
				       struct ash_object **ret_object)
{
	ASH_AUTO(ash_object) *object = NULL;
	const struct ash_status status = ash_access_get(wrapper->session, handle, &object);
	uint64_t class = 0;

	ASH_ENSURE(status.code != ASH_E_OBJECT_HANDLE, ASH_E_KEY_HANDLE);
	ASH_TRY(status);
	class = ash_attrs_number(object->attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	ASH_ENSURE(class == CKO_SECRET_KEY || class == CKO_PRIVATE_KEY || class == CKO_PUBLIC_KEY,
		   ASH_E_KEY_HANDLE);
	ASH_ENSURE(class != CKO_PUBLIC_KEY, ASH_E_KEY_NOT_WRAPPABLE);
	ASH_ENSURE(ash_attrs_bool(object->attrs, CKA_EXTRACTABLE, false), ASH_E_KEY_UNEXTRACTABLE);
	ASH_ENSURE(!ash_attrs_bool(object->attrs, CKA_WRAP_WITH_TRUSTED, false) ||
			   ash_attrs_bool(wrapper->object->attrs, CKA_TRUSTED, false),
		   ASH_E_KEY_NOT_WRAPPABLE);
	ASH_ENSURE(class == CKO_SECRET_KEY || wrapper->form->private_keys, ASH_E_KEY_NOT_WRAPPABLE);
	ASH_ENSURE(!ash_attrs_has(object->attrs, ASH_A_BLOB), ASH_E_KEY_NOT_WRAPPABLE);
	/* §5.18.3: "any attribute mismatch" is as if there were no such key. */
	ASH_ENSURE(ash_attribute_template_match(wrapper->object->attrs, CKA_WRAP_TEMPLATE, object->attrs),
		   ASH_E_KEY_HANDLE);
	*ret_object = ASH_TAKE(object);
	return ASH_DONE;
}

/* What is encrypted: the value, or the private key's PKCS#8, padded as the mechanism has it. */
static struct ash_status encode_key(const struct ash_wrapper *wrapper, const struct ash_attrs *attrs,
				    struct ash_buf *out)
{
	const size_t unit = wrapper->form->unit;
	struct ash_span value = ASH_SPAN_NONE;
	struct ash_mut zeroes;

	if (ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) == CKO_PRIVATE_KEY) {
		ASH_TRY(ash_pkcs8_encode(attrs, out));
	} else {
		ASH_ENSURE(ash_attrs_get(attrs, CKA_VALUE, &value), ASH_E_KEY_NOT_WRAPPABLE);
		ASH_TRY(ash_buf_add(out, value));
	}
	ASH_TRY(ash_buf_extend(out, (unit - out->len % unit) % unit, &zeroes));
	/* SP 800-38F §5.3.1: at least two semiblocks. */
	ASH_ENSURE(unit != SEMIBLOCK || out->len >= 2 * (size_t)SEMIBLOCK, ASH_E_KEY_SIZE);
	return ASH_DONE;
}

static size_t wrapped_len(const struct ash_wrapper *wrapper, size_t plain_len)
{
	const struct ash_alg kwp = { ASH_SCHEME_AES_KWP, ASH_HASH_NONE };
	const struct ash_mechanism_row *row = wrapper->row;
	size_t rest = 0;

	if (row->param != ASH_PARAM_RSA_AES)
		return ash_alg_finish_max(ASH_OP_ENCRYPT, row->alg, &wrapper->spec,
					  wrapper->mechanism->params.tag_len, 0, plain_len);
	rest = ash_alg_finish_max(ASH_OP_ENCRYPT, kwp, NULL, 0, 0, plain_len);
	return rest == SIZE_MAX ? SIZE_MAX : ash_wrap_modulus_len(wrapper) + rest;
}

/* §6.1.24: a new AES key under RSA-OAEP, then the key under that. */
static struct ash_status wrap_rsa_aes(const struct ash_wrapper *wrapper, struct ash_span plain,
				      struct ash_buf *out)
{
	ASH_AUTO(ash_secret) *aes = NULL;
	ASH_AUTO(ash_buf) rest = ASH_BUF_SECRET;

	ASH_TRY(ash_secret_new(wrapper->mechanism->derive.aes_bits / 8, &aes));
	ASH_TRY(ash_crypto_random(wrapper->session->hsm->crypto, ash_secret_edit(aes)));
	ASH_TRY(ash_wrap_crypt(wrapper, ASH_OP_ENCRYPT, ash_secret_peek(aes), out));
	ASH_TRY(ash_wrap_kwp(wrapper->session, ash_secret_peek(aes), ASH_OP_ENCRYPT, plain, &rest));
	return ash_buf_add(out, ash_buf_span(&rest));
}

static struct ash_status wrap(const struct ash_wrapper *wrapper, struct ash_span plain, struct ash_out *out)
{
	ASH_AUTO(ash_buf) wrapped = ASH_BUF_SECRET;
	const size_t need = wrapped_len(wrapper, plain.len);
	struct ash_status status = ASH_DONE;

	ASH_ENSURE(need != SIZE_MAX, ASH_E_KEY_SIZE);
	if (ash_use_only_length(out, need, &status))
		return status;
	status = wrapper->row->param == ASH_PARAM_RSA_AES
			 ? wrap_rsa_aes(wrapper, plain, &wrapped)
			 : ash_wrap_crypt(wrapper, ASH_OP_ENCRYPT, plain, &wrapped);
	/* "solely because of its length" */
	ASH_ENSURE(status.code != ASH_E_DATA_LEN, ASH_E_KEY_SIZE);
	ASH_ENSURE(status.code != ASH_E_DATA, ASH_E_KEY_NOT_WRAPPABLE);
	ASH_TRY(status);
	ASH_BUG(wrapped.len > out->cap);
	ash_use_deliver(ash_buf_span(&wrapped), out);
	return ASH_DONE;
}

struct ash_status ash_hsm_wrap_key(struct ash_hsm *hsm, ash_handle handle,
				   const struct ash_mechanism *mechanism, ash_handle wrapping_key,
				   ash_handle key, struct ash_out *wrapped)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_object) *wrapping = NULL;
	ASH_AUTO(ash_object) *object = NULL;
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	const struct ash_mechanism own = ash_wrap_mechanism(mechanism);
	struct ash_wrapper wrapper = { .mechanism = &own };

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_use_row(&own, CKF_WRAP, &wrapper.row));
	ASH_TRY(ash_use_once(session, wrapping_key, wrapper.row, &ash_role_wrap, &wrapping, &wrapper.spec));
	wrapper.session = session;
	wrapper.object = wrapping;
	wrapper.form = ash_wrap_form(wrapper.row);
	ASH_BUG(wrapper.form == NULL);
	ASH_TRY(get_wrappable(&wrapper, key, &object));
	ASH_BUG(object == NULL); /* for the compiler, which can't see it */
	ASH_TRY(encode_key(&wrapper, object->attrs, &plain));
	return wrap(&wrapper, ash_buf_span(&plain), wrapped);
}
