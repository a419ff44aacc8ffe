/*
 * Random number generation (§5.21).
 */
#include "front/pkcs11/call_priv.h"

static struct ash_status seed_random(const struct ash_call *call, CK_SESSION_HANDLE session,
				     struct ash_span seed)
{
	ASH_ENSURE(ash_readable(seed.data, seed.len), ASH_E_ARGUMENT);
	return call->api->seed_random(call->hsm, session, seed);
}

ASH_ENTRY C_SeedRandom(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSeed, CK_ULONG ulSeedLen)
{
	return ASH_SESSION_CALL(hSession, seed_random(&call, hSession, ash_span(pSeed, ulSeedLen)));
}

static struct ash_status generate_random(const struct ash_call *call, CK_SESSION_HANDLE session,
					 struct ash_mut out)
{
	ASH_ENSURE(ash_readable(out.data, out.len), ASH_E_ARGUMENT);
	return call->api->random(call->hsm, session, out);
}

ASH_ENTRY C_GenerateRandom(CK_SESSION_HANDLE hSession, CK_BYTE_PTR RandomData, CK_ULONG ulRandomLen)
{
	return ASH_SESSION_CALL(hSession, generate_random(&call, hSession, ash_mut(RandomData, ulRandomLen)));
}
