/* What a key file asks to be done before it opens: its iterations, counted before any is done. */
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "crypto/openssl/keyfile_priv.h"

static struct ash_status add(uint64_t iterations, uint64_t *total)
{
	if (__builtin_add_overflow(*total, iterations, total) || *total > ASH_KEYFILE_WORK_MAX)
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED,
			      "its passphrase takes more than %u iterations: no more are done",
			      ASH_KEYFILE_WORK_MAX);
	return ASH_DONE;
}

/* A number beyond 64 bits is too many, too. */
static uint64_t number(const ASN1_INTEGER *value)
{
	uint64_t result = 0;

	return ASN1_INTEGER_get_uint64(&result, value) == 1 ? result : UINT64_MAX;
}

static struct ash_status add_pbkdf2(const PBKDF2PARAM *pbkdf2, uint64_t *total)
{
	return add(number(pbkdf2->iter), total);
}

/* One mixing of a block of 128 bytes takes about as long as an iteration of the others. */
static struct ash_status add_scrypt(const SCRYPT_PARAMS *scrypt, uint64_t *total)
{
	uint64_t work = number(scrypt->costParameter);

	if (__builtin_mul_overflow(work, number(scrypt->blockSize), &work) ||
	    __builtin_mul_overflow(work, number(scrypt->parallelizationParameter), &work))
		work = UINT64_MAX;
	return add(work, total);
}

static void *unpack(const ASN1_ITEM *item, const X509_ALGOR *algorithm)
{
	return ASN1_TYPE_unpack_sequence(item, algorithm->parameter);
}

static struct ash_status add_function(const X509_ALGOR *function, uint64_t *total)
{
	const int nid = OBJ_obj2nid(function->algorithm);
	struct ash_status status = ASH_DONE;

	if (nid == NID_id_pbkdf2) {
		PBKDF2PARAM *pbkdf2 = unpack(ASN1_ITEM_rptr(PBKDF2PARAM), function);

		status = pbkdf2 != NULL ? add_pbkdf2(pbkdf2, total) : ASH_DONE;
		PBKDF2PARAM_free(pbkdf2);
	} else if (nid == NID_id_scrypt) {
		SCRYPT_PARAMS *scrypt = unpack(ASN1_ITEM_rptr(SCRYPT_PARAMS), function);

		status = scrypt != NULL ? add_scrypt(scrypt, total) : ASH_DONE;
		SCRYPT_PARAMS_free(scrypt);
	}
	return status;
}

static struct ash_status add_pbes2(const X509_ALGOR *algorithm, uint64_t *total)
{
	PBE2PARAM *pbes2 = unpack(ASN1_ITEM_rptr(PBE2PARAM), algorithm);
	struct ash_status status = pbes2 != NULL ? add_function(pbes2->keyfunc, total) : ASH_DONE;

	PBE2PARAM_free(pbes2);
	return status;
}

/* PBES1 and PKCS#12's own schemes. */
static struct ash_status add_older(const X509_ALGOR *algorithm, uint64_t *total)
{
	PBEPARAM *older = unpack(ASN1_ITEM_rptr(PBEPARAM), algorithm);
	struct ash_status status = older != NULL ? add(number(older->iter), total) : ASH_DONE;

	PBEPARAM_free(older);
	return status;
}

struct ash_status ash_keyfile_count_work(const X509_ALGOR *algorithm, uint64_t *total)
{
	if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2)
		return add_pbes2(algorithm, total);
	return add_older(algorithm, total);
}

struct ash_status ash_keyfile_count_mac(const PKCS12 *p12, uint64_t *total)
{
	const ASN1_INTEGER *iterations = NULL;
	const X509_ALGOR *algorithm = NULL;
	PBKDF2PARAM *pbkdf2 = NULL;
	struct ash_status status = ASH_DONE;

	PKCS12_get0_mac(NULL, &algorithm, NULL, &iterations, p12);
	if (algorithm == NULL)
		return ASH_DONE;
	if (OBJ_obj2nid(algorithm->algorithm) != NID_pbmac1)
		return add(iterations != NULL ? number(iterations) : 1, total);
	pbkdf2 = PBMAC1_get1_pbkdf2_param(algorithm);
	status = pbkdf2 != NULL ? add_pbkdf2(pbkdf2, total) : ASH_DONE;
	PBKDF2PARAM_free(pbkdf2);
	return status;
}
