/* Test vectors of hashes, MACs, key derivation and ciphers. */
#include "vectors/run_priv.h"

#define DIGEST_INPUT_MAX ((size_t)16 << 20)
#define GCM_IV_MAX       128u /* of OpenSSL; AWS-LC takes longer ones */

struct vector_outcome vector_run_digest(struct vector_run *run)
{
	struct vector_case *one = run->one;
	const struct vector_request request = {
		.op = ASH_OP_DIGEST,
		.alg = { ASH_SCHEME_HASH, vector_hash(vector_text(one, one->group, "sha", true)) },
	};
	struct vector_request whole = request;
	struct ash_span msg = vector_hex(one, one->test, "msg", true);
	struct ash_span want = vector_hex(one, one->test, "digest", true);
	size_t repeat = vector_number(one, one->test, "repeat", false);
	struct ash_mut room = { NULL, 0 };
	enum vector_answer answer = VECTOR_DONE;

	if (request.alg.hash == ASH_HASH_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	repeat = repeat != 0 ? repeat : 1;
	if (msg.len > DIGEST_INPUT_MAX / repeat)
		return VECTOR_OUTCOME(VECTOR_FAILED, "is too long for the runner");
	room = vector_room(one, msg.len * repeat);
	for (size_t i = 0; i < repeat && msg.len != 0; i++)
		memcpy(room.data + i * msg.len, msg.data, msg.len);
	whole.in = ash_mut_span(room);
	answer = vector_ask(run, &whole);
	return vector_judge(run, answer, vector_out_is(run, want));
}

static struct vector_key secret_key(struct ash_span value)
{
	return (struct vector_key){
		.spec = { .kind = ASH_KEY_SECRET, .bits = (uint32_t)value.len * 8 },
		.part = { [ASH_PART_SECRET] = value },
	};
}

static enum ash_hash hash_after(const char *algorithm, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(algorithm, prefix, len) == 0 ? vector_hash(algorithm + len) : ASH_HASH_NONE;
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
struct vector_outcome vector_run_mac(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct vector_key key = secret_key(vector_hex(one, one->test, "key", true));
	struct ash_span tag = vector_hex(one, one->test, "tag", true);
	struct vector_request request = {
		.op = ASH_OP_SIGN,
		.alg = mac_of(run->file->algorithm),
		.key = &key,
		.params = {
			.iv = vector_hex(one, one->test, "iv", false),
			.tag_len = vector_number(one, one->group, "tagSize", true) / 8,
		},
		.in = vector_hex(one, one->test, "msg", true),
		.signature = tag,
	};
	enum vector_answer answer = vector_ask(run, &request);

	if (answer == VECTOR_UNSUPPORTED && vector_has_flag(one, "InvalidKeySize"))
		return VECTOR_OUTCOME(VECTOR_PASSED, NULL);
	if (answer != VECTOR_DONE)
		return vector_judge(run, answer == VECTOR_REFUSED ? VECTOR_BROKEN : answer, false);
	if (tag.len != request.params.tag_len || tag.len != run->out.len)
		return VECTOR_OUTCOME(VECTOR_FAILED, "has a tag of no good length");
	if (vector_out_is(run, tag) == (one->result == VECTOR_INVALID))
		return VECTOR_OUTCOME(VECTOR_FAILED, "has another result");
	request.op = ASH_OP_VERIFY;
	return vector_judge(run, vector_ask(run, &request), true);
}

struct vector_outcome vector_run_hkdf(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct ash_span want = vector_hex(one, one->test, "okm", true);
	const struct ash_kdf kdf = {
		.scheme = ASH_KDF_HKDF,
		.hash = hash_after(run->file->algorithm, "HKDF"),
		.secret = vector_hex(one, one->test, "ikm", true),
		.salt = vector_hex(one, one->test, "salt", true),
		.info = vector_hex(one, one->test, "info", true),
	};
	enum vector_answer answer = VECTOR_UNSUPPORTED;

	if (kdf.hash != ASH_HASH_NONE)
		answer = vector_ask_derive(run, &kdf, vector_number(one, one->test, "size", true));
	return vector_judge(run, answer, vector_out_is(run, want));
}

struct vector_outcome vector_run_pbkdf2(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct ash_span want = vector_hex(one, one->test, "dk", true);
	const struct ash_kdf kdf = {
		.scheme = ASH_KDF_PBKDF2,
		.hash = hash_after(run->file->algorithm, "PBKDF2-HMAC"),
		.secret = vector_hex(one, one->test, "password", true),
		.salt = vector_hex(one, one->test, "salt", true),
		.passes = vector_number(one, one->test, "iterationCount", true),
	};
	enum vector_answer answer = VECTOR_UNSUPPORTED;

	if (kdf.hash != ASH_HASH_NONE)
		answer = vector_ask_derive(run, &kdf, vector_number(one, one->test, "dkLen", true));
	return vector_judge(run, answer, vector_out_is(run, want));
}

/* Others, named by the group. */
struct vector_outcome vector_run_kdf(struct vector_run *run)
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
	struct vector_case *one = run->one;
	const char *name = vector_text(one, one->group, "kdf", true);
	struct ash_span want = vector_hex(one, one->test, "okm", true);
	struct ash_kdf kdf = {
		.hash = vector_hash(vector_text(one, one->group, "sha", true)),
		.secret = vector_hex(one, one->test, "ikm", true),
		.salt = vector_hex(one, one->test, "salt", false),
		.info = vector_hex(one, one->test, "info", false),
	};

	for (size_t i = 0; name != NULL && i < ASH_COUNT(schemes); i++) {
		if (strcmp(schemes[i].name, name) == 0) {
			enum vector_answer answer = VECTOR_DONE;

			kdf.scheme = schemes[i].scheme;
			answer = vector_ask_derive(run, &kdf, want.len);
			return vector_judge(run, answer, vector_out_is(run, want));
		}
	}
	return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
}

struct vector_outcome vector_run_argon2id(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct ash_span want = vector_hex(one, one->test, "tag", true);
	const struct ash_kdf kdf = {
		.scheme = ASH_KDF_ARGON2ID,
		.secret = vector_hex(one, one->test, "password", true),
		.salt = vector_hex(one, one->test, "salt", true),
		.memory_kib = vector_number(one, one->test, "memory", true),
		.passes = vector_number(one, one->test, "passes", true),
	};
	enum vector_answer answer = vector_ask_derive(run, &kdf, want.len);

	return vector_judge(run, answer, vector_out_is(run, want));
}

/* Both ways for what is valid, decryption alone for the rest. */
static struct vector_outcome both_ways(struct vector_run *run, struct vector_request *request,
				       struct ash_span plain, struct ash_span sealed)
{
	struct vector_outcome outcome = VECTOR_OUTCOME(VECTOR_PASSED, NULL);
	enum vector_answer answer = VECTOR_DONE;

