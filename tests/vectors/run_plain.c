/* Test vectors of hashes, MACs, key derivation and ciphers. */
#include "vectors/run_priv.h"

#define DIGEST_INPUT_MAX ((size_t)16 << 20)
#define GCM_IV_MAX       128u /* of the house, as OpenSSL takes no longer one */

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
	static const struct {
		const char *name;
		enum ash_hash hash;
	} hashes[] = {
		{ "SHA256", ASH_HASH_SHA256 },   { "SHA384", ASH_HASH_SHA384 },
		{ "SHA512", ASH_HASH_SHA512 },   { "-SHA-256", ASH_HASH_SHA256 },
		{ "-SHA-384", ASH_HASH_SHA384 }, { "-SHA-512", ASH_HASH_SHA512 },
	};
	size_t len = strlen(prefix);

	for (size_t i = 0; i < ASH_COUNT(hashes); i++) {
		if (strncmp(algorithm, prefix, len) == 0 && strcmp(algorithm + len, hashes[i].name) == 0)
			return hashes[i].hash;
	}
	return ASH_HASH_NONE;
}

/* Computed and compared, and, but for truncated ones, verified as well. */
struct vector_outcome vector_run_mac(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct vector_key key = secret_key(vector_hex(one, one->test, "key", true));
	struct ash_span tag = vector_hex(one, one->test, "tag", true);
	struct vector_request request = {
		.op = ASH_OP_SIGN,
		.alg = { ASH_SCHEME_HMAC, hash_after(run->file->algorithm, "HMAC") },
		.key = &key,
		.in = vector_hex(one, one->test, "msg", true),
		.signature = tag,
	};
	enum vector_answer answer = VECTOR_UNSUPPORTED;
	bool same = false;

	if (request.alg.hash == ASH_HASH_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	answer = vector_ask(run, &request);
	if (answer != VECTOR_DONE)
		return vector_judge(run, answer == VECTOR_REFUSED ? VECTOR_BROKEN : answer, false);
	if (tag.len == 0 || tag.len > run->out.len)
		return VECTOR_OUTCOME(VECTOR_FAILED, "has a tag of no good length");
	same = ash_span_equal(tag, ash_span(run->out.data, tag.len));
	if (same == (one->result == VECTOR_INVALID))
		return VECTOR_OUTCOME(VECTOR_FAILED, "has another result");
	if (tag.len != run->out.len)
		return VECTOR_OUTCOME(VECTOR_PASSED, NULL);
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

struct vector_outcome vector_run_cbc(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct vector_key key = secret_key(vector_hex(one, one->test, "key", true));
	bool padded = strcmp(run->file->algorithm, "AES-CBC-PKCS5") == 0;
	struct vector_request request = {
		.alg = { padded ? ASH_SCHEME_AES_CBC_PAD : ASH_SCHEME_AES_CBC, ASH_HASH_NONE },
		.key = &key,
		.params.iv = vector_hex(one, one->test, "iv", true),
	};

	if (!padded && strcmp(run->file->algorithm, "AES-CBC") != 0)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
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
		.alg = { ASH_SCHEME_AES_GCM, ASH_HASH_NONE },
		.key = &key,
		.params = {
			.iv = vector_hex(one, one->test, "iv", true),
			.aad = vector_hex(one, one->test, "aad", true),
			.tag_len = vector_number(one, one->group, "tagSize", true) / 8,
		},
		.in = plain,
	};

	if (strcmp(run->file->algorithm, "AES-GCM") != 0)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	if (request.params.iv.len > GCM_IV_MAX)
		return VECTOR_OUTCOME(VECTOR_SKIPPED, "IV of more than 128 bytes");
	if (request.params.iv.len == 0) { /* invalid, whichever way */
		struct vector_outcome outcome = vector_judge(run, vector_ask(run, &request), false);

		if (!vector_passed(outcome))
			return outcome;
	}
	return both_ways(run, &request, plain, sealed);
}
