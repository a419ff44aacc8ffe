/*
 * PKCS#11 3.2 §5.15, the ends of verification; §5.12.4, C_DigestKey; §5.17, two operations
 * at once; §5.19, random numbers.
 */
#include "operate.h"

static CK_BYTE text[64] = "what is signed, encrypted and digested, four blocks in all.....";

/* ---- verification ---- */

/* What verifies, and how long its signature is. */
static CK_BYTE mac[32];
static CK_BYTE rsa_signature[256];

static void sign_both(CK_SESSION_HANDLE session)
{
	CK_MECHANISM hmac = { CKM_SHA256_HMAC, NULL, 0 }, pkcs1 = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_ULONG len = sizeof(mac);

	EXPECT_OK(p11->C_SignInit(session, &hmac, world_secret(KEY_HMAC)));
	EXPECT_OK(p11->C_Sign(session, text, 20, mac, &len));
	len = sizeof(rsa_signature);
	EXPECT_OK(p11->C_SignInit(session, &pkcs1, world_private(KEY_RSA)));
	EXPECT_OK(p11->C_Sign(session, text, 20, rsa_signature, &len));
}

enum how {
	AT_ONCE,
	IN_PARTS
};

static CK_RV check(CK_SESSION_HANDLE session, enum how how, CK_BYTE *data, CK_BYTE *signature, CK_ULONG len,
		   bool rsa)
{
	CK_MECHANISM mechanism = { rsa ? CKM_SHA256_RSA_PKCS : CKM_SHA256_HMAC, NULL, 0 };
	CK_RV rv = CKR_OK;

	now = VERIFY;
	EXPECT_OK(begin_with(session, &mechanism, rsa ? world_public(KEY_RSA) : world_secret(KEY_HMAC)));
	if (how == AT_ONCE) {
		rv = ATTEMPT(p11->C_Verify(session, data, 20, signature, len));
	} else {
		EXPECT_OK(p11->C_VerifyUpdate(session, data, 7));
		EXPECT_OK(p11->C_VerifyUpdate(session, data + 7, 13));
		rv = ATTEMPT(p11->C_VerifyFinal(session, signature, len));
	}
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyFinal(session, mac, sizeof(mac)));
	return rv;
}

#define BOTH(name, session, how)                                          \
	static CK_RV name##_how(CK_SESSION_HANDLE session, enum how how); \
	BODY(name, session)                                               \
	{                                                                 \
		return name##_how(session, AT_ONCE);                      \
	}                                                                 \
	BODY(name##_in_parts, session)                                    \
	{                                                                 \
		return name##_how(session, IN_PARTS);                     \
	}                                                                 \
	static CK_RV name##_how(CK_SESSION_HANDLE session, enum how how)

BOTH(verify_right, session, how)
{
	sign_both(session);
	EXPECT_OK(check(session, how, text, rsa_signature, 256, true));
	return check(session, how, text, mac, 32, false);
}

BOTH(verify_wrong, session, how)
{
	CK_BYTE other[64];

	sign_both(session);
	memcpy(other, text, sizeof(other));
	other[19] ^= 1;
	EXPECT_RV(CKR_SIGNATURE_INVALID, check(session, how, other, mac, 32, false));
	EXPECT_RV(CKR_SIGNATURE_INVALID, check(session, how, other, rsa_signature, 256, true));
	mac[31] ^= 0x80;
	rsa_signature[0] ^= 1;
	EXPECT_RV(CKR_SIGNATURE_INVALID, check(session, how, text, rsa_signature, 256, true));
	memset(rsa_signature, 0xff, sizeof(rsa_signature)); /* above the modulus */
	EXPECT_RV(CKR_SIGNATURE_INVALID, check(session, how, text, rsa_signature, 256, true));
	return check(session, how, text, mac, 32, false);
}

BOTH(verify_length, session, how)
{
	static CK_BYTE longer[257];

	sign_both(session);
	EXPECT_RV(CKR_SIGNATURE_LEN_RANGE, check(session, how, text, mac, 31, false));
	EXPECT_RV(CKR_SIGNATURE_LEN_RANGE, check(session, how, text, mac, 0, false));
	EXPECT_RV(CKR_SIGNATURE_LEN_RANGE, check(session, how, text, rsa_signature, 255, true));
	return check(session, how, text, longer, 257, true);
}

BOTH(verify_nowhere, session, how)
{
	sign_both(session);
	if (how == AT_ONCE)
		EXPECT_RV(CKR_ARGUMENTS_BAD, check(session, how, NULL, mac, 32, false));
	return check(session, how, text, NULL, 32, false);
}

BOTH(verify_not_begun, session, how)
{
	return how == AT_ONCE ? p11->C_Verify(session, text, 20, mac, 32)
			      : p11->C_VerifyFinal(session, mac, 32);
}

BOTH(verify_key_destroyed, session, how)
{
	CK_SESSION_HANDLE other = world_open(USER, CKF_RW_SESSION);
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = CKR_OK;

	now = VERIFY;
	key = make_right(session, how == AT_ONCE);
	EXPECT_OK(begin_with(session, right_mechanism(), key));
	EXPECT_OK(p11->C_DestroyObject(other, key));
	rv = verify_not_begun_how(session, how);
	world_close(other);
	return rv;
}

BODY(verify_after_part, session)
{
	now = VERIFY;
	EXPECT_OK(begin(session));
	EXPECT_OK(p11->C_VerifyUpdate(session, text, 5));
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Verify(session, text, 20, mac, 32));
	return p11->C_VerifyFinal(session, mac, 32) == CKR_OPERATION_NOT_INITIALIZED
		       ? CKR_OPERATION_NOT_INITIALIZED
		       : CKR_GENERAL_ERROR;
}

