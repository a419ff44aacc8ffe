/* OpenSSL's Blowfish, a block at a time, is what the key schedule is made of. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/openssl/bcrypt.h"

#include <openssl/blowfish.h>
#include <openssl/bn.h>

#include "crypto/openssl/keyfile_priv.h"
#include "util/secret.h"

#define DIGEST_LEN 64u /* SHA-512 */
#define BLOCK_LEN  32u /* what one run of bcrypt gives */
#define OUT_MAX    1024u
#define COST       64 /* 2^6 */

#define P_WORDS  (BF_ROUNDS + 2)
#define PI_WORDS (P_WORDS + 4 * 256)

/* ---- The first state: digits of pi behind the point ---- */

#define GUARD_BITS 64 /* what truncation costs stays far below */

/* Adds weight * arctan(1 / x), scaled by 2^bits, by Gregory's series. */
static bool add_arctan(BIGNUM *sum, BN_ULONG weight, BN_ULONG x, bool subtract, int bits)
{
	BIGNUM *power = BN_new(), *term = BN_new();
	bool good = power != NULL && term != NULL && BN_set_word(power, weight) == 1 &&
		    BN_lshift(power, power, bits) == 1 && BN_div_word(power, x) != (BN_ULONG)-1;

	for (BN_ULONG n = 1; good && !BN_is_zero(power); n += 2, subtract = !subtract) {
		good = BN_copy(term, power) != NULL && BN_div_word(term, n) != (BN_ULONG)-1 &&
		       (subtract ? BN_sub(sum, sum, term) : BN_add(sum, sum, term)) == 1 &&
		       BN_div_word(power, x * x) != (BN_ULONG)-1;
	}
	BN_free(power);
	BN_free(term);
	return good;
}

/* Machin: pi = 16 arctan(1/5) - 4 arctan(1/239). */
static bool make_pi(uint8_t digits[4 * PI_WORDS])
{
	const int bits = 32 * PI_WORDS + GUARD_BITS;
	BIGNUM *pi = BN_new();
	bool made = pi != NULL && add_arctan(pi, 16, 5, false, bits) && add_arctan(pi, 4, 239, true, bits) &&
		    BN_rshift(pi, pi, GUARD_BITS) == 1 && BN_mask_bits(pi, 32 * PI_WORDS) == 1 &&
		    BN_bn2binpad(pi, digits, 4 * PI_WORDS) == 4 * PI_WORDS;
	BN_free(pi);
	return made;
}

static uint32_t word_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Made once; whether it was made right, the first words tell. */
static struct ash_status first_state(BF_KEY *state)
{
	ASH_AUTO(ash_buf) digits = ASH_BUF_PLAIN;
	struct ash_mut room = ash_mut(NULL, 0);
	unsigned mark = ash_ossl_mark();
	BF_LONG *s = state->S;

	ASH_TRY(ash_buf_extend(&digits, 4ul * PI_WORDS, &room));
	ASH_ENSURE(make_pi(room.data), ash_ossl_code(mark, ASH_E_FAILED));
	ASH_BUG(word_at(room.data) != 0x243f6a88u);
	for (size_t i = 0; i < P_WORDS; i++)
		state->P[i] = word_at(room.data + 4 * i);
	for (size_t i = P_WORDS; i < PI_WORDS; i++)
		*s++ = word_at(room.data + 4 * i);
	return ASH_DONE;
}

/* ---- The key schedule ---- */

/* Bytes read as big-endian words, round and round. */
struct stream {
	const uint8_t *bytes; /* DIGEST_LEN of them */
	size_t at;
};

static BF_LONG stream_word(struct stream *stream)
{
	const BF_LONG word = word_at(stream->bytes + stream->at);

	stream->at = (stream->at + 4) % DIGEST_LEN;
	return word;
}

/* Replaces the words with what comes of encrypting on and on, `salt` (or nothing) mixed in. */
static void chain(BF_KEY *state, BF_LONG *words, size_t count, BF_LONG block[2], struct stream *salt)
{
	for (size_t i = 0; i < count; i += 2) {
		if (salt != NULL) {
			block[0] ^= stream_word(salt);
			block[1] ^= stream_word(salt);
		}
		BF_encrypt(block, state);
		words[i] = block[0];
		words[i + 1] = block[1];
	}
}

