/*
 * X.509 certificates (RFC 5280) that strangers made: read and described. Nothing here says
 * whether one is to be trusted.
 *
 * For `app` alone, which has no other parser of them. Nothing in a certificate is secret.
 * Any thread.
 *
 *     ASH_AUTO(ash_certificate) certificate = ASH_CERTIFICATE_NONE;
 *
 *     ASH_TRY(ash_certificate_read(der, &certificate));
 */
#pragma once

#include "util/buf.h"

#define ASH_CERTIFICATE_MAX ((size_t)64 << 10) /* bytes of one: those with post-quantum keys take 8000 */

#define ASH_CERTIFICATE_NO_TIME INT64_MIN /* of what is no time of the calendar */

struct ash_certificate {
	struct ash_buf subject, issuer; /* DER of the Name */
	struct ash_buf serial;          /* DER of the INTEGER */
	struct ash_buf serial_number;   /* its content: big-endian, signed */
	struct ash_buf key_info;        /* DER of the SubjectPublicKeyInfo */
	struct ash_buf common_name;     /* of the subject, the last one; UTF-8, or empty */
	struct ash_buf algorithm;       /* of the signature, a name or a dotted number */
	int64_t not_before, not_after;  /* seconds since 1970 */
	bool authority;                 /* basicConstraints: it may issue others */
	uint8_t sha256[32];             /* of the whole: what people call its fingerprint */
};

#define ASH_CERTIFICATE_NONE ((struct ash_certificate){ .authority = false })

/*
 * Reads one, which takes all of `der`. `ret_certificate` was empty. ASH_E_FORMAT when it is
 * none, ASH_E_LIMIT when it is too long, ASH_E_MEMORY.
 */
ASH_STATUS ash_certificate_read(struct ash_span der, struct ash_certificate *ret_certificate);
void ash_certificate_done(struct ash_certificate *certificate);

/*
 * Whether `issuer` made it: its subject is the other's issuer, and its key verifies the
 * signature. `issuer` may be the certificate itself. ASH_E_SIGNATURE when not; ASH_E_FORMAT
 * for what can't be read, ASH_E_MEMORY.
 */
ASH_STATUS ash_certificate_check(struct ash_span der, struct ash_span issuer);

static inline void ash_certificate_auto(struct ash_certificate *certificate)
{
	ash_certificate_done(certificate);
}
