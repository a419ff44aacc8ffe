/*
 * C_UnwrapKey (PKCS#11 3.2 §5.18.4).
 *
 * Nothing of what was wrapped is looked at before its authentication or padding held.
 * Where there is only padding, all that can be wrong with the content is one answer,
 * ASH_E_WRAPPED_KEY: whoever could tell a bad padding from a bad key would read both.
 */
#include "token/change.h"
#include "token/complete.h"
#include "token/der.h"
#include "token/newkey.h"
#include "token/pkcs8.h"
#include "token/wrap.h"

#define KWP_UNIT  8u /* RFC 5649: bytes, and the least of what is wrapped */
#define KWP_LEAST 16u

static struct ash_status unwrap_rsa_aes(const struct ash_wrapper *wrapper, struct ash_span wrapped,
					struct ash_buf *out)
{
	const size_t split = ash_wrap_modulus_len(wrapper);
	ASH_AUTO(ash_buf) aes = ASH_BUF_SECRET;

	/* Both lengths before either key is used: a wrong one must not tell what became of the first half. */
	ASH_ENSURE(wrapped.len >= split + KWP_LEAST && (wrapped.len - split) % KWP_UNIT == 0,
		   ASH_E_WRAPPED_KEY_LEN);
	ASH_TRY(ash_wrap_crypt(wrapper, ASH_OP_DECRYPT, ash_span(wrapped.data, split), &aes));
	ASH_ENSURE(aes.len == wrapper->mechanism->derive.aes_bits / 8, ASH_E_WRAPPED_KEY);
	return ash_wrap_kwp(wrapper->session, ash_buf_span(&aes), ASH_OP_DECRYPT,
			    ash_span(wrapped.data + split, wrapped.len - split), out);
}

static struct ash_status decrypt(const struct ash_wrapper *wrapper, struct ash_span wrapped,
				 struct ash_buf *out)
{
	const struct ash_status status = wrapper->row->param == ASH_PARAM_RSA_AES
						 ? unwrap_rsa_aes(wrapper, wrapped, out)
						 : ash_wrap_crypt(wrapper, ASH_OP_DECRYPT, wrapped, out);

	ASH_ENSURE(status.code != ASH_E_ENCRYPTED_DATA_LEN && status.code != ASH_E_DATA_LEN,
		   ASH_E_WRAPPED_KEY_LEN);
	ASH_ENSURE(status.code != ASH_E_ENCRYPTED_DATA && status.code != ASH_E_AUTHENTICATION &&
			   status.code != ASH_E_DATA,
		   ASH_E_WRAPPED_KEY);
	return status;
}

static bool all_zero(struct ash_span bytes)
{
	uint8_t any = 0;

	for (size_t i = 0; i < bytes.len; i++)
		any |= bytes.data[i];
	return any == 0;
}

/* The key's own bytes at the front of `plain`. */
static struct ash_status cut_secret(const struct ash_wrapper *wrapper, const struct ash_attrs *attrs,
				    struct ash_span plain, struct ash_span *ret_value)
{
	const size_t unit = wrapper->form->unit;
	size_t len = 0;
	const struct ash_status status =
		ash_newkey_len(attrs, plain.len > unit ? plain.len - unit : 0, plain.len, &len);

	ASH_ENSURE(status.code != ASH_E_KEY_SIZE, ASH_E_WRAPPED_KEY_LEN);
	ASH_TRY(status);
	/*
	 * Of an authenticated key no part may be cut off. Without authentication the same
	 * check would tell whoever changes the ciphertext what the last bytes are.
	 */
	ASH_ENSURE(wrapper->row->alg.scheme != ASH_SCHEME_AES_KW ||
			   all_zero(ash_span(plain.data + len, plain.len - len)),
		   ASH_E_WRAPPED_KEY_LEN);
	*ret_value = ash_span(plain.data, len);
	return ASH_DONE;
}

/* The PKCS#8 without the zeroes that AES key wrap puts behind it (§6.13.3). */
static struct ash_status cut_private(const struct ash_wrapper *wrapper, struct ash_span plain,
				     struct ash_span *ret_info)
{
	struct ash_reader in = ash_reader(plain);
	struct ash_span content = ASH_SPAN_NONE;

	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &content));
	ASH_ENSURE(in.rest.len < wrapper->form->unit && all_zero(in.rest), ASH_E_WRAPPED_KEY);
	*ret_info = ash_span(plain.data, plain.len - in.rest.len);
	return ASH_DONE;
}

/* Makes the attributes whole with what was unwrapped. */
static struct ash_status fill(const struct ash_wrapper *wrapper, struct ash_span plain,
			      struct ash_attrs *attrs)
{
	struct ash_span value = ASH_SPAN_NONE;