static CK_RV verify_data(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_BYTE fill_with, CK_ULONG len)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };
	CK_BYTE data[300];

	memset(data, fill_with, sizeof(data));
	memset(rsa_signature, 1, sizeof(rsa_signature));
	EXPECT_OK(p11->C_VerifyInit(session, &mechanism, world_public(KEY_RSA)));
	return p11->C_Verify(session, data, len, rsa_signature, 256);
}

BODY(verify_great, session)
{
	return verify_data(session, CKM_RSA_X_509, 0xff, 256);
}

BODY(verify_long, session)
{
	EXPECT_RV(CKR_DATA_LEN_RANGE, verify_data(session, CKM_RSA_X_509, 0, 257));
	return verify_data(session, CKM_RSA_PKCS, 0, 246);
}

/* ---- recovery ---- */

static CK_RV recover(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_BYTE fill_with, CK_ULONG len)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };
	CK_BYTE signature[300], out[300];
	CK_ULONG out_len = sizeof(out);
	CK_RV rv = CKR_OK;

	memset(signature, fill_with, sizeof(signature));
	fill(out);
	EXPECT_OK(p11->C_VerifyRecoverInit(session, &mechanism, world_public(KEY_RSA)));
	rv = p11->C_VerifyRecover(session, signature, len, out, &out_len);
	EXPECT(untouched(out) && out_len == sizeof(out));
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED,
		  p11->C_VerifyRecover(session, signature, len, out, &out_len));
	return rv;
}

BODY(recover_wrong, session)
{
	EXPECT_RV(CKR_SIGNATURE_INVALID, recover(session, CKM_RSA_X_509, 0xff, 256));
	EXPECT_RV(CKR_SIGNATURE_INVALID, recover(session, CKM_RSA_PKCS, 0xff, 256));
	return recover(session, CKM_RSA_PKCS, 1, 256);
}

BODY(recover_length, session)
{
	EXPECT_RV(CKR_SIGNATURE_LEN_RANGE, recover(session, CKM_RSA_PKCS, 1, 255));
	EXPECT_RV(CKR_SIGNATURE_LEN_RANGE, recover(session, CKM_RSA_PKCS, 1, 0));
	return recover(session, CKM_RSA_X_509, 1, 257);
}

/* ---- C_DigestKey ---- */

static void begin_digest(CK_SESSION_HANDLE session)
{
	CK_MECHANISM mechanism = { CKM_SHA256, NULL, 0 };

	EXPECT_OK(p11->C_DigestInit(session, &mechanism));
}

