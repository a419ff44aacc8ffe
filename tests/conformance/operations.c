/*
 * PKCS#11 3.2 §5.8, §5.10, §5.12, §5.13 and §5.15: what all operations have in common,
 * provoked for each of them.
 */
#include "operate.h"

/* What a failure leaves: nothing active, and the session as good as new. */
static CK_RV ended(CK_SESSION_HANDLE session, CK_RV rv)
{
	EXPECT(!is_active(session));
	EXPECT_OK(whole(session));
	return rv;
}

static CK_RV still_alive(CK_SESSION_HANDLE session, CK_RV rv)
{
	EXPECT(is_alive(session));
	return rv;
}

/* ---- init ---- */

BODY(init_right, session)
{
	CK_RV rv = ATTEMPT(begin(session));

	return rv == CKR_OK ? still_alive(session, rv) : ended(session, rv);
}

BODY(init_nothing, session)
{
	CK_RV rv = ATTEMPT(begin_with(session, NULL, 0));

	EXPECT(!is_active(session));
	return rv;
}

BODY(init_cancels, session)
{
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin(session));
	rv = ATTEMPT(begin_with(session, NULL, right_key()));
	return ended(session, rv);
}

BODY(init_twice, session)
{
	EXPECT_OK(begin(session));
	return still_alive(session, begin(session));
}

/* Whatever else is wrong with the second. */
BODY(init_twice_wrong, session)
{
	CK_MECHANISM foreign = { operation_table[now].foreign, NULL, 0 };
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin(session));
	rv = begin_with(session, &foreign, 0);
	EXPECT(rv != CKR_OK);
	return still_alive(session, CKR_OPERATION_ACTIVE);
}

BODY(init_foreign, session)
{
	CK_MECHANISM mechanism = { operation_table[now].foreign, NULL, 0 };
	CK_BYTE iv[16] = { 0 };

	if (mechanism.mechanism == CKM_AES_CBC) {
		mechanism.pParameter = iv;
		mechanism.ulParameterLen = sizeof(iv);
	}
	return ended(session, begin_with(session, &mechanism, right_key()));
}

BODY(init_unknown, session)
{
	CK_MECHANISM mechanism = { CKM_VENDOR_DEFINED | 1, NULL, 0 };

	return ended(session, begin_with(session, &mechanism, right_key()));
}

BODY(init_parameter, session)
{
	CK_MECHANISM mechanism = *right_mechanism();
	CK_BYTE surplus[17] = { 0 };
	CK_RV rv = CKR_OK;

	mechanism.pParameter = surplus;
	mechanism.ulParameterLen = sizeof(surplus);
	rv = begin_with(session, &mechanism, right_key());
	mechanism.pParameter = NULL;
	EXPECT_RV(CKR_MECHANISM_PARAM_INVALID, begin_with(session, &mechanism, right_key()));
	return ended(session, rv);
}

BODY(init_no_key, session)
{
	EXPECT_RV(CKR_KEY_HANDLE_INVALID, begin_with(session, right_mechanism(), ~(CK_OBJECT_HANDLE)0));
	return ended(session, begin_with(session, right_mechanism(), 0));
}

BODY(init_destroyed_key, session)
{
	CK_OBJECT_HANDLE key = make_right(session, CK_FALSE);

	EXPECT_OK(p11->C_DestroyObject(session, key));
	return ended(session, begin_with(session, right_mechanism(), key));
}

BODY(init_data, session)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) } };
	CK_OBJECT_HANDLE data = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_CreateObject(session, template, 1, &data));
	rv = begin_with(session, right_mechanism(), data);
	EXPECT_OK(p11->C_DestroyObject(session, data));
	return ended(session, rv);
}

/* Another login's private key: nobody else so much as sees it. */
static CK_RV init_unseen(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, CKF_RW_SESSION);
	CK_RV rv = begin_with(session, right_mechanism(), right_key());

	EXPECT_OK(begin_with(session, NULL, 0));
	world_close(session);
	return rv;
}

BODY(init_other_type, session)
{
	return ended(session, begin_with(session, right_mechanism(), world_secret(KEY_HKDF)));
}

BODY(init_not_permitted, session)
{
	CK_OBJECT_HANDLE key = operation_table[now].class == CKO_SECRET_KEY ? make_useless(session)
			       : now == SIGN_RECOVER                        ? world_public(KEY_RSA)
									    : world_private(KEY_RSA);
	CK_RV rv = begin_with(session, right_mechanism(), key);

	if (operation_table[now].class == CKO_SECRET_KEY)
		EXPECT_OK(p11->C_DestroyObject(session, key));
	return ended(session, rv);
}