	if (run->one->result == VECTOR_VALID) {
		request->op = ASH_OP_ENCRYPT;
		request->in = plain;
		answer = vector_ask(run, request);
		outcome = vector_judge(run, answer, vector_out_is(run, sealed));
	}
	if (!vector_passed(outcome))
		return outcome;
	request->op = ASH_OP_DECRYPT;
	request->in = sealed;
	answer = vector_ask(run, request);
	return vector_judge(run, answer, vector_out_is(run, plain));
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

struct vector_outcome vector_run_cipher(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct vector_key key = secret_key(vector_hex(one, one->test, "key", true));
	struct vector_request request = {
		.alg = { scheme_of(run->file->algorithm), ASH_HASH_NONE },
		.key = &key,
		.params = {
			.iv = vector_hex(one, one->test, "iv", true),
			.counter_bits = vector_number(one, one->group, "counterBits", false),
		},
	};

	return both_ways(run, &request, vector_hex(one, one->test, "msg", true),
			 vector_hex(one, one->test, "ct", true));
}

struct vector_outcome vector_run_wrap(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct vector_key key = secret_key(vector_hex(one, one->test, "key", true));
	struct vector_request request = {
		.alg = { scheme_of(run->file->algorithm), ASH_HASH_NONE },
		.key = &key,
		.params.iv = vector_hex(one, one->test, "iv", false),
	};

	return both_ways(run, &request, vector_hex(one, one->test, "msg", true),
			 vector_hex(one, one->test, "ct", true));
}

static struct ash_span join(struct vector_case *one, struct ash_span a, struct ash_span b)
{
	struct ash_mut both = vector_room(one, a.len + b.len);

	if (a.len != 0)
		memcpy(both.data, a.data, a.len);
	if (b.len != 0)
		memcpy(both.data + a.len, b.data, b.len);
	return ash_mut_span(both);
}

struct vector_outcome vector_run_aead(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct vector_key key = secret_key(vector_hex(one, one->test, "key", true));
	struct ash_span tag = vector_hex(one, one->test, "tag", true);
	struct ash_span plain = vector_hex(one, one->test, "msg", true);
	struct ash_span sealed = join(one, vector_hex(one, one->test, "ct", true), tag);
	struct vector_request request = {
		.op = ASH_OP_ENCRYPT,
		.alg = { scheme_of(run->file->algorithm), ASH_HASH_NONE },
		.key = &key,
		.params = {
			.iv = vector_hex(one, one->test, "iv", true),
			.aad = vector_hex(one, one->test, "aad", true),
			.tag_len = vector_number(one, one->group, "tagSize", true) / 8,
			.data_len = plain.len,
		},
		.in = plain,
	};
	bool gcm = request.alg.scheme == ASH_SCHEME_AES_GCM;

	if (gcm && request.params.iv.len > GCM_IV_MAX && vector_ask(run, &request) == VECTOR_REFUSED)
		return VECTOR_OUTCOME(VECTOR_SKIPPED, "IV of more than 128 bytes");
	if (request.params.iv.len == 0) { /* invalid, whichever way */
		struct vector_outcome outcome = vector_judge(run, vector_ask(run, &request), false);

		if (!vector_passed(outcome))
			return outcome;
	}
	/* Where the message is not given with a wrong tag, its length is the ciphertext's. */
	if (!gcm && sealed.len >= tag.len)
		request.params.data_len = sealed.len - tag.len;
	return both_ways(run, &request, plain, sealed);
}