/* The digest of what was digested with a key in it is that of the key's bytes. */
BODY(digest_key, session)
{
	CK_BYTE value[32] = "not a secret, but a secret's len", with[32], without[32];
	CK_ULONG len = 32;
	CK_RV rv = CKR_OK;

	begin_digest(session);
	EXPECT_OK(p11->C_DigestUpdate(session, text, 5));
	rv = ATTEMPT(p11->C_DigestKey(session, world_secret(KEY_GENERIC)));
	if (rv != CKR_OK)
		return rv;
	EXPECT_OK(p11->C_DigestUpdate(session, text, 3));
	EXPECT_OK(p11->C_DigestFinal(session, with, &len));
	begin_digest(session);
	EXPECT_OK(p11->C_DigestUpdate(session, text, 5));
	EXPECT_OK(p11->C_DigestUpdate(session, value, 32));
	EXPECT_OK(p11->C_DigestUpdate(session, text, 3));
	EXPECT_OK(p11->C_DigestFinal(session, without, &len));
	EXPECT(memcmp(with, without, 32) == 0);
	return rv;
}

/* A key that is refused was not digested: the digest goes on without it. */
static CK_RV refuse_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CK_BYTE out[32];
	CK_ULONG len = 32;
	CK_RV rv = CKR_OK;

	begin_digest(session);
	rv = p11->C_DigestKey(session, key);
	EXPECT_OK(p11->C_DigestFinal(session, out, &len));
	return rv;
}

BODY(digest_no_key, session)
{
	return refuse_key(session, 0);
}

BODY(digest_public_key, session)
{
	EXPECT_RV(CKR_KEY_INDIGESTIBLE, refuse_key(session, world_private(KEY_EC)));
	return refuse_key(session, world_public(KEY_EC));
}

BODY(digest_key_not_begun, session)
{
	return p11->C_DigestKey(session, world_secret(KEY_GENERIC));
}

/* ---- two at once ---- */

struct pair {
	enum operation reader, cipher;
	CK_RV(*function)
	(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
};

static struct pair pair;

static void begin_one(CK_SESSION_HANDLE session, enum operation operation)
{
	now = operation;
	EXPECT_OK(begin(session));
}

static void begin_both(CK_SESSION_HANDLE session)
{
	begin_one(session, pair.reader);
	begin_one(session, pair.cipher);
}

static bool both_active(CK_SESSION_HANDLE session)
{
	now = pair.reader;
	if (!is_active(session))
		return false;
	now = pair.cipher;
	return is_active(session);
}

static bool none_active(CK_SESSION_HANDLE session)
{
	now = pair.reader;
	if (is_active(session))
		return false;
	now = pair.cipher;
	return !is_active(session);
}

/* What the reader says at its end, of what it was fed. */
static CK_ULONG reader_end(CK_SESSION_HANDLE session, CK_BYTE *out)
{
	CK_ULONG len = 32;

	now = pair.reader;
	if (now == VERIFY) {
		EXPECT_RV(CKR_SIGNATURE_INVALID, final(session, text, &len));
		return 0;
	}
	EXPECT_OK(final(session, out, &len));
	return len;
}

/* Both at once give what each gives alone. */
BODY(dual_right, session)
{
	CK_BYTE sealed[96], out[96], alone[96], together[32], single_out[32];
	CK_BYTE *in = text;
	CK_ULONG in_len = 48, len = sizeof(sealed), alone_len = sizeof(alone), read_len = 0, last = 0;
	CK_RV rv = CKR_OK;

	if (pair.cipher == DECRYPT) {
		begin_one(session, ENCRYPT);
		EXPECT_OK(single(session, text, 48, sealed, &len));
		in = sealed;
		in_len = len;
	}
	begin_both(session);
	len = sizeof(out);
	rv = ATTEMPT(pair.function(session, in, in_len, out, &len));
	if (rv != CKR_OK) {
		EXPECT(none_active(session));
		return rv;
	}
	read_len = reader_end(session, together);
	now = pair.cipher;
	last = sizeof(out) - len;
	EXPECT_OK(final(session, out + len, &last));
	begin_one(session, pair.cipher);
	EXPECT_OK(single(session, in, in_len, alone, &alone_len));
	EXPECT(len + last == alone_len && memcmp(out, alone, alone_len) == 0);
	begin_one(session, pair.reader);
	EXPECT_OK(update(session, text, pair.cipher == ENCRYPT ? 48 : len, NULL, NULL));
	EXPECT(reader_end(session, single_out) == read_len && memcmp(together, single_out, read_len) == 0);
	return rv;
}

BODY(dual_length, session)
{
	CK_ULONG len = 0;
	CK_RV rv = CKR_OK;

	begin_both(session);
	rv = ATTEMPT(pair.function(session, text, 32, NULL, &len));
	EXPECT(len >= 16 && len <= 48);
	EXPECT(rv != CKR_OK || both_active(session));
	return rv;
}

BODY(dual_short, session)
{
	CK_BYTE out[96];
	CK_ULONG len = 1;
	CK_RV rv = CKR_OK;

	begin_both(session);
	fill(out);
	rv = pair.function(session, text, 32, out, &len);
	EXPECT(len >= 16 && len <= 48 && untouched(out));
	EXPECT(both_active(session));
	return rv;
}

BODY(dual_nowhere, session)
{
	CK_BYTE out[96];
	CK_ULONG len = sizeof(out);

	begin_both(session);
	EXPECT_RV(CKR_ARGUMENTS_BAD, pair.function(session, NULL, 5, out, &len));
	EXPECT(none_active(session));
	begin_both(session);
	EXPECT_RV(CKR_ARGUMENTS_BAD, pair.function(session, text, 32, out, NULL));
	EXPECT(none_active(session));
	return CKR_ARGUMENTS_BAD;
}

BODY(dual_not_begun, session)
{
	CK_BYTE out[96];
	CK_ULONG len = sizeof(out);

	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, pair.function(session, text, 32, out, &len));
	begin_one(session, pair.reader);
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, pair.function(session, text, 32, out, &len));
	EXPECT_OK(begin_with(session, NULL, 0));
	begin_one(session, pair.cipher);
	return pair.function(session, text, 32, out, &len);
}

