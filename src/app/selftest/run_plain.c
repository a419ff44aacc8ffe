/* Test vectors of hashes, MACs, key derivation and ciphers. */
#include "app/selftest/run_priv.h"

#define DIGEST_INPUT_MAX ((size_t)16 << 20)
#define GCM_IV_MAX       128u /* of OpenSSL; AWS-LC takes longer ones */

struct ash_vector_outcome ash_vector_run_digest(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	const struct ash_vector_request request = {
		.op = ASH_OP_DIGEST,
		.alg = { ASH_SCHEME_HASH, ash_vector_hash(ash_vector_text(one, one->group, "sha", true)) },
	};
	struct ash_vector_request whole = request;
	struct ash_span msg = ash_vector_hex(one, one->test, "msg", true);
	struct ash_span want = ash_vector_hex(one, one->test, "digest", true);
	size_t repeat = ash_vector_number(one, one->test, "repeat", false);
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (request.alg.hash == ASH_HASH_NONE)
		return ash_vector_unknown();
	repeat = repeat != 0 ? repeat : 1;
	if (msg.len > DIGEST_INPUT_MAX / repeat)
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "is too long for the runner");
	whole.in = ash_vector_repeat(one, msg, repeat);
	answer = ash_vector_ask(run, &whole);
	return ash_vector_judge(run, answer, ash_vector_out_is(run, want));
}

static struct ash_vector_key secret_key(struct ash_span value)
{
	return (struct ash_vector_key){
		.spec = { .kind = ASH_KEY_SECRET, .bits = (uint32_t)value.len * 8 },
		.part = { [ASH_PART_SECRET] = value },
	};
}

static enum ash_hash hash_after(const char *algorithm, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(algorithm, prefix, len) == 0 ? ash_vector_hash(algorithm + len) : ASH_HASH_NONE;
}

static struct ash_alg mac_of(const char *algorithm)
{
	const struct ash_alg hmac = { ASH_SCHEME_HMAC, hash_after(algorithm, "HMAC") };

	if (strcmp(algorithm, "AES-CMAC") == 0)
		return (struct ash_alg){ ASH_SCHEME_AES_CMAC, ASH_HASH_NONE };
	if (strcmp(algorithm, "AES-GMAC") == 0)
		return (struct ash_alg){ ASH_SCHEME_AES_GMAC, ASH_HASH_NONE };
	return hmac.hash != ASH_HASH_NONE ? hmac : (struct ash_alg){ ASH_SCHEMES, ASH_HASH_NONE };
}

/* Computed, compared and verified, at the length that the group says. */
struct ash_vector_outcome ash_vector_run_mac(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_vector_key key = secret_key(ash_vector_hex(one, one->test, "key", true));
	struct ash_span tag = ash_vector_hex(one, one->test, "tag", true);
	struct ash_vector_request request = {
		.op = ASH_OP_SIGN,
		.alg = mac_of(run->file->algorithm),
		.key = &key,
		.params = {
			.iv = ash_vector_hex(one, one->test, "iv", false),
			.tag_len = ash_vector_number(one, one->group, "tagSize", true) / 8,
		},
		.in = ash_vector_hex(one, one->test, "msg", true),
		.signature = tag,
	};
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (request.alg.scheme == ASH_SCHEMES)
		return ash_vector_unknown();
	answer = ash_vector_ask(run, &request);
	if ((answer == ASH_VECTOR_UNSUPPORTED || answer == ASH_VECTOR_REFUSED) &&
	    ash_vector_has_flag(one, "InvalidKeySize"))
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_PASSED, NULL);
	if (answer == ASH_VECTOR_REFUSED)
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "is a MAC, and was refused");
	if (answer != ASH_VECTOR_DONE)
		return ash_vector_judge(run, answer, false);
	if (tag.len != request.params.tag_len || tag.len != run->out.len)
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "has a tag of no good length");
	if (ash_vector_out_is(run, tag) == (one->result == ASH_VECTOR_INVALID))
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "has another result");
	request.op = ASH_OP_VERIFY;
	return ash_vector_judge(run, ash_vector_ask(run, &request), true);
}

