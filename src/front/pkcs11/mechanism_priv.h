/*
 * Mechanisms as an application passes them, to those of the api. Their parameters
 * are read once; what they point at (IVs, associated data, contexts) is lent and
 * not copied. No state; any thread.
 */
#pragma once

#include <ashlar/pkcs11.h>

#include "token/mechanism.h"

/*
 * ASH_E_MECHANISM when the token lacks it, ASH_E_MECHANISM_PARAM when the parameter
 * has not the form that the mechanism's row asks for. `given` is not NULL.
 */
ASH_STATUS ash_mechanism_read(const CK_MECHANISM *given, struct ash_mechanism *ret_mechanism);

/* The same for C_WrapKey and, without `ret_wish`, C_UnwrapKey (front/pkcs11/parameter_priv.h). */
struct ash_nonce_wish;
ASH_STATUS ash_mechanism_read_wrap(const CK_MECHANISM *given, struct ash_mechanism *ret_mechanism,
				   struct ash_nonce_wish *ret_wish);