/* More than there is memory: nobody looks at it. */
BODY(dual_endless, session)
{
	CK_ULONG len = 0;
	CK_RV rv = CKR_OK;

	begin_both(session);
	rv = pair.function(session, text, ~(CK_ULONG)0, NULL, &len);
	EXPECT(none_active(session));
	return rv;
}

BODY(dual_unasked, session)
{
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 }, generate = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_ATTRIBUTE curve = { CKA_EC_PARAMS, p256, sizeof(p256) };
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE asks = { CKA_ALWAYS_AUTHENTICATE, &yes, 1 };
	CK_OBJECT_HANDLE keys[2];
	CK_BYTE out[96];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_GenerateKeyPair(session, &generate, &curve, 1, &asks, 1, &keys[0], &keys[1]));
	begin_one(session, pair.cipher);
	EXPECT_OK(p11->C_SignInit(session, &mechanism, keys[1]));
	fill(out);
	rv = pair.function(session, text, 32, out, &len);
	EXPECT(untouched(out));
	return rv;
}

static const struct provocation any_dual[] = {
	PROVOKE(, CKR_OK, "as each of them alone", dual_right),
	PROVOKE(, CKR_OK, "a question for the length; both go on", dual_length),
	PROVOKE(, CKR_BUFFER_TOO_SMALL, "too little room; both go on", dual_short),
	PROVOKE(, CKR_ARGUMENTS_BAD, "no data, no place for the length; both end", dual_nowhere),
	PROVOKE(, CKR_ARGUMENTS_BAD, "more than there is memory; both end", dual_endless),
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "none or one of the two", dual_not_begun),
};
static const struct provocation signing_dual[] = {
	PROVOKE(, CKR_USER_NOT_LOGGED_IN, "the key asks for its PIN", dual_unasked),
};

static void provoke_dual(const char *name, struct pair which, const struct provocation *rows, size_t count)
{
	pair = which;
	for (size_t i = 0; i < count; i++) {
		struct provocation row = rows[i];

		row.function = name;
		provoke_all(&row, 1);
	}
}

static void all_dual(void)
{
	const struct {
		const char *name;
		struct pair pair;
	} functions[] = {
		{ "C_DigestEncryptUpdate", { DIGEST, ENCRYPT, p11->C_DigestEncryptUpdate } },
		{ "C_SignEncryptUpdate", { SIGN, ENCRYPT, p11->C_SignEncryptUpdate } },
		{ "C_DecryptDigestUpdate", { DIGEST, DECRYPT, p11->C_DecryptDigestUpdate } },
		{ "C_DecryptVerifyUpdate", { VERIFY, DECRYPT, p11->C_DecryptVerifyUpdate } },
	};

	for (size_t i = 0; i < COUNT(functions); i++) {
		const struct pair which = functions[i].pair;

		provoke_dual(functions[i].name, which, any_dual, COUNT(any_dual));
		if (which.reader == SIGN)
			provoke_dual(functions[i].name, which, signing_dual, COUNT(signing_dual));
	}
}

