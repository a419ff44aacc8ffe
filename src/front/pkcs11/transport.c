/*
 * Key management (§5.18) but for generation: keys that go out wrapped, come in, are
 * derived or agreed on.
 */
#include "front/pkcs11/call_priv.h"

#include <string.h>

#include "front/pkcs11/mechanism_priv.h"
#include "front/pkcs11/output_priv.h"
#include "front/pkcs11/parameter_priv.h"
#include "front/pkcs11/template_priv.h"

/* The two objects of C_WrapKey. */
struct handles {
	CK_OBJECT_HANDLE wrapping, key;
};

/* Fills a nonce of the caller's, but for the bits in front that stay. */
static struct ash_status make_nonce(const struct ash_call *call, CK_SESSION_HANDLE session,
				    const struct ash_nonce_wish *wish, uint8_t nonce[ASH_NONCE_MADE_MAX])
{
	const size_t whole = wish->fixed_bits / 8;
	const uint8_t mask = (uint8_t)(0xff00u >> (wish->fixed_bits % 8)); /* of the byte that is split */

	ASH_TRY(call->api->random(call->hsm, session, ash_mut(nonce, wish->len)));
	memcpy(nonce, wish->place, whole);
	if (mask != 0)
		nonce[whole] = (uint8_t)((wish->place[whole] & mask) | (nonce[whole] & ~mask));
	return ASH_DONE;
}

static struct ash_status wrap_key(const struct ash_call *call, CK_SESSION_HANDLE session,
				  const CK_MECHANISM *given, struct handles handles, CK_BYTE_PTR wrapped,
				  CK_ULONG_PTR ret_len)
{
	uint8_t nonce[ASH_NONCE_MADE_MAX];
	struct ash_mechanism mechanism;
	struct ash_nonce_wish wish;
	struct ash_status status;
	struct ash_out room;

	ASH_ENSURE(given != NULL && ret_len != NULL, ASH_E_ARGUMENT);
	ASH_TRY(ash_mechanism_read_wrap(given, &mechanism, &wish));
	if (wish.place != NULL && wrapped != NULL) {
		ASH_TRY(make_nonce(call, session, &wish, nonce));
		mechanism.params.iv = ash_span(nonce, wish.len);
	}
	room = ash_room_of(wrapped, ret_len);
	status = call->api->wrap_key(call->hsm, session, &mechanism, handles.wrapping, handles.key, &room);
	if (ash_is_ok(status) && wish.place != NULL && wrapped != NULL)
		memcpy(wish.place, nonce, wish.len); /* nobody needs one that sealed nothing */
	return ash_answer(status, &room, ret_len);
}

ASH_ENTRY C_WrapKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hWrappingKey,
		    CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pWrappedKey, CK_ULONG_PTR pulWrappedKeyLen)
{
	struct handles handles = { hWrappingKey, hKey };

	return ASH_SESSION_CALL(
		hSession, wrap_key(&call, hSession, pMechanism, handles, pWrappedKey, pulWrappedKeyLen));
}

/* A key that another one brings forth: what all of these functions are given. */
struct birth {
	const CK_MECHANISM *mechanism;
	CK_OBJECT_HANDLE parent;
	const CK_ATTRIBUTE *attributes;
	CK_ULONG count;
	CK_OBJECT_HANDLE_PTR ret_key;
};

static struct ash_status read_birth(const struct birth *birth, bool unwraps,
				    struct ash_mechanism *ret_mechanism, struct ash_canonical *template)
{
	ASH_ENSURE(birth->mechanism != NULL && birth->ret_key != NULL, ASH_E_ARGUMENT);
	ASH_TRY(unwraps ? ash_mechanism_read_wrap(birth->mechanism, ret_mechanism, NULL)
			: ash_mechanism_read(birth->mechanism, ret_mechanism));
	return ash_canonical_read(template, birth->attributes, birth->count);
}

