/*
 * Encryption, decryption, digests, signatures and verification (§5.8 to §5.15):
 * families of the same four functions, over the same four helpers; and those that feed
 * two operations at once (§5.16).
 *
 * The warm path: no allocation, no lock, no copy.
 */
#include "front/pkcs11/call_priv.h"

#include "front/pkcs11/mechanism_priv.h"
#include "front/pkcs11/output_priv.h"

/* C_<Op>Init; without a mechanism it ends what is active. */
static struct ash_status begin(const struct ash_call *call, CK_SESSION_HANDLE session, enum ash_op op,
			       const CK_MECHANISM *given, CK_OBJECT_HANDLE key)
{
	struct ash_mechanism mechanism;

	if (given == NULL)
		return call->api->op_init(call->hsm, session, op, NULL, 0);
	ASH_TRY(ash_mechanism_read(given, &mechanism));
	return call->api->op_init(call->hsm, session, op, &mechanism, key);
}

/* Arguments that can't be read are a failure like any other: it ends the operation. */
static struct ash_status unreadable(const struct ash_call *call, CK_SESSION_HANDLE session, enum ash_op op)
{
	ash_ignore(call->api->op_abort(call->hsm, session, op)); /* there may be none */
	ASH_FAIL(ASH_E_ARGUMENT);
}

/* C_<Op> and C_<Op>Update with output: they differ in the api's function alone. */
typedef struct ash_status give_and_take(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
					struct ash_span in, struct ash_out *out);

static struct ash_status process(const struct ash_call *call, CK_SESSION_HANDLE session, enum ash_op op,
				 give_and_take *function, struct ash_span in, CK_BYTE_PTR out,
				 CK_ULONG_PTR ret_len)
{
	struct ash_out room;

	if (ret_len == NULL || !ash_readable(in.data, in.len))
		return unreadable(call, session, op);
	room = ash_room_of(out, ret_len);
	return ash_answer(function(call->hsm, session, op, in, &room), &room, ret_len);
}

/* C_<Op>Update without output. A place for none is not a question for a length. */
static struct ash_status absorb(const struct ash_call *call, CK_SESSION_HANDLE session, enum ash_op op,
				struct ash_span in)
{
	uint8_t none = 0;
	struct ash_out out = { .data = &none };

	if (!ash_readable(in.data, in.len))
		return unreadable(call, session, op);
	return call->api->op_update(call->hsm, session, op, in, &out);
}

static struct ash_status finish(const struct ash_call *call, CK_SESSION_HANDLE session, enum ash_op op,
				CK_BYTE_PTR out, CK_ULONG_PTR ret_len)
{
	struct ash_out room;

	if (ret_len == NULL)
		return unreadable(call, session, op);
	room = ash_room_of(out, ret_len);
	return ash_answer(call->api->op_final(call->hsm, session, op, &room), &room, ret_len);
}

static struct ash_status verify(const struct ash_call *call, CK_SESSION_HANDLE session, struct ash_span in,
				struct ash_span signature)
{
	if (!ash_readable(in.data, in.len) || !ash_readable(signature.data, signature.len))
		return unreadable(call, session, ASH_OP_VERIFY);
	return call->api->verify_single(call->hsm, session, in, signature);
}

static struct ash_status verify_final(const struct ash_call *call, CK_SESSION_HANDLE session,
				      struct ash_span signature)
{
	if (!ash_readable(signature.data, signature.len))
		return unreadable(call, session, ASH_OP_VERIFY);
	return call->api->verify_final(call->hsm, session, signature);
}

static struct ash_status process_both(const struct ash_call *call, CK_SESSION_HANDLE session,
				      enum ash_op first, enum ash_op second, struct ash_span in,
				      CK_BYTE_PTR out, CK_ULONG_PTR ret_len)
{
	struct ash_out room;

	if (ret_len == NULL || !ash_readable(in.data, in.len)) {
		ash_ignore(call->api->op_abort(call->hsm, session, first));
		return unreadable(call, session, second);
	}
	room = ash_room_of(out, ret_len);
	return ash_answer(call->api->dual_update(call->hsm, session, first, second, in, &room), &room,
			  ret_len);
}

/* One definition for each shape of entry point. */
#define ENTRY_INIT(name, op)                                                                        \
	ASH_ENTRY name(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) \
	{                                                                                           \
		return ASH_SESSION_CALL(session, begin(&call, session, op, mechanism, key));        \
	}
