#include "app/cli/use/mech.h"

#include <string.h>

#include "app/cli/print/text.h"

#define HELP_COLUMN 100

static const char *const hash_names[ASH_HASHES] = {
	[ASH_HASH_NONE] = "",
	[ASH_HASH_SHA1] = "sha1",
	[ASH_HASH_SHA224] = "sha224",
	[ASH_HASH_SHA256] = "sha256",
	[ASH_HASH_SHA384] = "sha384",
	[ASH_HASH_SHA512] = "sha512",
	[ASH_HASH_SHA512_224] = "sha512-224",
	[ASH_HASH_SHA512_256] = "sha512-256",
	[ASH_HASH_SHA3_224] = "sha3-224",
	[ASH_HASH_SHA3_256] = "sha3-256",
	[ASH_HASH_SHA3_384] = "sha3-384",
	[ASH_HASH_SHA3_512] = "sha3-512",
};

static const char *const scheme_names[ASH_SCHEMES] = {
	[ASH_SCHEME_HASH] = "",
	[ASH_SCHEME_HMAC] = "hmac",
	[ASH_SCHEME_RSA_PKCS1] = "rsa-pkcs1",
	[ASH_SCHEME_RSA_RAW] = "rsa-raw",
	[ASH_SCHEME_RSA_PSS] = "rsa-pss",
	[ASH_SCHEME_RSA_OAEP] = "rsa-oaep",
	[ASH_SCHEME_ECDSA] = "ecdsa",
	[ASH_SCHEME_EDDSA] = "eddsa",
	[ASH_SCHEME_ML_DSA] = "ml-dsa",
	[ASH_SCHEME_AES_ECB] = "aes-ecb",
	[ASH_SCHEME_AES_CBC] = "aes-cbc",
	[ASH_SCHEME_AES_CBC_PAD] = "aes-cbc-pad",
	[ASH_SCHEME_AES_CTR] = "aes-ctr",
	[ASH_SCHEME_AES_GCM] = "aes-gcm",
	[ASH_SCHEME_AES_CCM] = "aes-ccm",
	[ASH_SCHEME_AES_CMAC] = "aes-cmac",
	[ASH_SCHEME_AES_GMAC] = "aes-gmac",
	[ASH_SCHEME_AES_KW] = "aes-kw",
	[ASH_SCHEME_AES_KWP] = "aes-kwp",
	[ASH_SCHEME_ECDH] = "ecdh",
	[ASH_SCHEME_ML_KEM] = "ml-kem",
};

/* What scheme and hash do not tell apart. */
static const struct {
	uint64_t type; /* CKM_ */
	const char *name;
} own_names[] = {
	{ CKM_ECDH1_COFACTOR_DERIVE, "ecdh-cofactor" },
	{ CKM_RSA_AES_KEY_WRAP, "rsa-aes-kwp" },
	{ CKM_AES_KEY_WRAP_PAD, "aes-kw-pad" },
	{ CKM_HKDF_DERIVE, "hkdf" },
};

