/*
 * The CKA_ID of keys that were given none by whoever made them with our own tools: the
 * SHA-1 of the public key's bits, the key identifier of RFC 5280 §4.2.1.2, method 1. So a
 * certificate, its key and the subject key identifier in it say the same, as other programs
 * expect. It is a name and proves nothing: two keys with one id harm who made them.
 */
#pragma once

#include <ashlar/pkcs11.h>

#include "util/span.h"
#include "util/status.h"

struct ash_crypto;

#define ASH_KEYID_LEN       20u
#define ASH_KEYID_MECHANISM CKM_SHA_1 /* for who reaches hashes through the api alone */

/*
 * The value of the BIT STRING subjectPublicKey in a DER SubjectPublicKeyInfo (RFC 5280
 * §4.1), without its count of unused bits: what is hashed. ASH_E_FORMAT.
 */
ASH_STATUS ash_keyid_bits(struct ash_span info, struct ash_span *ret_bits);

/* The identifier of the key in a SubjectPublicKeyInfo. ASH_E_FORMAT, and the back end's failures. */
ASH_STATUS ash_keyid_make(struct ash_crypto *crypto, struct ash_span info, uint8_t ret_id[ASH_KEYID_LEN]);
