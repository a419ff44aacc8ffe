#include "token/keygroup.h"

#include <ashlar/pkcs11.h>

#include "util/compat.h"

#define BYTES(...)                                                                         \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

#define OID_RSA           0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01
#define OID_EC_PUBLIC_KEY 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
#define OID_P224          0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x21
#define OID_P256          0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07
#define OID_P384          0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22
#define OID_P521          0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23
#define OID_SECP256K1     0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a
#define OID_X25519        0x06, 0x03, 0x2b, 0x65, 0x6e
#define OID_X448          0x06, 0x03, 0x2b, 0x65, 0x6f
#define OID_ED25519       0x06, 0x03, 0x2b, 0x65, 0x70
#define OID_ED448         0x06, 0x03, 0x2b, 0x65, 0x71
#define OID_NIST(...)     0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, __VA_ARGS__

/* SEQUENCE { id-ecPublicKey, namedCurve }: 9 bytes and the curve's */
#define EC_ALGORITHM(len, ...) BYTES(0x30, (len), OID_EC_PUBLIC_KEY, __VA_ARGS__)
/* RFC 8410, 9881, 9935: no parameters */
#define PLAIN_ALGORITHM(len, ...) BYTES(0x30, (len), __VA_ARGS__)

#define ML_DSA_SEED_LEN 32
#define ML_KEM_SEED_LEN 64