/* What is taken when nobody says; the hash, where it is the mechanism's, comes from the key or --hash. */
static const struct {
	uint64_t flag, key_type;
	uint64_t type;          /* CKM_, or 0: one of the scheme and a hash */
	enum ash_scheme scheme; /* where `type` is 0 */
	const char *text;       /* for the help */
} defaults[] = {
	{ CKF_SIGN, CKK_RSA, 0, ASH_SCHEME_RSA_PSS, "RSA: rsa-pss-sha256, with a salt as long as the hash" },
	{ CKF_SIGN, CKK_EC, 0, ASH_SCHEME_ECDSA,
	  "EC: ecdsa-sha256; of P-384 ecdsa-sha384, of P-521 ecdsa-sha512" },
	{ CKF_SIGN, CKK_EC_EDWARDS, CKM_EDDSA, 0, "Ed25519, Ed448: eddsa" },
	{ CKF_SIGN, CKK_ML_DSA, CKM_ML_DSA, 0, "ML-DSA: ml-dsa" },
	{ CKF_SIGN, CKK_AES, CKM_AES_CMAC, 0, "AES: aes-cmac" },
	{ CKF_SIGN, CKK_GENERIC_SECRET, 0, ASH_SCHEME_HMAC, "generic secrets: hmac-sha256" },
	{ CKF_SIGN, CKK_SHA_1_HMAC, CKM_SHA_1_HMAC, 0, NULL },
	{ CKF_SIGN, CKK_SHA224_HMAC, CKM_SHA224_HMAC, 0, NULL },
	{ CKF_SIGN, CKK_SHA256_HMAC, CKM_SHA256_HMAC, 0, "HMAC keys: their own" },
	{ CKF_SIGN, CKK_SHA384_HMAC, CKM_SHA384_HMAC, 0, NULL },
	{ CKF_SIGN, CKK_SHA512_HMAC, CKM_SHA512_HMAC, 0, NULL },
	{ CKF_SIGN, CKK_SHA512_224_HMAC, CKM_SHA512_224_HMAC, 0, NULL },
	{ CKF_SIGN, CKK_SHA512_256_HMAC, CKM_SHA512_256_HMAC, 0, NULL },
	{ CKF_SIGN, CKK_SHA3_224_HMAC, CKM_SHA3_224_HMAC, 0, NULL },
	{ CKF_SIGN, CKK_SHA3_256_HMAC, CKM_SHA3_256_HMAC, 0, NULL },
	{ CKF_SIGN, CKK_SHA3_384_HMAC, CKM_SHA3_384_HMAC, 0, NULL },
	{ CKF_SIGN, CKK_SHA3_512_HMAC, CKM_SHA3_512_HMAC, 0, NULL },
	{ CKF_ENCRYPT, CKK_AES, CKM_AES_GCM, 0, "AES: aes-gcm" },
	{ CKF_ENCRYPT, CKK_RSA, CKM_RSA_PKCS_OAEP, 0, "RSA: rsa-oaep, with SHA-256" },
	{ CKF_WRAP, CKK_AES, CKM_AES_KEY_WRAP_KWP, 0, "AES: aes-kwp" },
	{ CKF_WRAP, CKK_RSA, CKM_RSA_PKCS_OAEP, 0,
	  "RSA: rsa-oaep with SHA-256; for private keys rsa-aes-kwp with the same" },
	{ CKF_DERIVE, CKK_EC, CKM_ECDH1_DERIVE, 0, "EC: ecdh" },
	{ CKF_DERIVE, CKK_EC_MONTGOMERY, CKM_ECDH1_DERIVE, 0, "X25519, X448: ecdh" },
	{ CKF_DERIVE, CKK_GENERIC_SECRET, CKM_HKDF_DERIVE, 0, "generic secrets: hkdf" },
	{ CKF_DERIVE, CKK_HKDF, CKM_HKDF_DERIVE, 0, NULL },
	{ CKF_ENCAPSULATE, CKK_ML_KEM, CKM_ML_KEM, 0, "ML-KEM: ml-kem" },
};

/* What undoes or checks is chosen as what is undone or checked. */
static uint64_t forward(uint64_t flag)
{
	static const uint64_t pairs[][2] = {
		{ CKF_VERIFY, CKF_SIGN },
		{ CKF_DECRYPT, CKF_ENCRYPT },
		{ CKF_UNWRAP, CKF_WRAP },
		{ CKF_DECAPSULATE, CKF_ENCAPSULATE },
	};

	for (size_t i = 0; i < ASH_COUNT(pairs); i++) {
		if (pairs[i][0] == flag)
			return pairs[i][1];
	}
	return flag;
}

enum ash_hash ash_cli_hash_find(const char *name)
{
	for (size_t i = ASH_HASH_NONE + 1; i < ASH_HASHES; i++) {
		if (strcmp(hash_names[i], name) == 0)
			return (enum ash_hash)i;
	}
	return ASH_HASH_NONE;
}

const char *ash_cli_hash_name(enum ash_hash hash)
{
	return (unsigned)hash < ASH_HASHES ? hash_names[hash] : "";
}

struct ash_cli_mech_name ash_cli_mech_short(const struct ash_mechanism_row *row)
{
	struct ash_cli_mech_name name = { "" };
	const char *scheme = scheme_names[row->alg.scheme];
	const char *hash = hash_names[row->alg.hash];

	for (size_t i = 0; i < ASH_COUNT(own_names); i++) {
		if (own_names[i].type == row->type) {
			snprintf(name.text, sizeof(name.text), "%s", own_names[i].name);
			return name;
		}
	}
	if (row->generates == ASH_GENERATES_NOTHING)
		snprintf(name.text, sizeof(name.text), "%s%s%s%s", scheme,
			 scheme[0] != '\0' && hash[0] != '\0' ? "-" : "", hash,
			 row->param == ASH_PARAM_LENGTH ? "-general" : "");
	return name;
}

const struct ash_mechanism_row *ash_cli_mech_find(const char *name)
{
	for (size_t i = 0; name[0] != '\0' && i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		if (strcmp(row->name, name) == 0 || strcmp(ash_cli_mech_short(row).text, name) == 0)
			return row;
	}
	return NULL;
}