static const struct provocation any_init[] = {
	PROVOKE(, CKR_OK, "all is right", init_right),
	PROVOKE(, CKR_OK, "without a mechanism, nothing active", init_nothing),
	PROVOKE(, CKR_OK, "without a mechanism it cancels", init_cancels),
	PROVOKE(, CKR_OPERATION_ACTIVE, "twice; the first goes on", init_twice),
	PROVOKE(, CKR_OPERATION_ACTIVE, "twice, wrongly; the first goes on", init_twice_wrong),
	PROVOKE(, CKR_MECHANISM_INVALID, "a mechanism for something else", init_foreign),
	PROVOKE(, CKR_MECHANISM_INVALID, "a mechanism of nobody's", init_unknown),
	PROVOKE(, CKR_MECHANISM_PARAM_INVALID, "a parameter of the wrong length", init_parameter),
};

static const struct provocation keyed_init[] = {
	PROVOKE(, CKR_KEY_HANDLE_INVALID, "no key", init_no_key),
	PROVOKE(, CKR_KEY_HANDLE_INVALID, "a key that is no more", init_destroyed_key),
	PROVOKE(, CKR_KEY_HANDLE_INVALID, "a data object", init_data),
	PROVOKE(, CKR_KEY_HANDLE_INVALID, "a private key that nobody logged in for", init_unseen),
	PROVOKE(, CKR_KEY_TYPE_INCONSISTENT, "a key of another type", init_other_type),
	PROVOKE(, CKR_KEY_FUNCTION_NOT_PERMITTED, "a key that may not", init_not_permitted),
};

/* ---- single-part functions with output ---- */

#define OUT_MAX 512

/* 32 bytes, of which an update of a cipher gives at least one block. */
static CK_BYTE blocks[32] = { 1, 2, 3 };

BODY(single_right, session)
{
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin(session));
	rv = ATTEMPT(single(session, in, in_len, out, &len));
	return ended(session, rv);
}

BODY(single_length, session)
{
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_ULONG len = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin(session));
	rv = ATTEMPT(single(session, in, in_len, NULL, &len));
	EXPECT(len >= 16);
	EXPECT_OK(single(session, in, in_len, NULL, &len));
	return rv == CKR_OK ? still_alive(session, rv) : ended(session, rv);
}

BODY(single_short, session)
{
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = 1;
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin(session));
	fill(out);
	rv = single(session, in, in_len, out, &len);
	EXPECT(len > 1 && len <= sizeof(out) && untouched(out));
	/* The length is one that serves, and one less does not. */
	len--;
	if (now != DECRYPT && now != VERIFY_RECOVER)
		EXPECT_RV(CKR_BUFFER_TOO_SMALL, single(session, in, in_len, out, &len));
	EXPECT(untouched(out));
	return still_alive(session, rv);
}

BODY(single_no_length, session)
{
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE out[OUT_MAX];

	EXPECT_OK(begin(session));
	fill(out);
	EXPECT_RV(CKR_ARGUMENTS_BAD, single(session, in, in_len, out, NULL));
	EXPECT(untouched(out));
	return ended(session, CKR_ARGUMENTS_BAD);
}

BODY(single_no_data, session)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin(session));
	fill(out);
	rv = single(session, NULL, 5, out, &len);
	EXPECT(untouched(out) && len == sizeof(out));
	return ended(session, rv);
}

BODY(single_not_begun, session)
{
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	fill(out);
	rv = single(session, in, in_len, out, &len);
	EXPECT(untouched(out) && len == sizeof(out));
	return rv;
}

/* That another one is active is no help, and no harm to it. */
BODY(single_of_another, session)
{
	const enum operation mine = now;
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	now = mine == DIGEST ? SIGN : DIGEST;
	EXPECT_OK(begin(session));
	now = mine;
	rv = single(session, in, in_len, out, &len);
	now = mine == DIGEST ? SIGN : DIGEST;
	EXPECT(is_alive(session));
	now = mine;
	return rv;
}

/* §5.8.2 and its like: "without intervening C_…Update calls". */
BODY(single_after_update, session)
{
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);

	EXPECT_OK(begin(session));
	EXPECT_OK(update(session, in, in_len, out, &len));
	len = sizeof(out);
	return ended(session, single(session, in, in_len, out, &len));
}

BODY(single_ended, session)
{
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);

	EXPECT_OK(whole(session));
	return single(session, in, in_len, out, &len);
}

BODY(single_key_destroyed, session)
{
	CK_OBJECT_HANDLE key = make_right(session, CK_FALSE);
	CK_SESSION_HANDLE other = world_open(USER, CKF_RW_SESSION);
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin_with(session, right_mechanism(), key));
	EXPECT_OK(p11->C_DestroyObject(other, key));
	rv = single(session, in, in_len, out, &len);
	world_close(other);
	return rv;
}