static void expand(BF_KEY *state, const uint8_t *key, const uint8_t *salt)
{
	struct stream keys = { key, 0 }, salts = { salt, 0 };
	BF_LONG block[2] = { 0, 0 };

	for (size_t i = 0; i < P_WORDS; i++)
		state->P[i] ^= stream_word(&keys);
	chain(state, state->P, P_WORDS, block, salt != NULL ? &salts : NULL);
	chain(state, state->S, ASH_COUNT(state->S), block, salt != NULL ? &salts : NULL);
}

/* ---- bcrypt ---- */

/* All that is secret and lies in memory meanwhile. */
struct work {
	BF_KEY first, state;
	uint8_t passphrase[DIGEST_LEN], salt[DIGEST_LEN];
	uint8_t block[BLOCK_LEN], sum[BLOCK_LEN];
};

static void hash_block(struct work *work)
{
	static const uint8_t text[BLOCK_LEN + 1] = "OxychromaticBlowfishSwatDynamite";
	BF_LONG words[BLOCK_LEN / 4];

	work->state = work->first;
	expand(&work->state, work->passphrase, work->salt);
	for (int i = 0; i < COST; i++) {
		expand(&work->state, work->salt, NULL);
		expand(&work->state, work->passphrase, NULL);
	}
	for (size_t i = 0; i < ASH_COUNT(words); i++)
		words[i] = word_at(text + 4 * i);
	for (int n = 0; n < COST; n++) {
		for (size_t i = 0; i < ASH_COUNT(words); i += 2)
			BF_encrypt(words + i, &work->state);
	}
	for (size_t i = 0; i < BLOCK_LEN; i++)
		work->block[i] = (uint8_t)(words[i / 4] >> 8 * (i % 4)); /* little-endian, unlike all else */
	ash_wipe(words, sizeof(words));
}

static struct ash_status sum_rounds(struct work *work, struct ash_span salt, uint32_t number, uint32_t rounds)
{
	const uint8_t count[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
				   (uint8_t)number };
	const struct ash_mut salt_digest = ash_mut(work->salt, DIGEST_LEN);

	ASH_TRY(ash_keyfile_hash("SHA512", salt, ash_span(count, sizeof(count)), salt_digest));
	hash_block(work);
	memcpy(work->sum, work->block, BLOCK_LEN);
	for (uint32_t round = 1; round < rounds; round++) {
		ASH_TRY(ash_keyfile_hash("SHA512", ash_span(work->block, BLOCK_LEN), ASH_SPAN_NONE,
					 salt_digest));
		hash_block(work);
		for (size_t i = 0; i < BLOCK_LEN; i++)
			work->sum[i] ^= work->block[i];
	}
	return ASH_DONE;
}

struct ash_status ash_bcrypt_pbkdf(struct ash_span passphrase, struct ash_span salt, uint32_t rounds,
				   struct ash_mut out)
{
	ASH_AUTO(ash_secret) *room = NULL;
	const size_t blocks = (out.len + BLOCK_LEN - 1) / BLOCK_LEN;
	struct ash_ossl *lib = NULL;
	struct work *work = NULL;

	ASH_ENSURE(passphrase.len != 0 && salt.len != 0 && out.len != 0 && out.len <= OUT_MAX,
		   ASH_E_ARGUMENT);
	ASH_ENSURE(rounds != 0 && rounds <= ASH_BCRYPT_ROUNDS_MAX, ASH_E_ARGUMENT);
	ASH_TRY(ash_keyfile_library(&lib)); /* before OpenSSL's numbers are asked for memory */
	ASH_TRY(ash_secret_new(sizeof(*work), &room));
	work = (struct work *)(void *)ash_secret_edit(room).data;
	ASH_TRY(first_state(&work->first));
	ASH_TRY(ash_keyfile_hash("SHA512", passphrase, ASH_SPAN_NONE, ash_mut(work->passphrase, DIGEST_LEN)));
	/* Blocks are dealt out like cards: byte i of block n is byte i * blocks + n of the key. */
	for (size_t n = 0; n < blocks; n++) {
		ASH_TRY(sum_rounds(work, salt, (uint32_t)n + 1, rounds));
		for (size_t i = 0; i * blocks + n < out.len; i++)
			out.data[i * blocks + n] = work->sum[i];
	}
	return ASH_DONE;
}
