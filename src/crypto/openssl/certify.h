/*
 * Making certificates (RFC 5280) that their own key signs, and requests for certificates
 * (PKCS#10, RFC 2986). The private key is never here: what is to be signed is made, signed by
 * whoever has the key, and put together and checked. Any thread.
 *
 *     ASH_TRY(ash_certify_begin(&plan, &body));
 *     … sign the whole of body with plan.alg …
 *     ASH_TRY(ash_certify_end(&plan, ash_buf_span(&body), signature, &der));
 */
#pragma once

#include "crypto/types.h"
#include "util/buf.h"

/* Bits of keyUsage, by their numbers in RFC 5280 §4.2.1.3. */
#define ASH_CERTIFY_USAGE(number) (1u << (number))
#define ASH_CERTIFY_USAGES        9u

enum ash_certify_constraints {
	ASH_CERTIFY_UNSAID, /* no basicConstraints */
	ASH_CERTIFY_AUTHORITY,
	ASH_CERTIFY_END_ENTITY
};

/* Spans are lent for the calls. */
struct ash_certify {
	bool request;             /* else a certificate */
	struct ash_span key_info; /* DER SubjectPublicKeyInfo of the key that signs */
	struct ash_span subject;  /* DER Name (certname.h) */
	/*
	 * RSA v1.5, PSS (salt as long as the hash) and ECDSA with SHA-256, SHA-384 or SHA-512;
	 * EdDSA and ML-DSA without a hash, with their `group`.
	 */
	struct ash_alg alg;
	enum ash_group group;

	struct ash_span serial;        /* certificates: big-endian, 1 to 20 bytes, not zero */
	int64_t not_before, not_after; /* certificates: seconds since 1970 */

	enum ash_certify_constraints constraints;
	int path_len;              /* of an authority: how many may stand between; below 0: any number */
	unsigned key_usage;        /* ASH_CERTIFY_USAGE; 0: not said */
	struct ash_span purposes;  /* DER ExtKeyUsageSyntax (certext.h), or empty */
	struct ash_span alt_names; /* DER GeneralNames (certext.h), or empty */
};

/* Whether such a key signs so. */
bool ash_certify_knows(struct ash_alg alg, enum ash_group group);

/*
 * Appends the DER of what is to be signed: TBSCertificate, with the identifiers of its key,
 * or CertificationRequestInfo. ASH_E_ARGUMENT for a plan that can't be, ASH_E_KEY_INVALID for
 * a key that OpenSSL does not take, ASH_E_UNSUPPORTED, ASH_E_MEMORY.
 */
ASH_STATUS ash_certify_begin(const struct ash_certify *plan, struct ash_buf *body);

/*
 * Appends the whole, with a signature as PKCS#11 has it (ECDSA: r || s). ASH_E_SIGNATURE when
 * it does not verify with the key of the plan; ASH_E_FORMAT, ASH_E_MEMORY.
 */
ASH_STATUS ash_certify_end(const struct ash_certify *plan, struct ash_span body, struct ash_span signature,
			   struct ash_buf *der);