static const struct provocation any_single[] = {
	PROVOKE(, CKR_OK, "all is right", single_right),
	PROVOKE(, CKR_OK, "a question for the length; it goes on", single_length),
	PROVOKE(, CKR_BUFFER_TOO_SMALL, "too little room; it goes on", single_short),
	PROVOKE(, CKR_ARGUMENTS_BAD, "no place for the length", single_no_length),
	PROVOKE(, CKR_ARGUMENTS_BAD, "no data, but a length", single_no_data),
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "not begun", single_not_begun),
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "another operation was begun", single_of_another),
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "it has ended", single_ended),
};
static const struct provocation parts_single[] = {
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "after a part", single_after_update),
};
static const struct provocation keyed_single[] = {
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "another session destroyed its key", single_key_destroyed),
};

/* ---- parts ---- */

/* All of the input in parts of `size` bytes, and the end; compares with what one part gives. */
static CK_RV in_parts(CK_SESSION_HANDLE session, CK_ULONG size)
{
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE one[OUT_MAX], parts[OUT_MAX];
	CK_ULONG one_len = sizeof(one), got = 0, len = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin(session));
	EXPECT_OK(single(session, in, in_len, one, &one_len));
	EXPECT_OK(begin(session));
	for (CK_ULONG at = 0; at < in_len && rv == CKR_OK; at += size) {
		len = sizeof(parts) - got;
		rv = ATTEMPT(
			update(session, in + at, in_len - at < size ? in_len - at : size, parts + got, &len));
		got += now == ENCRYPT || now == DECRYPT ? len : 0;
	}
	if (rv != CKR_OK)
		return ended(session, rv);
	len = sizeof(parts) - got;
	EXPECT_OK(final(session, parts + got, &len));
	got += len;
	EXPECT(got == one_len && memcmp(parts, one, got) == 0);
	return ended(session, rv);
}

BODY(update_right, session)
{
	if (now != VERIFY)
		return in_parts(session, 7);
	EXPECT_OK(begin(session));
	return ATTEMPT(update(session, blocks, 1, NULL, NULL));
}

BODY(update_nothing, session)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);

	EXPECT_OK(begin(session));
	return ATTEMPT(update(session, NULL, 0, out, &len));
}

BODY(update_no_data, session)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);

	EXPECT_OK(begin(session));
	return ended(session, update(session, NULL, 5, out, &len));
}

BODY(update_not_begun, session)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);

	return update(session, blocks, 1, out, &len);
}

BODY(update_ended, session)
{
	EXPECT_OK(whole(session));
	return update_not_begun_in(session);
}

BODY(update_key_destroyed, session)
{
	CK_OBJECT_HANDLE key = make_right(session, CK_FALSE);

	EXPECT_OK(begin_with(session, right_mechanism(), key));
	EXPECT_OK(p11->C_DestroyObject(session, key));
	return update_not_begun_in(session);
}

static const struct provocation any_update[] = {
	PROVOKE(, CKR_OK, "part by part", update_right),
	PROVOKE(, CKR_OK, "a part of nothing", update_nothing),
	PROVOKE(, CKR_ARGUMENTS_BAD, "no data, but a length", update_no_data),
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "not begun", update_not_begun),
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "it has ended", update_ended),
};
static const struct provocation keyed_update[] = {
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "its key was destroyed", update_key_destroyed),
};

BODY(update_length, session)
{
	CK_ULONG len = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin(session));
	rv = ATTEMPT(update(session, blocks, sizeof(blocks), NULL, &len));
	EXPECT(len >= 16 && len <= 48);
	return rv == CKR_OK ? still_alive(session, rv) : rv;
}

BODY(update_short, session)
{
	CK_BYTE out[64];
	CK_ULONG len = 1;
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin(session));
	fill(out);
	rv = update(session, blocks, sizeof(blocks), out, &len);
	EXPECT(len >= 16 && len <= 48 && untouched(out));
	return still_alive(session, rv);
}

BODY(update_no_length, session)
{
	CK_BYTE out[64];

	EXPECT_OK(begin(session));
	fill(out);
	EXPECT_RV(CKR_ARGUMENTS_BAD, update(session, blocks, sizeof(blocks), out, NULL));
	EXPECT(untouched(out));
	return ended(session, CKR_ARGUMENTS_BAD);
}

static const struct provocation cipher_update[] = {
	PROVOKE(, CKR_OK, "a question for the length; it goes on", update_length),
	PROVOKE(, CKR_BUFFER_TOO_SMALL, "too little room; it goes on", update_short),
	PROVOKE(, CKR_ARGUMENTS_BAD, "no place for the length", update_no_length),
};

