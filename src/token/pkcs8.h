/*
 * Private keys as PKCS#8 PrivateKeyInfo (RFC 5208, RFC 5958), which is how they are
 * wrapped (PKCS#11 3.2 §6.7): RSA as in RFC 8017, EC as in RFC 5915, Edwards and
 * Montgomery curves as in RFC 8410, ML-DSA and ML-KEM as in RFC 9881 and RFC 9935.
 * Pure functions; any thread.
 */
#pragma once

#include "token/attrs.h"
#include "util/buf.h"

/*
 * Appends the DER of a private key object to a secret buffer: version 1, without
 * attributes. An EC key has its public key with it if that is known; an ML-DSA or ML-KEM
 * key both its seed and its expanded form, or what there is of them.
 * ASH_E_KEY_NOT_WRAPPABLE when a part is missing (§6.7: an RSA key without its primes)
 * or a device keeps it, ASH_E_LIMIT, ASH_E_MEMORY, and those of ash_keymap_parts().
 */
ASH_STATUS ash_pkcs8_encode(const struct ash_attrs *attrs, struct ash_buf *out);

/*
 * The opposite: sets the attributes of the key on an object that has its CKA_CLASS
 * (a private key) and CKA_KEY_TYPE, as ash_keymap_store() does. Takes DER alone, nothing
 * after it, named curves, and versions 1 and 2; a public key in it becomes part of the key
 * and so is checked against the private one when a back end loads it. Attributes in it
 * say nothing here. Whether the numbers are a key is the back end's to find out.
 *
 * ASH_E_WRAPPED_KEY for anything else, also for a key of another type, ASH_E_CURVE for
 * an EC key of a curve that we lack, ASH_E_DOMAIN_PARAMS for one that is not named, ASH_E_ATTRIBUTE_VALUE when the
 * object says another CKA_PUBLIC_KEY_INFO, ASH_E_LIMIT, ASH_E_MEMORY; after a failure
 * some may be set.
 */
ASH_STATUS ash_pkcs8_decode(struct ash_span der, struct ash_attrs *attrs);

/* The CKA_KEY_TYPE of the key, before anything but its AlgorithmIdentifier was looked at. Errors as above. */
ASH_STATUS ash_pkcs8_key_type(struct ash_span der, uint64_t *ret_type);