#define ENTRY_PROCESS(name, op, function)                                                           \
	ASH_ENTRY name(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, \
		       CK_ULONG_PTR out_len)                                                        \
	{                                                                                           \
		return ASH_SESSION_CALL(session, process(&call, session, op, call.api->function,    \
							 ash_span(in, in_len), out, out_len));      \
	}
#define ENTRY_ABSORB(name, op)                                                                      \
	ASH_ENTRY name(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len)                  \
	{                                                                                           \
		return ASH_SESSION_CALL(session, absorb(&call, session, op, ash_span(in, in_len))); \
	}
#define ENTRY_FINISH(name, op)                                                              \
	ASH_ENTRY name(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_len)    \
	{                                                                                   \
		return ASH_SESSION_CALL(session, finish(&call, session, op, out, out_len)); \
	}
#define ENTRY_DUAL(name, first, second)                                                             \
	ASH_ENTRY name(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, \
		       CK_ULONG_PTR out_len)                                                        \
	{                                                                                           \
		return ASH_SESSION_CALL(session, process_both(&call, session, first, second,        \
							      ash_span(in, in_len), out, out_len)); \
	}

ENTRY_INIT(C_EncryptInit, ASH_OP_ENCRYPT)
ENTRY_PROCESS(C_Encrypt, ASH_OP_ENCRYPT, op_single)
ENTRY_PROCESS(C_EncryptUpdate, ASH_OP_ENCRYPT, op_update)
ENTRY_FINISH(C_EncryptFinal, ASH_OP_ENCRYPT)

ENTRY_INIT(C_DecryptInit, ASH_OP_DECRYPT)
ENTRY_PROCESS(C_Decrypt, ASH_OP_DECRYPT, op_single)
ENTRY_PROCESS(C_DecryptUpdate, ASH_OP_DECRYPT, op_update)
ENTRY_FINISH(C_DecryptFinal, ASH_OP_DECRYPT)

ENTRY_INIT(C_SignInit, ASH_OP_SIGN)
ENTRY_PROCESS(C_Sign, ASH_OP_SIGN, op_single)
ENTRY_ABSORB(C_SignUpdate, ASH_OP_SIGN)
ENTRY_FINISH(C_SignFinal, ASH_OP_SIGN)

ENTRY_INIT(C_SignRecoverInit, ASH_OP_SIGN_RECOVER)
ENTRY_PROCESS(C_SignRecover, ASH_OP_SIGN_RECOVER, op_single)

ENTRY_INIT(C_VerifyRecoverInit, ASH_OP_VERIFY_RECOVER)
ENTRY_PROCESS(C_VerifyRecover, ASH_OP_VERIFY_RECOVER, op_single)

ENTRY_PROCESS(C_Digest, ASH_OP_DIGEST, op_single)
ENTRY_ABSORB(C_DigestUpdate, ASH_OP_DIGEST)
ENTRY_FINISH(C_DigestFinal, ASH_OP_DIGEST)

ENTRY_INIT(C_VerifyInit, ASH_OP_VERIFY)
ENTRY_ABSORB(C_VerifyUpdate, ASH_OP_VERIFY)

ENTRY_DUAL(C_DigestEncryptUpdate, ASH_OP_DIGEST, ASH_OP_ENCRYPT)
ENTRY_DUAL(C_SignEncryptUpdate, ASH_OP_SIGN, ASH_OP_ENCRYPT)
ENTRY_DUAL(C_DecryptDigestUpdate, ASH_OP_DECRYPT, ASH_OP_DIGEST)
ENTRY_DUAL(C_DecryptVerifyUpdate, ASH_OP_DECRYPT, ASH_OP_VERIFY)

/* Those of a shape of their own. */

ASH_ENTRY C_DigestInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism)
{
	return ASH_SESSION_CALL(hSession, begin(&call, hSession, ASH_OP_DIGEST, pMechanism, 0));
}

ASH_ENTRY C_DigestKey(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hKey)
{
	return ASH_SESSION_CALL(hSession, call.api->digest_key(call.hsm, hSession, hKey));
}

ASH_ENTRY C_Verify(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
		   CK_ULONG ulSignatureLen)
{
	return ASH_SESSION_CALL(hSession, verify(&call, hSession, ash_span(pData, ulDataLen),
						 ash_span(pSignature, ulSignatureLen)));
}

ASH_ENTRY C_VerifyFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	return ASH_SESSION_CALL(hSession,
				verify_final(&call, hSession, ash_span(pSignature, ulSignatureLen)));
}
