/*
 * What the token adds to an object by computing it: from an imported key's value,
 * or from a generated key's parts.
 */
#pragma once

#include "crypto/crypto.h"
#include "token/attrs.h"

/*
 * Validates an imported key by loading it and adds what follows from its value
 * (CKA_MODULUS_BITS, CKA_VALUE_LEN, CKA_PUBLIC_KEY_INFO, CKA_CHECK_VALUE); a certificate
 * gets its check value; of domain parameters only validates that they are ours. Other
 * objects stay as they are. ASH_E_ATTRIBUTE_VALUE when the value is no valid key or the
 * check value another's, ASH_E_CURVE, ASH_E_TEMPLATE_INCOMPLETE, ASH_E_MEMORY.
 */
ASH_STATUS ash_complete_import(struct ash_crypto *crypto, struct ash_attrs *attrs);

/* Adds a generated key's value and what follows from it to the half `attrs` describes. */
ASH_STATUS ash_complete_generated(struct ash_crypto *crypto, const struct ash_key_spec *spec,
				  const struct ash_parts *parts, struct ash_attrs *attrs);