static const struct ash_keygroup rows[] = {
	{ .kind = ASH_KEY_RSA,
	  .group = ASH_GROUP_NONE,
	  .algorithm = BYTES(0x30, 13, OID_RSA, 0x05, 0x00) }, /* with NULL: RFC 8017 §A.1 */
	{ .kind = ASH_KEY_EC,
	  .group = ASH_GROUP_P224,
	  .params = BYTES(OID_P224),
	  .algorithm = EC_ALGORITHM(16, OID_P224) },
	{ .kind = ASH_KEY_EC,
	  .group = ASH_GROUP_P256,
	  .params = BYTES(OID_P256),
	  .algorithm = EC_ALGORITHM(19, OID_P256) },
	{ .kind = ASH_KEY_EC,
	  .group = ASH_GROUP_P384,
	  .params = BYTES(OID_P384),
	  .algorithm = EC_ALGORITHM(16, OID_P384) },
	{ .kind = ASH_KEY_EC,
	  .group = ASH_GROUP_P521,
	  .params = BYTES(OID_P521),
	  .algorithm = EC_ALGORITHM(16, OID_P521) },
	{ .kind = ASH_KEY_EC,
	  .group = ASH_GROUP_SECP256K1,
	  .params = BYTES(OID_SECP256K1),
	  .algorithm = EC_ALGORITHM(16, OID_SECP256K1) },
	{ .kind = ASH_KEY_EDWARDS,
	  .group = ASH_GROUP_ED25519,
	  .params = BYTES(OID_ED25519),
	  .name = BYTES(0x13, 12, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'),
	  .algorithm = PLAIN_ALGORITHM(5, OID_ED25519) },
	{ .kind = ASH_KEY_EDWARDS,
	  .group = ASH_GROUP_ED448,
	  .params = BYTES(OID_ED448),
	  .name = BYTES(0x13, 10, 'e', 'd', 'w', 'a', 'r', 'd', 's', '4', '4', '8'),
	  .algorithm = PLAIN_ALGORITHM(5, OID_ED448) },
	{ .kind = ASH_KEY_MONTGOMERY,
	  .group = ASH_GROUP_X25519,
	  .params = BYTES(OID_X25519),
	  .name = BYTES(0x13, 10, 'c', 'u', 'r', 'v', 'e', '2', '5', '5', '1', '9'),
	  .algorithm = PLAIN_ALGORITHM(5, OID_X25519) },
	{ .kind = ASH_KEY_MONTGOMERY,
	  .group = ASH_GROUP_X448,
	  .params = BYTES(OID_X448),
	  .name = BYTES(0x13, 8, 'c', 'u', 'r', 'v', 'e', '4', '4', '8'),
	  .algorithm = PLAIN_ALGORITHM(5, OID_X448) },
	{ .kind = ASH_KEY_ML_DSA,
	  .group = ASH_GROUP_ML_DSA_44,
	  .parameter_set = CKP_ML_DSA_44,
	  .algorithm = PLAIN_ALGORITHM(11, OID_NIST(0x03, 0x11)),
	  .seed_len = ML_DSA_SEED_LEN },
	{ .kind = ASH_KEY_ML_DSA,
	  .group = ASH_GROUP_ML_DSA_65,
	  .parameter_set = CKP_ML_DSA_65,
	  .algorithm = PLAIN_ALGORITHM(11, OID_NIST(0x03, 0x12)),
	  .seed_len = ML_DSA_SEED_LEN },
	{ .kind = ASH_KEY_ML_DSA,
	  .group = ASH_GROUP_ML_DSA_87,
	  .parameter_set = CKP_ML_DSA_87,
	  .algorithm = PLAIN_ALGORITHM(11, OID_NIST(0x03, 0x13)),
	  .seed_len = ML_DSA_SEED_LEN },
	{ .kind = ASH_KEY_ML_KEM,
	  .group = ASH_GROUP_ML_KEM_512,
	  .parameter_set = CKP_ML_KEM_512,
	  .algorithm = PLAIN_ALGORITHM(11, OID_NIST(0x04, 0x01)),
	  .seed_len = ML_KEM_SEED_LEN },
	{ .kind = ASH_KEY_ML_KEM,
	  .group = ASH_GROUP_ML_KEM_768,
	  .parameter_set = CKP_ML_KEM_768,
	  .algorithm = PLAIN_ALGORITHM(11, OID_NIST(0x04, 0x02)),
	  .seed_len = ML_KEM_SEED_LEN },
	{ .kind = ASH_KEY_ML_KEM,
	  .group = ASH_GROUP_ML_KEM_1024,
	  .parameter_set = CKP_ML_KEM_1024,
	  .algorithm = PLAIN_ALGORITHM(11, OID_NIST(0x04, 0x03)),
	  .seed_len = ML_KEM_SEED_LEN },
};

size_t ash_keygroup_count(void)
{
	return ASH_COUNT(rows);
}

const struct ash_keygroup *ash_keygroup_at(size_t index)
{
	return &rows[index];
}

const struct ash_keygroup *ash_keygroup_of(enum ash_key_kind kind, enum ash_group group)
{
	for (size_t i = 0; i < ASH_COUNT(rows); i++) {
		if (rows[i].kind == kind && rows[i].group == group)
			return &rows[i];
	}
	return NULL;
}

const struct ash_keygroup *ash_keygroup_of_params(enum ash_key_kind kind, struct ash_span params)
{
	for (size_t i = 0; i < ASH_COUNT(rows) && params.len != 0; i++) {
		if (rows[i].kind == kind &&
		    (ash_span_equal(params, rows[i].params) || ash_span_equal(params, rows[i].name)))
			return &rows[i];
	}
	return NULL;
}

const struct ash_keygroup *ash_keygroup_of_set(enum ash_key_kind kind, uint64_t parameter_set)
{
	for (size_t i = 0; i < ASH_COUNT(rows) && parameter_set != 0; i++) {
		if (rows[i].kind == kind && rows[i].parameter_set == parameter_set)
			return &rows[i];
	}
	return NULL;
}

const struct ash_keygroup *ash_keygroup_of_algorithm(struct ash_span algorithm)
{
	for (size_t i = 0; i < ASH_COUNT(rows); i++) {
		if (ash_span_equal(algorithm, rows[i].algorithm))
			return &rows[i];
	}
	return NULL;
}