/* C_UnwrapKey and, with `decapsulate`, C_DecapsulateKey: they differ in the api's function alone. */
static struct ash_status receive(const struct ash_call *call, CK_SESSION_HANDLE session,
				 const struct birth *birth, bool decapsulate, struct ash_span in)
{
	ASH_AUTO(ash_canonical) template;
	struct ash_mechanism mechanism;
	ash_handle key = 0;

	ash_canonical_init(&template);
	ASH_ENSURE(in.data != NULL, ASH_E_ARGUMENT);
	ASH_TRY(read_birth(birth, !decapsulate, &mechanism, &template));
	if (decapsulate)
		ASH_TRY(call->api->decapsulate_key(call->hsm, session, &mechanism, birth->parent,
						   template.view, in, &key));
	else
		ASH_TRY(call->api->unwrap_key(call->hsm, session, &mechanism, birth->parent, in,
					      template.view, &key));
	*birth->ret_key = key;
	return ASH_DONE;
}

ASH_ENTRY C_UnwrapKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
		      CK_OBJECT_HANDLE hUnwrappingKey, CK_BYTE_PTR pWrappedKey, CK_ULONG ulWrappedKeyLen,
		      CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount, CK_OBJECT_HANDLE_PTR phKey)
{
	struct birth birth = { pMechanism, hUnwrappingKey, pTemplate, ulAttributeCount, phKey };

	return ASH_SESSION_CALL(
		hSession, receive(&call, hSession, &birth, false, ash_span(pWrappedKey, ulWrappedKeyLen)));
}

static struct ash_status derive_key(const struct ash_call *call, CK_SESSION_HANDLE session,
				    const struct birth *birth)
{
	ASH_AUTO(ash_canonical) template;
	struct ash_mechanism mechanism;
	ash_handle key = 0;

	ash_canonical_init(&template);
	ASH_TRY(read_birth(birth, false, &mechanism, &template));
	ASH_TRY(call->api->derive_key(call->hsm, session, &mechanism, birth->parent, template.view, &key));
	*birth->ret_key = key;
	return ASH_DONE;
}

ASH_ENTRY C_DeriveKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hBaseKey,
		      CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount, CK_OBJECT_HANDLE_PTR phKey)
{
	struct birth birth = { pMechanism, hBaseKey, pTemplate, ulAttributeCount, phKey };

	return ASH_SESSION_CALL(hSession, derive_key(&call, hSession, &birth));
}

/* Without a place for the ciphertext it is a question, which needs no place for the handle. */
static struct ash_status encapsulate_key(const struct ash_call *call, CK_SESSION_HANDLE session,
					 const struct birth *birth, CK_BYTE_PTR ciphertext,
					 CK_ULONG_PTR ret_len)
{
	CK_OBJECT_HANDLE unasked = 0;
	struct birth asked = *birth;
	ASH_AUTO(ash_canonical) template;
	struct ash_mechanism mechanism;
	struct ash_status status;
	struct ash_out room;
	ash_handle key = 0;

	ash_canonical_init(&template);
	ASH_ENSURE(ret_len != NULL, ASH_E_ARGUMENT);
	if (ciphertext == NULL && asked.ret_key == NULL)
		asked.ret_key = &unasked;
	ASH_TRY(read_birth(&asked, false, &mechanism, &template));
	room = ash_room_of(ciphertext, ret_len);
	status = call->api->encapsulate_key(call->hsm, session, &mechanism, birth->parent, template.view,
					    &room, &key);
	if (ash_is_ok(status) && ciphertext != NULL)
		*asked.ret_key = key;
	return ash_answer(status, &room, ret_len);
}

ASH_ENTRY C_EncapsulateKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
			   CK_OBJECT_HANDLE hPublicKey, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount,
			   CK_BYTE_PTR pCiphertext, CK_ULONG_PTR pulCiphertextLen, CK_OBJECT_HANDLE_PTR phKey)
{
	struct birth birth = { pMechanism, hPublicKey, pTemplate, ulAttributeCount, phKey };

	return ASH_SESSION_CALL(hSession,
				encapsulate_key(&call, hSession, &birth, pCiphertext, pulCiphertextLen));
}

ASH_ENTRY C_DecapsulateKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
			   CK_OBJECT_HANDLE hPrivateKey, CK_ATTRIBUTE_PTR pTemplate,
			   CK_ULONG ulAttributeCount, CK_BYTE_PTR pCiphertext, CK_ULONG ulCiphertextLen,
			   CK_OBJECT_HANDLE_PTR phKey)
{
	struct birth birth = { pMechanism, hPrivateKey, pTemplate, ulAttributeCount, phKey };

	return ASH_SESSION_CALL(
		hSession, receive(&call, hSession, &birth, true, ash_span(pCiphertext, ulCiphertextLen)));
}