/* ---- the end of parts ---- */

/* Begun and fed; what is to come gives output. */
static void feed(CK_SESSION_HANDLE session)
{
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);

	EXPECT_OK(begin(session));
	EXPECT_OK(update(session, in, in_len, out, &len));
}

BODY(final_right, session)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	feed(session);
	rv = ATTEMPT(final(session, out, &len));
	return ended(session, rv);
}

/* Nothing was fed: that is a message of no bytes, where there are such. */
BODY(final_of_nothing, session)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin(session));
	rv = ATTEMPT(final(session, out, &len));
	return ended(session, rv);
}

BODY(final_length, session)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = 0;
	CK_RV rv = CKR_OK;

	feed(session);
	rv = ATTEMPT(final(session, NULL, &len));
	if (rv != CKR_OK)
		return ended(session, rv);
	EXPECT(len != 0);
	EXPECT_OK(final(session, NULL, &len));
	EXPECT_OK(final(session, out, &len));
	return ended(session, rv);
}

BODY(final_short, session)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = 1;
	CK_RV rv = CKR_OK;

	feed(session);
	fill(out);
	rv = final(session, out, &len);
	EXPECT(len > 1 && untouched(out));
	EXPECT_OK(final(session, out, &len));
	return ended(session, rv);
}

BODY(final_no_length, session)
{
	CK_BYTE out[OUT_MAX];

	feed(session);
	EXPECT_RV(CKR_ARGUMENTS_BAD, final(session, out, NULL));
	return ended(session, CKR_ARGUMENTS_BAD);
}

BODY(final_not_begun, session)
{
	CK_BYTE out[OUT_MAX];
	CK_ULONG len = sizeof(out);

	return final(session, out, &len);
}

BODY(final_ended, session)
{
	EXPECT_OK(whole(session));
	return final_not_begun_in(session);
}

BODY(final_key_destroyed, session)
{
	CK_OBJECT_HANDLE key = make_right(session, CK_TRUE);
	CK_SESSION_HANDLE other = world_open(USER, CKF_RW_SESSION);

	EXPECT_OK(begin_with(session, right_mechanism(), key));
	EXPECT_OK(p11->C_DestroyObject(other, key));
	world_close(other);
	return final_not_begun_in(session);
}

static const struct provocation any_final[] = {
	PROVOKE(, CKR_OK, "all is right", final_right),
	PROVOKE(, CKR_OK, "a question for the length; it goes on", final_length),
	PROVOKE(, CKR_BUFFER_TOO_SMALL, "too little room; it goes on", final_short),
	PROVOKE(, CKR_ARGUMENTS_BAD, "no place for the length", final_no_length),
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "not begun", final_not_begun),
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "it has ended", final_ended),
};
static const struct provocation empty_final[] = {
	PROVOKE(, CKR_OK, "without a part", final_of_nothing),
};
static const struct provocation keyed_final[] = {
	PROVOKE(, CKR_OPERATION_NOT_INITIALIZED, "another session destroyed its key", final_key_destroyed),
};

#define FOR(operation, function, rows) provoke_for(operation, function, rows, COUNT(rows))

int main(int argc, char **argv)
{
	static const bool keyed[OPERATIONS] = {
		[ENCRYPT] = true, [DECRYPT] = true,      [SIGN] = true,
		[VERIFY] = true,  [SIGN_RECOVER] = true, [VERIFY_RECOVER] = true
	};

	world_begin(argc, argv);
	world_populate();
	for (enum operation op = 0; op < OPERATIONS; op++) {
		const bool parts = operation_table[op].name[UPDATE] != NULL;

		FOR(op, INIT, any_init);
		if (keyed[op])
			FOR(op, INIT, keyed_init);
		if (op != VERIFY) {
			FOR(op, SINGLE, any_single);
			if (parts)
				FOR(op, SINGLE, parts_single);
			if (keyed[op])
				FOR(op, SINGLE, keyed_single);
		}
		if (parts) {
			FOR(op, UPDATE, any_update);
			if (keyed[op])
				FOR(op, UPDATE, keyed_update);
		}
		if (op == ENCRYPT || op == DECRYPT)
			FOR(op, UPDATE, cipher_update);
		if (parts && op != VERIFY) {
			FOR(op, FINAL, any_final);
			if (keyed[op])
				FOR(op, FINAL, keyed_final);
			if (op != DECRYPT)
				FOR(op, FINAL, empty_final);
		}
	}
	world_result(world_failures() == 0, "all else was as expected", NULL);
	return world_end();
}