/* ---- random numbers ---- */

BODY(random_right, session)
{
	CK_BYTE one[32], two[32];
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_GenerateRandom(session, one, sizeof(one)));
	rv = ATTEMPT(p11->C_GenerateRandom(session, two, sizeof(two)));
	EXPECT(memcmp(one, two, sizeof(one)) != 0);
	EXPECT_OK(p11->C_GenerateRandom(session, NULL, 0));
	return rv;
}

BODY(random_nowhere, session)
{
	return p11->C_GenerateRandom(session, NULL, 32);
}

BODY(seed_right, session)
{
	return ATTEMPT(p11->C_SeedRandom(session, text, 32));
}

BODY(seed_nowhere, session)
{
	return p11->C_SeedRandom(session, NULL, 32);
}

static const struct provocation table[] = {
	PROVOKE(C_Verify, CKR_OK, "the right signature", verify_right),
	PROVOKE(C_Verify, CKR_SIGNATURE_INVALID, "of other data, or changed", verify_wrong),
	PROVOKE(C_Verify, CKR_SIGNATURE_LEN_RANGE, "too short or too long", verify_length),
	PROVOKE(C_Verify, CKR_ARGUMENTS_BAD, "no data, no signature", verify_nowhere),
	PROVOKE(C_Verify, CKR_OPERATION_NOT_INITIALIZED, "not begun", verify_not_begun),
	PROVOKE(C_Verify, CKR_OPERATION_NOT_INITIALIZED, "its key was destroyed", verify_key_destroyed),
	PROVOKE(C_Verify, CKR_OPERATION_NOT_INITIALIZED, "after a part", verify_after_part),
	PROVOKE(C_Verify, CKR_SIGNATURE_INVALID, "of a number above the modulus", verify_great),
	PROVOKE(C_Verify, CKR_DATA_LEN_RANGE, "what the mechanism can't take", verify_long),
	PROVOKE(C_VerifyFinal, CKR_OK, "the right signature", verify_right_in_parts),
	PROVOKE(C_VerifyFinal, CKR_SIGNATURE_INVALID, "of other data, or changed", verify_wrong_in_parts),
	PROVOKE(C_VerifyFinal, CKR_SIGNATURE_LEN_RANGE, "too short or too long", verify_length_in_parts),
	PROVOKE(C_VerifyFinal, CKR_ARGUMENTS_BAD, "no signature", verify_nowhere_in_parts),
	PROVOKE(C_VerifyFinal, CKR_OPERATION_NOT_INITIALIZED, "not begun", verify_not_begun_in_parts),
	PROVOKE(C_VerifyFinal, CKR_OPERATION_NOT_INITIALIZED, "its key was destroyed",
		verify_key_destroyed_in_parts),
	PROVOKE(C_VerifyRecover, CKR_SIGNATURE_INVALID, "no padding, or above the modulus", recover_wrong),
	PROVOKE(C_VerifyRecover, CKR_SIGNATURE_LEN_RANGE, "too short or too long", recover_length),
	PROVOKE(C_DigestKey, CKR_OK, "as the key's bytes", digest_key),
	PROVOKE(C_DigestKey, CKR_KEY_HANDLE_INVALID, "no key", digest_no_key),
	PROVOKE(C_DigestKey, CKR_KEY_INDIGESTIBLE, "a public and a private key", digest_public_key),
	PROVOKE(C_DigestKey, CKR_OPERATION_NOT_INITIALIZED, "not begun", digest_key_not_begun),
	PROVOKE(C_GenerateRandom, CKR_OK, "other bytes each time", random_right),
	PROVOKE(C_GenerateRandom, CKR_ARGUMENTS_BAD, "no place for them", random_nowhere),
	PROVOKE(C_SeedRandom, CKR_OK, "any seed", seed_right),
	PROVOKE(C_SeedRandom, CKR_ARGUMENTS_BAD, "no seed, but a length", seed_nowhere),
};

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	provoke_all(table, COUNT(table));
	all_dual();
	world_result(world_failures() == 0, "all else was as expected", NULL);
	return world_end();
}
