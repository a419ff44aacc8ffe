/*
 * Between attributes and key parts: what CKA_VALUE, CKA_EC_POINT or CKA_MODULUS of
 * an object are to the crypto room, and back. Constant data and pure functions.
 *
 * What comes in may have any form that can't be mistaken for another; what goes out
 * has one:
 *   CKA_EC_PARAMS      a named curve's OID; for Edwards and Montgomery curves the
 *                      curveName PrintableString too ("edwards25519", "edwards448",
 *                      "curve25519", "curve448"). It stays as the template has it.
 *   CKA_EC_POINT       a DER OCTET STRING around the X9.62, RFC 8032 or RFC 7748 point.
 *                      Also taken: the bare point (§6.3.5, §6.3.7 have it so for Edwards
 *                      and Montgomery curves), and for these the DER BIT STRING of
 *                      PKCS#11 3.0.
 *   CKA_VALUE          of an EC private key: as long as the field; shorter ones are taken
 *   CKA_PARAMETER_SET  a CKP_ number
 */
#pragma once

#include "crypto/parts.h"
#include "token/attrs.h"

/* A secret key's value has no more bytes than this. */
#define ASH_SECRET_KEY_MAX 8192u

/*
 * What key the object holds, or (of a template for generation) is to hold: the size
 * then comes from CKA_MODULUS_BITS or CKA_VALUE_LEN. Of domain parameters: what keys they
 * are for. ASH_E_KEY_TYPE when it is no key that a back end could hold, ASH_E_CURVE for a
 * curve we lack, ASH_E_DOMAIN_PARAMS where none is named, ASH_E_PARAMETER_SET for a
 * parameter set we lack, ASH_E_ATTRIBUTE_VALUE for what is malformed or not there, and a
 * length that no such key has.
 */
ASH_STATUS ash_keymap_spec(const struct ash_attrs *attrs, struct ash_key_spec *ret_spec);

/*
 * The object's parts (all that are there; of a private key the public part too, from
 * CKA_PUBLIC_KEY_INFO). ASH_E_ATTRIBUTE_VALUE, ASH_E_TEMPLATE_INCONSISTENT for a point in a
 * form that we don't take, ASH_E_MEMORY, and those of the spec.
 */
ASH_STATUS ash_keymap_parts(const struct ash_attrs *attrs, struct ash_parts *ret_parts);

/*
 * Sets the attributes that the key's parts give (public, private or secret ones as the
 * object's class says): after generation, and to complete what was imported, with
 * CKA_EC_PARAMS, CKA_PARAMETER_SET, CKA_MODULUS_BITS and CKA_VALUE_LEN where the class
 * has them and they are not there yet. CKA_PUBLIC_KEY_INFO is the DER
 * SubjectPublicKeyInfo; ASH_E_ATTRIBUTE_VALUE when the object says another (§4.9).
 * CKA_CHECK_VALUE comes from elsewhere. ASH_E_LIMIT, ASH_E_MEMORY; after a failure
 * some may be set.
 */
ASH_STATUS ash_keymap_store(const struct ash_key_spec *spec, const struct ash_parts *parts,
			    struct ash_attrs *attrs);
