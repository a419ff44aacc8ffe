/*
 * What OpenSSL knows of files with private keys: opening what a passphrase closes, and
 * writing older forms as PKCS#8 (RFC 5958). For programs that take keys in; no part of the
 * back end's table. One thread.
 *
 * Everything secret goes to secret buffers; OpenSSL's own copies lie in the arena. Bytes are
 * read as a stranger's. ASH_E_PIN_INCORRECT always means: it does not open with this
 * passphrase, or is damaged, which nobody can tell apart. ASH_E_UNSUPPORTED comes with an
 * explanation.
 */
#pragma once

#include "util/buf.h"
#include "util/compat.h"
#include "util/status.h"

/*
 * What is opened at once (a key, a PKCS#12 file) may ask for so many iterations of PBKDF2, or
 * scrypt's N r p, to make keys of its passphrase, all together: a few seconds, two or three
 * times as many where a key is longer than the hash.
 */
#define ASH_KEYFILE_WORK_MAX (1u << 24)

/*
 * Appends the PrivateKeyInfo in a DER EncryptedPrivateKeyInfo: PBES2, and the older schemes
 * of PKCS#5 and PKCS#12 as far as their ciphers are compiled in. ASH_E_PIN_INCORRECT,
 * ASH_E_FORMAT, ASH_E_UNSUPPORTED, ASH_E_LIMIT, ASH_E_MEMORY.
 */
ASH_STATUS ash_keyfile_pkcs8_open(struct ash_span der, struct ash_span passphrase, struct ash_buf *out);

/*
 * Appends the PrivateKeyInfo of a DER RSAPrivateKey (PKCS#1) or ECPrivateKey (SEC 1).
 * ASH_E_FORMAT, ASH_E_LIMIT, ASH_E_MEMORY.
 */
ASH_STATUS ash_keyfile_rsa_to_pkcs8(struct ash_span der, struct ash_buf *out);
ASH_STATUS ash_keyfile_ec_to_pkcs8(struct ash_span der, struct ash_buf *out);

/*
 * Appends what a PEM block with "DEK-Info: cipher,iv" holds: the key is made of the
 * passphrase as OpenSSL always did for these. Errors as ash_keyfile_pkcs8_open.
 */
ASH_STATUS ash_keyfile_pem_open(const char *cipher, struct ash_span iv, struct ash_span passphrase,
				struct ash_span bytes, struct ash_buf *out);

/*
 * Decrypts with a cipher by OpenSSL's name and appends the plaintext. `padded`: PKCS#7
 * padding is checked and dropped. ASH_E_PIN_INCORRECT for padding that is not right,
 * ASH_E_FORMAT for lengths that the cipher has not, ASH_E_UNSUPPORTED, ASH_E_MEMORY.
 */
ASH_STATUS ash_keyfile_decrypt(const char *cipher, struct ash_span key, struct ash_span iv, bool padded,
			       struct ash_span bytes, struct ash_buf *out);

/* The hash, by OpenSSL's name, of two pieces one after the other. `out` has the hash's length. */
ASH_STATUS ash_keyfile_hash(const char *hash, struct ash_span first, struct ash_span second,
			    struct ash_mut out);

/* Appends exponent mod (prime - 1), as RSA keys with the Chinese remainder have it. ASH_E_FORMAT, ASH_E_MEMORY. */
ASH_STATUS ash_keyfile_crt_exponent(struct ash_span exponent, struct ash_span prime, struct ash_buf *out);

/*
 * What the key of a PrivateKeyInfo is called ("DSA", "SLH-DSA-SHA2-128s"), or "" where OpenSSL
 * knows no name. Static.
 */
const char *ash_keyfile_algorithm(struct ash_span pkcs8);

/* ---- PKCS#12 (RFC 7292) ---- */

#define ASH_KEYFILE_KEYS_MAX  64u
#define ASH_KEYFILE_CERTS_MAX 256u

struct ash_keyfile_key {
	struct ash_buf pkcs8; /* PrivateKeyInfo; secret */
	struct ash_buf name;  /* friendlyName, UTF-8; or empty */
};

struct ash_keyfile_cert {
	struct ash_buf der;
	struct ash_buf name; /* friendlyName, UTF-8; or empty */
	size_t key;          /* which of the keys it is for, or SIZE_MAX */
};

struct ash_keyfile_bundle {
	struct ash_keyfile_key *keys;
	struct ash_keyfile_cert *certs;
	size_t key_count, cert_count;
};

#define ASH_KEYFILE_BUNDLE_NONE ((struct ash_keyfile_bundle){ NULL, NULL, 0, 0 })

/*
 * Opens a PKCS#12 file and takes its private keys and X.509 certificates, in its order. The
 * MAC is checked if there is one. `passphrase` empty opens what was closed with an empty one or
 * none. ASH_E_LIMIT for more than the numbers above; else as ash_keyfile_pkcs8_open.
 */
ASH_STATUS ash_keyfile_pkcs12_open(struct ash_span der, struct ash_span passphrase,
				   struct ash_keyfile_bundle *ret_bundle);
void ash_keyfile_bundle_done(struct ash_keyfile_bundle *bundle);

static inline void ash_keyfile_bundle_auto(struct ash_keyfile_bundle *bundle)
{
	ash_keyfile_bundle_done(bundle);
}
