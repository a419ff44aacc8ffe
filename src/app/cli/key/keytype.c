#include "app/cli/key/keytype.h"

#include <string.h>

#include "token/mechanism.h"
#include "util/compat.h"

#define PARAMS(der) .params = (der), .params_len = sizeof(der) - 1

#define RSA(bits_)                                                                            \
	{                                                                                     \
		.name = "rsa:" #bits_, .family = "rsa", .text = "RSA",                        \
		.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN, .key_type = CKK_RSA, .size = (bits_), \
		.usage = "sign", .pair = true                                                 \
	}
#define EC(curve, text_, der)                                                                           \
	{                                                                                               \
		.name = "ec:" curve, .family = "ec", .text = (text_), .mechanism = CKM_EC_KEY_PAIR_GEN, \
		.key_type = CKK_EC, PARAMS(der), .usage = "sign", .pair = true                          \
	}
#define OKP(word, family_, text_, generator, type, use, der)                                    \
	{                                                                                       \
		.name = (word), .family = (family_), .text = (text_), .mechanism = (generator), \
		.key_type = (type), PARAMS(der), .usage = (use), .pair = true                   \
	}
#define EDWARDS(word, text, der) \
	OKP(word, "edwards", text, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, "sign", der)
#define MONTGOMERY(word, text, der) \
	OKP(word, "montgomery", text, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY, "derive", der)
#define ML_DSA(number)                                                                                 \
	{                                                                                              \
		.name = "ml-dsa-" #number, .family = "ml-dsa", .text = "ML-DSA-" #number ", FIPS 204", \
		.mechanism = CKM_ML_DSA_KEY_PAIR_GEN, .key_type = CKK_ML_DSA,                          \
		.parameter_set = CKP_ML_DSA_##number, .usage = "sign", .pair = true                    \
	}
#define ML_KEM(number)                                                                                 \
	{                                                                                              \
		.name = "ml-kem-" #number, .family = "ml-kem", .text = "ML-KEM-" #number ", FIPS 203", \
		.mechanism = CKM_ML_KEM_KEY_PAIR_GEN, .key_type = CKK_ML_KEM,                          \
		.parameter_set = CKP_ML_KEM_##number, .usage = "decapsulate", .pair = true             \
	}
#define AES(bits_)                                                                                   \
	{                                                                                            \
		.name = "aes:" #bits_, .family = "aes", .text = "AES", .mechanism = CKM_AES_KEY_GEN, \
		.key_type = CKK_AES, .size = (bits_) / 8, .usage = "encrypt,decrypt"                 \
	}
#define GENERIC(bits_)                                                                                \
	{                                                                                             \
		.name = "generic:" #bits_, .family = "generic", .text = "a generic secret, for HMAC", \
		.mechanism = CKM_GENERIC_SECRET_KEY_GEN, .key_type = CKK_GENERIC_SECRET,              \
		.size = (bits_) / 8, .usage = "sign,verify"                                           \
	}

