/*
 * Key management (§5.18): generation.
 */
#include "front/pkcs11/call_priv.h"

#include "front/pkcs11/mechanism_priv.h"
#include "front/pkcs11/template_priv.h"

static struct ash_status generate_key(const struct ash_call *call, CK_SESSION_HANDLE session,
				      const CK_MECHANISM *given, const CK_ATTRIBUTE *attributes,
				      CK_ULONG count, CK_OBJECT_HANDLE_PTR ret_key)
{
	ASH_AUTO(ash_canonical) template;
	struct ash_mechanism mechanism;
	ash_handle key = 0;

	ash_canonical_init(&template);
	ASH_ENSURE(given != NULL && ret_key != NULL, ASH_E_ARGUMENT);
	ASH_TRY(ash_mechanism_read(given, &mechanism));
	ASH_TRY(ash_canonical_read(&template, attributes, count));
	ASH_TRY(call->api->generate_key(call->hsm, session, &mechanism, template.view, &key));
	*ret_key = key;
	return ASH_DONE;
}

ASH_ENTRY C_GenerateKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_ATTRIBUTE_PTR pTemplate,
			CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phKey)
{
	return ASH_SESSION_CALL(hSession,
				generate_key(&call, hSession, pMechanism, pTemplate, ulCount, phKey));
}

/* A template as the two of a pair come in. */
struct given {
	const CK_ATTRIBUTE *attributes;
	CK_ULONG count;
};

static struct ash_status generate_pair(const struct ash_call *call, CK_SESSION_HANDLE session,
				       const CK_MECHANISM *given, struct given public_given,
				       struct given private_given, CK_OBJECT_HANDLE_PTR ret_public,
				       CK_OBJECT_HANDLE_PTR ret_private)
{
	ASH_AUTO(ash_canonical) public_template;
	ASH_AUTO(ash_canonical) private_template;
	struct ash_mechanism mechanism;
	ash_handle public_key = 0;
	ash_handle private_key = 0;

	ash_canonical_init(&public_template);
	ash_canonical_init(&private_template);
	ASH_ENSURE(given != NULL && ret_public != NULL && ret_private != NULL, ASH_E_ARGUMENT);
	ASH_TRY(ash_mechanism_read(given, &mechanism));
	ASH_TRY(ash_canonical_read(&public_template, public_given.attributes, public_given.count));
	ASH_TRY(ash_canonical_read(&private_template, private_given.attributes, private_given.count));
	ASH_TRY(call->api->generate_pair(call->hsm, session, &mechanism, public_template.view,
					 private_template.view, &public_key, &private_key));
	*ret_public = public_key;
	*ret_private = private_key;
	return ASH_DONE;
}

ASH_ENTRY C_GenerateKeyPair(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
			    CK_ATTRIBUTE_PTR pPublicKeyTemplate, CK_ULONG ulPublicKeyAttributeCount,
			    CK_ATTRIBUTE_PTR pPrivateKeyTemplate, CK_ULONG ulPrivateKeyAttributeCount,
			    CK_OBJECT_HANDLE_PTR phPublicKey, CK_OBJECT_HANDLE_PTR phPrivateKey)
{
	struct given public_given = { pPublicKeyTemplate, ulPublicKeyAttributeCount };
	struct given private_given = { pPrivateKeyTemplate, ulPrivateKeyAttributeCount };

	return ASH_SESSION_CALL(hSession, generate_pair(&call, hSession, pMechanism, public_given,
							private_given, phPublicKey, phPrivateKey));
}