ASH_STATUS ash_cli_hash_read(struct ash_cli *cli, enum ash_cli_opt option, const char *name,
			     enum ash_hash *ret_hash)
{
	const char *value = cli->values[option];
	const enum ash_hash hash = ash_cli_hash_find(value);

	if (hash == ASH_HASH_NONE)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--%s takes a hash, like sha256 or sha3-256, not \"%s\"", name,
				      ash_cli_escaped(ash_span_text(value)).text);
	*ret_hash = hash;
	return ASH_DONE;
}

/* The mechanism that signs with a whole scheme and this hash. */
static const struct ash_mechanism_row *row_of(enum ash_scheme scheme, enum ash_hash hash)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		if (row->alg.scheme == scheme && row->alg.hash == hash && row->param != ASH_PARAM_LENGTH &&
		    row->generates == ASH_GENERATES_NOTHING)
			return row;
	}
	return NULL;
}

static ASH_STATUS choose_default(struct ash_cli *cli, const struct ash_cli_mech_need *need,
				 const struct ash_mechanism_row **ret_row)
{
	const uint64_t flag = forward(need->flag);
	enum ash_hash hash = need->hash != ASH_HASH_NONE ? need->hash : ASH_HASH_SHA256;

	if (flag == CKF_WRAP && need->key_type == CKK_RSA && need->private_key) {
		*ret_row = ash_mechanism_find(CKM_RSA_AES_KEY_WRAP);
		return ASH_DONE;
	}
	for (size_t i = 0; i < ASH_COUNT(defaults); i++) {
		if (defaults[i].flag != flag || defaults[i].key_type != need->key_type)
			continue;
		if (defaults[i].type == 0 && ash_cli_has(cli, ASH_CLI_OPT_HASH))
			ASH_TRY(ash_cli_hash_read(cli, ASH_CLI_OPT_HASH, "hash", &hash));
		*ret_row = defaults[i].type != 0 ? ash_mechanism_find(defaults[i].type)
						 : row_of(defaults[i].scheme, hash);
		return ASH_DONE;
	}
	*ret_row = NULL;
	return ASH_DONE;
}

/* No mechanism is taken for such keys: there is none, or one has to be named. */
static ASH_STATUS refuse_type(struct ash_cli *cli, const struct ash_cli_mech_need *need)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		if ((row->key_type == need->key_type || row->other_key_type == need->key_type) &&
		    (row->info.flags & need->flag) != 0)
			return ash_cli_refuse(cli, ASH_CLI_USAGE,
					      "with a key of type %s, say how to %s: --mechanism NAME",
					      need->type, need->word);
	}
	return ash_cli_refuse(cli, ASH_CLI_USAGE, "no key of type %s can %s", need->type, need->word);
}

ASH_STATUS ash_cli_mech_choose(struct ash_cli *cli, const struct ash_cli_mech_need *need,
			       const struct ash_mechanism_row **ret_row)
{
	const char *name = cli->values[ASH_CLI_OPT_MECHANISM];
	const struct ash_mechanism_row *row = NULL;

	if (name != NULL)
		row = ash_cli_mech_find(name);
	else
		ASH_TRY(choose_default(cli, need, &row));
	if (row == NULL && name != NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "there is no mechanism \"%s\"; see: ashlar mechanisms",
				      ash_cli_escaped(ash_span_text(name)).text);
	if (row == NULL)
		return refuse_type(cli, need);
	if ((row->info.flags & need->flag) == 0)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "%s can't %s", row->name, need->word);
	*ret_row = row;
	return ASH_DONE;
}

void ash_cli_mech_help(FILE *out, uint64_t flag)
{
	size_t column = HELP_COLUMN;

	fputs("\nmechanisms taken when --mechanism does not say:\n", out);
	for (size_t i = 0; i < ASH_COUNT(defaults); i++) {
		if (defaults[i].flag == forward(flag) && defaults[i].text != NULL)
			fprintf(out, "  %s\n", defaults[i].text);
	}
	fputs("\nall of them, by short names (or as `ashlar mechanisms` has them):", out);
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const struct ash_cli_mech_name name = ash_cli_mech_short(row);

		if ((row->info.flags & flag) == 0)
			continue;
		if (column + strlen(name.text) + 1 >= HELP_COLUMN) {
			fputs("\n ", out);
			column = 2;
		}
		column += (size_t)fprintf(out, " %s", name.text);
	}
	fputc('\n', out);
}