struct ash_vector_outcome ash_vector_run_hkdf(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_span want = ash_vector_hex(one, one->test, "okm", true);
	const struct ash_kdf kdf = {
		.scheme = ASH_KDF_HKDF,
		.hash = hash_after(run->file->algorithm, "HKDF"),
		.secret = ash_vector_hex(one, one->test, "ikm", true),
		.salt = ash_vector_hex(one, one->test, "salt", true),
		.info = ash_vector_hex(one, one->test, "info", true),
	};
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (kdf.hash == ASH_HASH_NONE)
		return ash_vector_unknown();
	answer = ash_vector_ask_derive(run, &kdf, ash_vector_number(one, one->test, "size", true));
	return ash_vector_judge(run, answer, ash_vector_out_is(run, want));
}

struct ash_vector_outcome ash_vector_run_pbkdf2(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_span want = ash_vector_hex(one, one->test, "dk", true);
	const struct ash_kdf kdf = {
		.scheme = ASH_KDF_PBKDF2,
		.hash = hash_after(run->file->algorithm, "PBKDF2-HMAC"),
		.secret = ash_vector_hex(one, one->test, "password", true),
		.salt = ash_vector_hex(one, one->test, "salt", true),
		.passes = ash_vector_number(one, one->test, "iterationCount", true),
	};
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (kdf.hash == ASH_HASH_NONE)
		return ash_vector_unknown();
	answer = ash_vector_ask_derive(run, &kdf, ash_vector_number(one, one->test, "dkLen", true));
	return ash_vector_judge(run, answer, ash_vector_out_is(run, want));
}

/* Others, named by the group. */
struct ash_vector_outcome ash_vector_run_kdf(struct ash_vector_run *run)
{
	static const struct {
		const char *name;
		enum ash_kdf_scheme scheme;
	} schemes[] = {
		{ "HKDF-EXTRACT", ASH_KDF_HKDF_EXTRACT },
		{ "HKDF-EXPAND", ASH_KDF_HKDF_EXPAND },
		{ "X9.63", ASH_KDF_X963 },
		{ "CONCAT", ASH_KDF_CONCAT },
	};
	struct ash_vector_case *one = run->one;
	const char *name = ash_vector_text(one, one->group, "kdf", true);
	struct ash_span want = ash_vector_hex(one, one->test, "okm", true);
	struct ash_kdf kdf = {
		.hash = ash_vector_hash(ash_vector_text(one, one->group, "sha", true)),
		.secret = ash_vector_hex(one, one->test, "ikm", true),
		.salt = ash_vector_hex(one, one->test, "salt", false),
		.info = ash_vector_hex(one, one->test, "info", false),
	};

	for (size_t i = 0; name != NULL && i < ASH_COUNT(schemes); i++) {
		if (strcmp(schemes[i].name, name) == 0) {
			enum ash_vector_answer answer = ASH_VECTOR_DONE;

			kdf.scheme = schemes[i].scheme;
			answer = ash_vector_ask_derive(run, &kdf, want.len);
			return ash_vector_judge(run, answer, ash_vector_out_is(run, want));
		}
	}
	return ash_vector_unknown();
}

struct ash_vector_outcome ash_vector_run_argon2id(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_span want = ash_vector_hex(one, one->test, "tag", true);
	const struct ash_kdf kdf = {
		.scheme = ASH_KDF_ARGON2ID,
		.secret = ash_vector_hex(one, one->test, "password", true),
		.salt = ash_vector_hex(one, one->test, "salt", true),
		.memory_kib = ash_vector_number(one, one->test, "memory", true),
		.passes = ash_vector_number(one, one->test, "passes", true),
	};
	enum ash_vector_answer answer = ash_vector_ask_derive(run, &kdf, want.len);

	return ash_vector_judge(run, answer, ash_vector_out_is(run, want));
}

/* Both ways for what is valid, decryption alone for the rest. */
static struct ash_vector_outcome both_ways(struct ash_vector_run *run, struct ash_vector_request *request,
					   struct ash_span plain, struct ash_span sealed)
{
	struct ash_vector_outcome outcome = ASH_VECTOR_OUTCOME(ASH_VECTOR_PASSED, NULL);
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (run->one->result == ASH_VECTOR_VALID) {
		request->op = ASH_OP_ENCRYPT;
		request->in = plain;
		answer = ash_vector_ask(run, request);
		outcome = ash_vector_judge(run, answer, ash_vector_out_is(run, sealed));
	}
	if (!ash_vector_passed(outcome))
		return outcome;
	request->op = ASH_OP_DECRYPT;
	request->in = sealed;
	answer = ash_vector_ask(run, request);
	return ash_vector_judge(run, answer, ash_vector_out_is(run, plain));
}

