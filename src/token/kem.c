/* C_EncapsulateKey and C_DecapsulateKey (PKCS#11 3.2 §5.18.8, §5.18.9): ML-KEM (§6.68). */
#include "token/change.h"
#include "token/newkey.h"
#include "token/use.h"

#define SHARED_LEN 32u /* FIPS 203, all parameter sets */

/* A KEM key with what its call brings. Lent. */
struct kem {
	struct ash_session *session;
	const struct ash_mechanism_row *row;
	struct ash_object *object;
	struct ash_key_spec spec;
};

/* The new key's attributes, all that can be said before there is a secret. */
static struct ash_status begin(const struct kem *kem, uint64_t inherits, struct ash_template given,
			       struct ash_attrs **ret_attrs)
{
	const struct ash_newkey shared = {
		.making = ASH_MADE_ENCAPSULATE,
		.inherits = inherits,
		.class = CKO_SECRET_KEY,
	};
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_status status;
	size_t len = 0;

	ASH_TRY(ash_newkey_begin(kem->session, &shared, kem->object->attrs, given, &attrs));
	status = ash_newkey_len(attrs, SHARED_LEN - 1, SHARED_LEN, &len);
	ASH_ENSURE(status.code != ASH_E_KEY_SIZE, ASH_E_TEMPLATE_INCONSISTENT);
	ASH_TRY(status);
	*ret_attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

static struct ash_status key_for(const struct kem *kem, enum ash_op op, struct ash_key **ret_key)
{
	const struct ash_use use = { op, kem->row->alg, kem->row->prefer };

	return ash_object_key(kem->session->hsm->crypto, kem->object, &use, ret_key);
}

static struct ash_status encapsulate(const struct kem *kem, size_t len, struct ash_buf *ciphertext,
				     struct ash_secret **ret_shared)
{
	struct ash_mut room = { NULL, 0 };
	struct ash_key *key = NULL;

	ASH_TRY(key_for(kem, ASH_OP_ENCAPSULATE, &key));
	ASH_TRY(ash_buf_extend(ciphertext, len, &room));
	return ash_key_encapsulate(key, room, ret_shared);
}

struct ash_status ash_hsm_encapsulate_key(struct ash_hsm *hsm, ash_handle handle,
					  const struct ash_mechanism *mechanism, ash_handle public_key,
					  struct ash_template given, struct ash_out *ciphertext,
					  ash_handle *ret_key)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_object) *object = NULL;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_secret) *shared = NULL;
	ASH_AUTO(ash_buf) aside = ASH_BUF_PLAIN;
	struct ash_status status = ASH_DONE;
	struct kem kem;
	size_t need = 0;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_use_row(mechanism, CKF_ENCAPSULATE, &kem.row));
	ASH_TRY(ash_use_once(session, public_key, kem.row, &ash_role_encapsulate, &object, &kem.spec));
	kem.session = session;
	kem.object = object;
	ASH_TRY(begin(&kem, CK_UNAVAILABLE_INFORMATION, given, &attrs));
	/* §5.18.8: the new key is compared with the template, and "any attribute conflict" has this code. */
	ASH_ENSURE(ash_attribute_template_match(object->attrs, CKA_ENCAPSULATE_TEMPLATE, attrs),
		   ASH_E_KEY_HANDLE);
	need = ash_group_ciphertext_len(kem.spec.group);
	if (ash_use_only_length(ciphertext, need, &status))
		return status;
	ASH_TRY(encapsulate(&kem, need, &aside, &shared));
	ASH_TRY(ash_newkey_fill(session, ash_secret_peek(shared), attrs));
	ASH_TRY(ash_change_make(session, &attrs, 1, ret_key));
	ash_use_deliver(ash_buf_span(&aside), ciphertext);
	return ASH_DONE;
}

struct ash_status ash_hsm_decapsulate_key(struct ash_hsm *hsm, ash_handle handle,
					  const struct ash_mechanism *mechanism, ash_handle private_key,
					  struct ash_template given, struct ash_span ciphertext,
					  ash_handle *ret_key)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_object) *object = NULL;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_secret) *shared = NULL;
	struct ash_key *key = NULL;
	struct kem kem;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_use_row(mechanism, CKF_DECAPSULATE, &kem.row));
	ASH_TRY(ash_use_once(session, private_key, kem.row, &ash_role_decapsulate, &object, &kem.spec));
	kem.session = session;
	kem.object = object;
	ASH_TRY(begin(&kem, CKA_DECAPSULATE_TEMPLATE, given, &attrs));
	ASH_ENSURE(ciphertext.len == ash_group_ciphertext_len(kem.spec.group), ASH_E_WRAPPED_KEY_LEN);
	ASH_TRY(key_for(&kem, ASH_OP_DECAPSULATE, &key));
	ASH_TRY(ash_key_decapsulate(key, ciphertext, &shared));
	ASH_TRY(ash_newkey_fill(session, ash_secret_peek(shared), attrs));
	return ash_change_make(session, &attrs, 1, ret_key);
}