/* Object identifiers: RFC 5480, SEC 2 (secp256k1) and RFC 8410. */
static const struct ash_cli_keytype keytypes[] = {
	RSA(2048),
	RSA(3072),
	RSA(4096),
	EC("p256", "NIST P-256", "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
	EC("p384", "NIST P-384", "\x06\x05\x2b\x81\x04\x00\x22"),
	EC("p521", "NIST P-521", "\x06\x05\x2b\x81\x04\x00\x23"),
	EC("p224", "NIST P-224", "\x06\x05\x2b\x81\x04\x00\x21"),
	EC("secp256k1", "secp256k1, SEC 2", "\x06\x05\x2b\x81\x04\x00\x0a"),
	EDWARDS("ed25519", "Ed25519, RFC 8032", "\x06\x03\x2b\x65\x70"),
	EDWARDS("ed448", "Ed448, RFC 8032", "\x06\x03\x2b\x65\x71"),
	MONTGOMERY("x25519", "X25519, RFC 7748", "\x06\x03\x2b\x65\x6e"),
	MONTGOMERY("x448", "X448, RFC 7748", "\x06\x03\x2b\x65\x6f"),
	ML_DSA(44),
	ML_DSA(65),
	ML_DSA(87),
	ML_KEM(512),
	ML_KEM(768),
	ML_KEM(1024),
	AES(128),
	AES(192),
	AES(256),
	GENERIC(256),
	GENERIC(384),
	GENERIC(512),
	{ .name = "hmac-sha256",
	  .family = "hmac-sha256",
	  .text = "HMAC-SHA-256, 256 bits",
	  .mechanism = CKM_SHA256_KEY_GEN,
	  .key_type = CKK_SHA256_HMAC,
	  .size = 32,
	  .usage = "sign,verify" },
};

static const struct ash_cli_usage usages[] = {
	{ "sign", "make signatures or MACs", CKA_SIGN, CKA_VERIFY, CKA_SIGN, CKF_SIGN },
	{ "verify", "check signatures or MACs", 0, CKA_VERIFY, CKA_VERIFY, CKF_VERIFY },
	{ "encrypt", "encrypt", 0, CKA_ENCRYPT, CKA_ENCRYPT, CKF_ENCRYPT },
	{ "decrypt", "decrypt", CKA_DECRYPT, CKA_ENCRYPT, CKA_DECRYPT, CKF_DECRYPT },
	{ "wrap", "wrap other keys", 0, CKA_WRAP, CKA_WRAP, CKF_WRAP },
	{ "unwrap", "unwrap other keys", CKA_UNWRAP, CKA_WRAP, CKA_UNWRAP, CKF_UNWRAP },
	{ "derive", "derive other keys", CKA_DERIVE, 0, CKA_DERIVE, CKF_DERIVE },
	{ "encapsulate", "agree on secrets with others", 0, CKA_ENCAPSULATE, 0, CKF_ENCAPSULATE },
	{ "decapsulate", "open what others encapsulated", CKA_DECAPSULATE, CKA_ENCAPSULATE, 0,
	  CKF_DECAPSULATE },
};

const struct ash_cli_keytype *ash_cli_keytype_at(size_t index)
{
	return index < ASH_COUNT(keytypes) ? &keytypes[index] : NULL;
}

const struct ash_cli_usage *ash_cli_usage_at(size_t index)
{
	return index < ASH_COUNT(usages) ? &usages[index] : NULL;
}

const struct ash_cli_keytype *ash_cli_keytype_find(const char *name)
{
	for (size_t i = 0; i < ASH_COUNT(keytypes); i++) {
		if (strcmp(keytypes[i].name, name) == 0)
			return &keytypes[i];
	}
	return NULL;
}

const struct ash_cli_keytype *ash_cli_keytype_family(const char *family)
{
	for (size_t i = 0; i < ASH_COUNT(keytypes); i++) {
		if (strcmp(keytypes[i].family, family) == 0)
			return &keytypes[i];
	}
	return NULL;
}

const struct ash_cli_keytype *ash_cli_keytype_of(uint64_t key_type)
{
	for (size_t i = 0; i < ASH_COUNT(keytypes); i++) {
		if (keytypes[i].key_type == key_type)
			return &keytypes[i];
	}
	return NULL;
}

const struct ash_cli_keytype *ash_cli_keytype_match(uint64_t key_type, uint64_t size, struct ash_span params,
						    uint64_t parameter_set)
{
	for (size_t i = 0; i < ASH_COUNT(keytypes); i++) {
		const struct ash_cli_keytype *row = &keytypes[i];

		if (row->key_type == key_type && row->size == size && row->parameter_set == parameter_set &&
		    ash_span_equal(ash_span(row->params, row->params_len), params))
			return row;
	}
	return NULL;
}

bool ash_cli_usage_fits(const struct ash_cli_usage *usage, const struct ash_cli_keytype *keytype)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		if ((row->key_type == keytype->key_type || row->other_key_type == keytype->key_type) &&
		    (row->info.flags & usage->flag) != 0)
			return true;
	}
	return false;
}

uint64_t ash_cli_usage_attribute(const struct ash_cli_usage *usage, uint64_t class)
{
	if (class == CKO_PRIVATE_KEY)
		return usage->of_private;
	return class == CKO_PUBLIC_KEY ? usage->of_public : usage->of_secret;
}

void ash_cli_keytype_help(FILE *out)
{
	fputs("\ntypes (and what they are for when --usage does not say):\n", out);
	for (size_t i = 0; i < ASH_COUNT(keytypes); i++)
		fprintf(out, "  %-12s %s (%s)\n", keytypes[i].name, keytypes[i].text, keytypes[i].usage);
	fputs("\nusages:\n", out);
	for (size_t i = 0; i < ASH_COUNT(usages); i++)
		fprintf(out, "  %-12s %s\n", usages[i].word, usages[i].text);
	fputs("  On a pair, sign, decrypt, unwrap and decapsulate also let the public key verify, encrypt,\n"
	      "  wrap and encapsulate.\n",
	      out);
}
