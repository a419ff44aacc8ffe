/* Inside the reading of key files: what keyfile.c and pkcs12.c share. */
#pragma once

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "crypto/openssl/keyfile.h"
#include "crypto/openssl/openssl_priv.h"

/*
 * The library with OpenSSL's older ciphers as well, which such files are closed with. Their
 * algorithms have no name in common with others', so nobody else meets them.
 */
struct ash_status ash_keyfile_library(struct ash_ossl **ret_lib);

/*
 * Why a file did not open: empties OpenSSL's queue of errors. ASH_E_MEMORY, ASH_E_UNSUPPORTED
 * with an explanation when an algorithm is missing, else `code`.
 */
struct ash_status ash_keyfile_refuse(unsigned mark, enum ash_code code);

/*
 * Adds the iterations that an algorithm makes a key of a passphrase with, or a file's MAC, to
 * *total, before anybody does them. ASH_E_UNSUPPORTED with an explanation when all together
 * are more than ASH_KEYFILE_WORK_MAX. What can't be read counts nothing: OpenSSL refuses it.
 */
struct ash_status ash_keyfile_count_work(const X509_ALGOR *algorithm, uint64_t *total);
struct ash_status ash_keyfile_count_mac(const PKCS12 *p12, uint64_t *total);

/* Appends the DER that one of OpenSSL's i2d_ functions makes of an object. */
struct ash_status ash_keyfile_append(int (*encode)(const void *object, uint8_t **at), const void *object,
				     struct ash_buf *out);

/* Appends the DER of a PrivateKeyInfo. */
struct ash_status ash_keyfile_append_pkcs8(const PKCS8_PRIV_KEY_INFO *info, struct ash_buf *out);
