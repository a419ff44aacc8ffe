/*
 * What may be wrapped: each wrapping mechanism, with a key that serves it, over every kind
 * of object, and over secret keys that are too short or too long for it or may not leave.
 */
#pragma once

#include "tally.h"

struct target {
	const char *what;
	struct key key;
	CK_ULONG len;  /* of a secret */
	CK_RV refused; /* what it answers whatever the mechanism */
};

/* What wraps private keys as well (§6.7), and how long what it wraps may be. */
static const struct wrap_row {
	CK_MECHANISM_TYPE type;
	bool private_keys;
	CK_ULONG least, most; /* bytes */
} wrap_table[] = {
	{ CKM_RSA_PKCS, false, 1, 256 - 11 },        { CKM_RSA_PKCS_OAEP, false, 1, 256 - 66 },
	{ CKM_RSA_AES_KEY_WRAP, true, 1, 1u << 20 }, { CKM_AES_ECB, false, 1, 1u << 20 },
	{ CKM_AES_CBC, false, 1, 1u << 20 },         { CKM_AES_CBC_PAD, true, 1, 1u << 20 },
	{ CKM_AES_GCM, true, 1, 1u << 20 },          { CKM_AES_CCM, true, 1, 1u << 20 },
	{ CKM_AES_KEY_WRAP, true, 9, 1u << 20 },     { CKM_AES_KEY_WRAP_PAD, true, 1, 1u << 20 },
	{ CKM_AES_KEY_WRAP_KWP, true, 1, 1u << 20 },
};

static CK_OBJECT_HANDLE make_target(CK_ULONG len, CK_ATTRIBUTE_TYPE attribute, CK_BBOOL value)
{
	static CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	static CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	static CK_BYTE bytes[1024] = { 7 };
	CK_BBOOL extractable = attribute == CKA_EXTRACTABLE ? value : CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_VALUE, bytes, len },
		{ CKA_EXTRACTABLE, &extractable, 1 },
		{ attribute, &value, 1 },
	};
	CK_OBJECT_HANDLE handle = 0;

	must("a target", guest.p11->C_CreateObject(world.session, template,
						   attribute == CKA_EXTRACTABLE ? 4 : 5, &handle));
	return handle;
}

static struct wanted judge_target(const struct wrap_row *row, const struct target *target)
{
	struct wanted wanted = { .count = 0 };

	if (target->refused != CKR_OK)
		want(&wanted, target->refused);
	else if (target->key.half == PRIVATE_HALF && !row->private_keys)
		want(&wanted, CKR_KEY_NOT_WRAPPABLE);
	else if (target->key.half == SECRET_KEY && (target->len < row->least || target->len > row->most))
		want(&wanted, CKR_KEY_SIZE_RANGE);
	return wanted;
}

static void wrap_target(const struct expected *mechanism, const struct wrap_row *row,
			const struct target *target)
{
	static const struct family *const family = &families[7];
	const struct params params = params_of(mechanism, NULL);
	const enum kind kind = (enum kind)__builtin_ctz(mechanism->keys);
	const CK_OBJECT_HANDLE wrapping = usable(kind, kind == RSA ? PUBLIC_HALF : SECRET_KEY);
	const struct wanted wanted = judge_target(row, target);
	size_t p = 0;
	CK_BYTE wrapped[4096];
	CK_ULONG len = sizeof(wrapped);
	CK_MECHANISM given = { mechanism->type, NULL, 0 };
	CK_RV rv = CKR_OK;

	while (!params.list[p].good)
		p++;
	given.pParameter = params.list[p].bytes;
	given.ulParameterLen = params.list[p].len;
	rv = guest.p11->C_WrapKey(world.session, &given, wrapping, target->key.handle, wrapped, &len);
	tally.tried++;
	tally.exact++;
	tally.succeeded += rv == CKR_OK;
	tally.good += is_wanted(&wanted, rv) && (rv == CKR_OK || len == sizeof(wrapped));
	if (!is_wanted(&wanted, rv))
		complain(target->what, mechanism->name, family->name, &target->key, "right", rv, &wanted);
	else if (rv != CKR_OK && len != sizeof(wrapped))
		complain("the length was written", mechanism->name, family->name, &target->key, "right", rv,
			 &wanted);
}

static void sweep_targets(const struct expected *mechanism)
{
	const struct key secret = { 0, GENERIC, SECRET_KEY, USABLE };
	struct target special[] = {
		{ "5 bytes", secret, 5, CKR_OK },
		{ "8 bytes", secret, 8, CKR_OK },
		{ "9 bytes", secret, 9, CKR_OK },
		{ "190 bytes", secret, 190, CKR_OK },
		{ "191 bytes", secret, 191, CKR_OK },
		{ "245 bytes", secret, 245, CKR_OK },
		{ "246 bytes", secret, 246, CKR_OK },
		{ "1024 bytes", secret, 1024, CKR_OK },
		{ "not extractable", secret, 16, CKR_KEY_UNEXTRACTABLE },
		{ "only with a trusted key", secret, 16, CKR_KEY_NOT_WRAPPABLE },
	};
	const struct wrap_row *row = wrap_table;

	if ((mechanism->info.flags & CKF_WRAP) == 0)
		return;
	while (row->type != mechanism->type)
		row++;
	for (size_t i = 0; i < world.count; i++) {
		const struct key *key = &world.key[i];
		const struct target target = { "an object", *key, 16,
					       key->half == NOT_A_KEY     ? CKR_KEY_HANDLE_INVALID
					       : key->half == PUBLIC_HALF ? CKR_KEY_NOT_WRAPPABLE
									  : CKR_OK };

		wrap_target(mechanism, row, &target);
	}
	for (size_t i = 0; i < COUNT(special); i++) {
		special[i].key.handle = make_target(
			special[i].len,
			special[i].refused == CKR_KEY_NOT_WRAPPABLE ? CKA_WRAP_WITH_TRUSTED : CKA_EXTRACTABLE,
			special[i].refused != CKR_KEY_UNEXTRACTABLE);
		wrap_target(mechanism, row, &special[i]);
		must("destroying", guest.p11->C_DestroyObject(world.session, special[i].key.handle));
	}
}
