/* Many private keys at once, as PKCS#8: no function of PKCS#11. */
#include "token/attribute.h"
#include "token/change.h"
#include "token/complete.h"
#include "token/keyid.h"
#include "token/keymap.h"
#include "token/pkcs8.h"

/* What of a key C_CreateObject takes of its public half; the rest of it follows. */
static const uint64_t public_material[] = { CKA_MODULUS,  CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS,
					    CKA_EC_POINT, CKA_VALUE,           CKA_PARAMETER_SET };

static const struct ash_template nothing = { NULL, 0 };

/* Of the public key, which every private key that comes in has beside it. */
static struct ash_status make_keyid(struct ash_crypto *crypto, const struct ash_attrs *attrs,
				    uint8_t ret_id[ASH_KEYID_LEN])
{
	struct ash_span info = ASH_SPAN_NONE;

	ASH_ENSURE(ash_attrs_get(attrs, CKA_PUBLIC_KEY_INFO, &info), ASH_E_UNSUPPORTED);
	return ash_keyid_make(crypto, info, ret_id);
}

static struct ash_status make_private(struct ash_session *session, const struct ash_import *key,
				      struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;

	ASH_TRY(ash_attribute_make(ASH_MADE_UNWRAP, key->private_given, nothing, CK_UNAVAILABLE_INFORMATION,
				   ash_session_actor(session), &attrs));
	ASH_ENSURE(ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) == CKO_PRIVATE_KEY,
		   ASH_E_TEMPLATE_INCONSISTENT);
	ASH_TRY(ash_pkcs8_decode(key->pkcs8, attrs));
	ASH_TRY(ash_complete_import(session->hsm->crypto, attrs));
	*ret_attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

/* What the template says, and the key itself, of which `parts` came from a back end that knows it to be one. */
static struct ash_status make_public(struct ash_session *session, const struct ash_import *key,
				     const struct ash_key_spec *spec, const struct ash_parts *parts,
				     struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_attrs) *material = NULL;
	struct ash_attr implied[ASH_COUNT(public_material)];
	size_t count = 0;

	ASH_TRY(ash_attrs_new(&material));
	for (size_t i = 0; i < key->public_given.count; i++) {
		const struct ash_attr attr = key->public_given.attrs[i];

		if (attr.type == CKA_CLASS || attr.type == CKA_KEY_TYPE)
			ASH_TRY(ash_attrs_set(material, attr.type, attr.value));
	}
	ASH_ENSURE(ash_attrs_number(material, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) == CKO_PUBLIC_KEY,
		   ASH_E_TEMPLATE_INCONSISTENT);
	ASH_TRY(ash_keymap_store(spec, parts, material));
	for (size_t i = 0; i < ASH_COUNT(public_material); i++) {
		implied[count].type = public_material[i];
		if (ash_attrs_get(material, public_material[i], &implied[count].value))
			count++;
	}
	ASH_TRY(ash_attribute_make(ASH_MADE_CREATE, key->public_given,
				   (struct ash_template){ implied, count }, CK_UNAVAILABLE_INFORMATION,
				   ash_session_actor(session), &attrs));
	ASH_TRY(ash_complete_generated(session->hsm->crypto, spec, parts, attrs));
	*ret_attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

static bool says_id(struct ash_template given)
{
	for (size_t i = 0; i < given.count; i++) {
		if (given.attrs[i].type == CKA_ID)
			return true;
	}
	return false;
}

static struct ash_status add_key(struct ash_session *session, const struct ash_import *key,
				 struct ash_batch *batch)
{
	ASH_AUTO(ash_attrs) *private_half = NULL;
	ASH_AUTO(ash_attrs) *public_half = NULL;
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	struct ash_key_spec spec;
	uint8_t id[ASH_KEYID_LEN];

	ASH_TRY(make_private(session, key, &private_half));
	if (key->public_given.count != 0) {
		ASH_TRY(ash_keymap_spec(private_half, &spec));
		ASH_TRY(ash_keymap_parts(private_half, &parts));
		ASH_TRY(make_public(session, key, &spec, &parts, &public_half));
	}
	if (!says_id(key->private_given) && !says_id(key->public_given)) {
		ASH_TRY(make_keyid(session->hsm->crypto, private_half, id));
		ASH_TRY(ash_attrs_set(private_half, CKA_ID, ash_span(id, sizeof(id))));
		if (public_half != NULL)
			ASH_TRY(ash_attrs_set(public_half, CKA_ID, ash_span(id, sizeof(id))));
	}
	/* Public before private, as a pair that was generated. */
	if (public_half != NULL)
		ASH_TRY(ash_batch_add(session, batch, public_half));
	return ash_batch_add(session, batch, private_half);
}

struct ash_status ash_hsm_import_keys(struct ash_hsm *hsm, ash_handle handle, struct ash_import *keys,
				      size_t count)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_batch) *batch = NULL;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_ENSURE(count <= ASH_IMPORT_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_batch_new(session, count * 2, &batch));
	for (size_t i = 0; i < count; i++) {
		const struct ash_status status = add_key(session, &keys[i], batch);

		keys[i].code = status.code;
		ASH_TRY(status);
	}
	return ash_batch_write(session, batch);
}