static enum ash_scheme scheme_of(const char *algorithm)
{
	static const struct {
		const char *name;
		enum ash_scheme scheme;
	} schemes[] = {
		{ "AES-CBC-PKCS5", ASH_SCHEME_AES_CBC_PAD }, { "AES-CBC", ASH_SCHEME_AES_CBC },
		{ "AES-ECB", ASH_SCHEME_AES_ECB },           { "AES-CTR", ASH_SCHEME_AES_CTR },
		{ "AES-WRAP", ASH_SCHEME_AES_KW },           { "AES-KWP", ASH_SCHEME_AES_KWP },
		{ "AES-GCM", ASH_SCHEME_AES_GCM },           { "AES-CCM", ASH_SCHEME_AES_CCM },
	};

	for (size_t i = 0; i < ASH_COUNT(schemes); i++) {
		if (strcmp(schemes[i].name, algorithm) == 0)
			return schemes[i].scheme;
	}
	return ASH_SCHEMES;
}

struct ash_vector_outcome ash_vector_run_cipher(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_vector_key key = secret_key(ash_vector_hex(one, one->test, "key", true));
	struct ash_vector_request request = {
		.alg = { scheme_of(run->file->algorithm), ASH_HASH_NONE },
		.key = &key,
		.params = {
			.iv = ash_vector_hex(one, one->test, "iv", true),
			.counter_bits = ash_vector_number(one, one->group, "counterBits", false),
		},
	};

	if (request.alg.scheme == ASH_SCHEMES)
		return ash_vector_unknown();
	return both_ways(run, &request, ash_vector_hex(one, one->test, "msg", true),
			 ash_vector_hex(one, one->test, "ct", true));
}

struct ash_vector_outcome ash_vector_run_wrap(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_vector_key key = secret_key(ash_vector_hex(one, one->test, "key", true));
	struct ash_vector_request request = {
		.alg = { scheme_of(run->file->algorithm), ASH_HASH_NONE },
		.key = &key,
		.params.iv = ash_vector_hex(one, one->test, "iv", false),
	};

	if (request.alg.scheme == ASH_SCHEMES)
		return ash_vector_unknown();
	return both_ways(run, &request, ash_vector_hex(one, one->test, "msg", true),
			 ash_vector_hex(one, one->test, "ct", true));
}

struct ash_vector_outcome ash_vector_run_aead(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_vector_key key = secret_key(ash_vector_hex(one, one->test, "key", true));
	struct ash_span tag = ash_vector_hex(one, one->test, "tag", true);
	struct ash_span plain = ash_vector_hex(one, one->test, "msg", true);
	struct ash_span sealed = ash_vector_keep(one, ash_vector_hex(one, one->test, "ct", true), tag);
	struct ash_vector_request request = {
		.op = ASH_OP_ENCRYPT,
		.alg = { scheme_of(run->file->algorithm), ASH_HASH_NONE },
		.key = &key,
		.params = {
			.iv = ash_vector_hex(one, one->test, "iv", true),
			.aad = ash_vector_hex(one, one->test, "aad", true),
			.tag_len = ash_vector_number(one, one->group, "tagSize", true) / 8,
			.data_len = plain.len,
		},
		.in = plain,
	};
	bool gcm = request.alg.scheme == ASH_SCHEME_AES_GCM;

	if (request.alg.scheme == ASH_SCHEMES)
		return ash_vector_unknown();
	if (gcm && request.params.iv.len > GCM_IV_MAX && ash_vector_ask(run, &request) == ASH_VECTOR_REFUSED)
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_SKIPPED, "IV of more than 128 bytes");
	if (request.params.iv.len == 0) { /* invalid, whichever way */
		struct ash_vector_outcome outcome =
			ash_vector_judge(run, ash_vector_ask(run, &request), false);

		if (!ash_vector_passed(outcome))
			return outcome;
	}
	/* Where the message is not given with a wrong tag, its length is the ciphertext's. */
	if (!gcm && sealed.len >= tag.len)
		request.params.data_len = sealed.len - tag.len;
	return both_ways(run, &request, plain, sealed);
}
