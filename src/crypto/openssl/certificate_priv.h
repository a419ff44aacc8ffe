/* What the files about certificates share: certificate.c, certname.c, certfile.c, certify.c. */
#pragma once

#include "crypto/openssl/openssl_priv.h"

#include <openssl/x509.h>

#include "util/buf.h"

/*
 * Appends what an i2d_ function of OpenSSL made: `len` is what it answered, `der` where it put
 * the bytes, which are freed. Its failure is ASH_E_FAILED, or ASH_E_MEMORY since `mark`.
 */
struct ash_status ash_ossl_add_der(unsigned mark, int len, uint8_t **der, struct ash_buf *out);

/* A certificate that takes all of `der`, of our library context. As ash_certificate_read. */
struct ash_status ash_ossl_x509_read(struct ash_span der, X509 **ret_x509);

static inline void ash_ossl_x509_auto(X509 **x509)
{
	X509_free(*x509);
}
#define ASH_OSSL_AUTO_X509 __attribute__((cleanup(ash_ossl_x509_auto))) X509

/* --- certname.c -------------------------------------------------------------- */

/* Appends the last common name of it, if there is one that can be read. */
struct ash_status ash_ossl_name_common(const X509_NAME *name, struct ash_buf *out);