	if (ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) == CKO_PRIVATE_KEY) {
		ASH_TRY(cut_private(wrapper, plain, &value));
		ASH_TRY(ash_pkcs8_decode(value, attrs));
		return ash_complete_import(wrapper->session->hsm->crypto, attrs);
	}
	ASH_TRY(cut_secret(wrapper, attrs, plain, &value));
	return ash_newkey_fill(wrapper->session, value, attrs);
}

/* Of a content that makes no key: what has nothing to do with it, and what may be told of it. */
static const bool elsewhere[ASH_CODES] = {
	[ASH_OK] = true,      [ASH_E_MEMORY] = true, [ASH_E_BUG] = true, [ASH_E_UNSUPPORTED] = true,
	[ASH_E_LIMIT] = true,
};
static const bool may_be_told[ASH_CODES] = {
	[ASH_E_WRAPPED_KEY_LEN] = true,     [ASH_E_CURVE] = true,
	[ASH_E_DOMAIN_PARAMS] = true,       [ASH_E_PARAMETER_SET] = true,
	[ASH_E_TEMPLATE_INCOMPLETE] = true, [ASH_E_TEMPLATE_INCONSISTENT] = true,
};

static struct ash_status in_words(const struct ash_wrap_form *form, struct ash_status status)
{
	if (elsewhere[status.code] || (may_be_told[status.code] && !form->opaque))
		return status;
	ASH_FAIL(ASH_E_WRAPPED_KEY);
}

/* What the template says of a secret key's length, and the mechanism of the plaintext's: no key is needed to see it. */
static struct ash_status check_length(const struct ash_wrapper *wrapper, const struct ash_attrs *attrs,
				      struct ash_span wrapped)
{
	const size_t unit = wrapper->form->unit;
	const size_t most = ash_alg_finish_max(ASH_OP_DECRYPT, wrapper->row->alg, &wrapper->spec,
					       wrapper->mechanism->params.tag_len, 0, wrapped.len);
	struct ash_status status;
	size_t len = 0;

	/* No object has a longer key: it is not even looked at. */
	ASH_ENSURE(wrapped.len != 0 && most <= ASH_ATTRS_MAX, ASH_E_WRAPPED_KEY_LEN);
	if (unit == 1 || ash_attrs_number(attrs, CKA_CLASS, 0) == CKO_PRIVATE_KEY)
		return ASH_DONE;
	ASH_ENSURE(most != 0 && most % unit == 0, ASH_E_WRAPPED_KEY_LEN);
	status = ash_newkey_len(attrs, most - unit, most, &len);
	ASH_ENSURE(status.code != ASH_E_KEY_SIZE, ASH_E_WRAPPED_KEY_LEN);
	ASH_TRY(status);
	/* Key wrap sees to it that only zeroes are cut off (cut_secret). */
	return wrapper->row->alg.scheme != ASH_SCHEME_AES_KW ? ash_newkey_check_cut(attrs, len) : ASH_DONE;
}

static struct ash_status begin(const struct ash_wrapper *wrapper, struct ash_template given,
			       struct ash_attrs **ret_attrs)
{
	static const struct ash_newkey unwrapped = {
		.making = ASH_MADE_UNWRAP,
		.inherits = CKA_UNWRAP_TEMPLATE,
		.class = CK_UNAVAILABLE_INFORMATION,
	};
	ASH_AUTO(ash_attrs) *attrs = NULL;
	uint64_t class = 0;

	ASH_TRY(ash_newkey_begin(wrapper->session, &unwrapped, wrapper->object->attrs, given, &attrs));
	class = ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	ASH_ENSURE(class == CKO_SECRET_KEY || (class == CKO_PRIVATE_KEY && wrapper->form->private_keys),
		   ASH_E_TEMPLATE_INCONSISTENT);
	*ret_attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

struct ash_status ash_hsm_unwrap_key(struct ash_hsm *hsm, ash_handle handle,
				     const struct ash_mechanism *mechanism, ash_handle unwrapping_key,
				     struct ash_span wrapped, struct ash_template given, ash_handle *ret_key)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_object) *unwrapping = NULL;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	const struct ash_mechanism own = ash_wrap_mechanism(mechanism);
	struct ash_wrapper wrapper = { .mechanism = &own };

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_use_row(&own, CKF_UNWRAP, &wrapper.row));
	ASH_TRY(ash_use_once(session, unwrapping_key, wrapper.row, &ash_role_unwrap, &unwrapping,
			     &wrapper.spec));
	wrapper.session = session;
	wrapper.object = unwrapping;
	wrapper.form = ash_wrap_form(wrapper.row);
	ASH_BUG(wrapper.form == NULL);
	ASH_TRY(begin(&wrapper, given, &attrs));
	ASH_TRY(check_length(&wrapper, attrs, wrapped));
	ASH_TRY(decrypt(&wrapper, wrapped, &plain));
	ASH_TRY(in_words(wrapper.form, fill(&wrapper, ash_buf_span(&plain), attrs)));
	return ash_change_make(session, &attrs, 1, ret_key);
}
