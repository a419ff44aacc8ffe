/*
 * C_GenerateKey and C_GenerateKeyPair: here the key's place is taken by the template, right
 * or with one thing wrong in it.
 */
#pragma once

#include "tally.h"

#define TEMPLATE_MAX 6

struct templates {
	CK_ATTRIBUTE list[2][TEMPLATE_MAX]; /* the public or secret one; the private one */
	CK_ULONG count[2];
};

enum change {
	LEAVE,
	DROP,
	SET,    /* in the public or secret template: instead of what is there, or besides */
	REPEAT, /* besides what is there */
	SET_PRIVATE
};

#define PAIRS     ((1u << PAIR_KINDS) - 1)
#define SECRETS   (((1u << KINDS) - 1) & ~PAIRS)
#define CURVED    (KEY(EC) | KEY(EDWARDS) | KEY(MONTGOMERY))
#define SETS      (KEY(ML_DSA) | KEY(ML_KEM))
#define LONG_ONES (SECRETS & ~(KEY(AES) | KEY(GENERIC)))

static CK_BYTE oid_brainpool[] = { 0x06, 0x09, 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07 };
static CK_BYTE broken_oid[] = { 0x06, 0x7f, 0x2a };
static CK_ULONG numbers[] = { 0, 13, 15, 33, 99, 1024, 2049, SECRET_MAX + 1, 8200, 32 };
static CK_OBJECT_CLASS another_class = CKO_DATA;
static CK_KEY_TYPE another_type = CKK_DES3;
static CK_BYTE three[] = { 3 };
static CK_BYTE one[] = { 1 };
static CK_BYTE even[] = { 1, 0, 2 };

#define NUMBER(index) &numbers[index], sizeof(CK_ULONG)
#define BYTES(array)  array, sizeof(array)

static const struct template_row {
	const char *what;
	unsigned kinds;
	enum change change;
	CK_ATTRIBUTE attribute;
	CK_RV code[2]; /* either; CKR_OK: nothing is wrong */
} template_table[] = {
	{ "right", PAIRS | SECRETS, LEAVE, { 0, NULL, 0 }, { CKR_OK } },
	{ "without its size", PAIRS | SECRETS, DROP, { 0, NULL, 0 }, { CKR_TEMPLATE_INCOMPLETE } },
	{ "of no bytes", SECRETS, SET, { CKA_VALUE_LEN, NUMBER(0) }, { CKR_ATTRIBUTE_VALUE_INVALID } },
	{ "of 13 bytes", LONG_ONES, SET, { CKA_VALUE_LEN, NUMBER(1) }, { CKR_ATTRIBUTE_VALUE_INVALID } },
	{ "of 15 bytes", KEY(AES), SET, { CKA_VALUE_LEN, NUMBER(2) }, { CKR_ATTRIBUTE_VALUE_INVALID } },
	{ "of 33 bytes", KEY(AES), SET, { CKA_VALUE_LEN, NUMBER(3) }, { CKR_ATTRIBUTE_VALUE_INVALID } },
	{ "too long", SECRETS, SET, { CKA_VALUE_LEN, NUMBER(7) }, { CKR_ATTRIBUTE_VALUE_INVALID } },
	{ "of 0 bits", KEY(RSA), SET, { CKA_MODULUS_BITS, NUMBER(0) }, { CKR_ATTRIBUTE_VALUE_INVALID } },
	{ "of 1024 bits", KEY(RSA), SET, { CKA_MODULUS_BITS, NUMBER(5) }, { CKR_ATTRIBUTE_VALUE_INVALID } },
	{ "of 2049 bits", KEY(RSA), SET, { CKA_MODULUS_BITS, NUMBER(6) }, { CKR_ATTRIBUTE_VALUE_INVALID } },
	{ "of 8200 bits", KEY(RSA), SET, { CKA_MODULUS_BITS, NUMBER(8) }, { CKR_ATTRIBUTE_VALUE_INVALID } },
	/* §6.1.4 has its own word for exponents that the token can't use. */
	{ "e = 3", KEY(RSA), SET, { CKA_PUBLIC_EXPONENT, BYTES(three) }, { CKR_TEMPLATE_INCONSISTENT } },
	{ "e = 1", KEY(RSA), SET, { CKA_PUBLIC_EXPONENT, BYTES(one) }, { CKR_TEMPLATE_INCONSISTENT } },
	{ "e = 65538", KEY(RSA), SET, { CKA_PUBLIC_EXPONENT, BYTES(even) }, { CKR_TEMPLATE_INCONSISTENT } },
	{ "curve we lack",
	  CURVED,
	  SET,
	  { CKA_EC_PARAMS, BYTES(oid_brainpool) },
	  { CKR_CURVE_NOT_SUPPORTED } },
	{ "no curve", CURVED, SET, { CKA_EC_PARAMS, BYTES(broken_oid) }, { CKR_DOMAIN_PARAMS_INVALID } },
	{ "set 99", SETS, SET, { CKA_PARAMETER_SET, NUMBER(4) }, { CKR_PARAMETER_SET_NOT_SUPPORTED } },
	{ "another class",
	  PAIRS | SECRETS,
	  SET,
	  { CKA_CLASS, &another_class, sizeof(another_class) },
	  { CKR_TEMPLATE_INCONSISTENT } },
	{ "another type",
	  PAIRS | SECRETS,
	  SET,
	  { CKA_KEY_TYPE, &another_type, sizeof(another_type) },
	  { CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID } },
	{ "an attribute of nobody's",
	  PAIRS | SECRETS,
	  SET,
	  { 0x7fff1234, BYTES(one) },
	  { CKR_ATTRIBUTE_TYPE_INVALID } },
	{ "the token's own", PAIRS | SECRETS, SET, { CKA_LOCAL, &yes, 1 }, { CKR_ATTRIBUTE_READ_ONLY } },
	{ "the officer's", PAIRS | SECRETS, SET, { CKA_TRUSTED, &yes, 1 }, { CKR_ATTRIBUTE_READ_ONLY } },
	{ "the result",
	  SECRETS | SETS,
	  SET,
	  { CKA_VALUE, BYTES(one) },
	  { CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT } },
	{ "the private result",
	  PAIRS & ~KEY(RSA),
	  SET_PRIVATE,
	  { CKA_VALUE, BYTES(one) },
	  { CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT } },
	{ "another object's",
	  PAIRS | SECRETS,
	  SET,
	  { CKA_CERTIFICATE_TYPE, NUMBER(0) },
	  { CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID } },
	{ "the other half's",
	  PAIRS,
	  SET_PRIVATE,
	  { CKA_VERIFY, &yes, 1 },
	  { CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID } },
	{ "a truth of no bytes",
	  PAIRS | SECRETS,
	  SET,
	  { CKA_TOKEN, &no, 0 },
	  { CKR_ATTRIBUTE_VALUE_INVALID } },
	{ "two answers", SECRETS, REPEAT, { CKA_VALUE_LEN, NUMBER(2) }, { CKR_TEMPLATE_INCONSISTENT } },
	{ "private half of another type",
	  PAIRS,
	  SET_PRIVATE,
	  { CKA_KEY_TYPE, &another_type, sizeof(another_type) },
	  { CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID } },
};

/* The right templates for a kind. */
static struct templates templates_of(enum kind kind, bool typed)
{
	static CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
	static CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
	struct templates templates = { .count = { 1, 0 } };

	if (kind < PAIR_KINDS) {
		templates.list[0][0] = kind_table[kind].size;
		return templates;
	}
	templates.list[0][0] = (CK_ATTRIBUTE){ CKA_VALUE_LEN, NUMBER(9) };
	if (typed) {
		templates.list[0][1] = (CK_ATTRIBUTE){ CKA_CLASS, &secret, sizeof(secret) };
		templates.list[0][2] = (CK_ATTRIBUTE){ CKA_KEY_TYPE, &generic, sizeof(generic) };
		templates.count[0] = 3;
	}
	return templates;
}

static void change(struct templates *templates, const struct template_row *row)
{
	const size_t which = row->change == SET_PRIVATE;
	CK_ULONG at = 0;

	if (row->change == LEAVE)
		return;
	if (row->change == DROP) {
		templates->list[0][0] = templates->list[0][--templates->count[0]];
		return;
	}
	while (at < templates->count[which] &&
	       (row->change == REPEAT || templates->list[which][at].type != row->attribute.type))
		at++;
	templates->list[which][at] = row->attribute;
	templates->count[which] += at == templates->count[which];
}

static CK_RV generate(bool pair, CK_MECHANISM *mechanism, struct templates *templates,
		      CK_OBJECT_HANDLE made[2])
{
	made[0] = made[1] = UNTOUCHED;
	if (!pair)
		return guest.p11->C_GenerateKey(world.session, mechanism, templates->list[0],
						templates->count[0], &made[0]);
	return guest.p11->C_GenerateKeyPair(world.session, mechanism, templates->list[0], templates->count[0],
					    templates->list[1], templates->count[1], &made[0], &made[1]);
}

/* A generation by a mechanism that can't. */
static CK_RV generate_with(bool pair, CK_MECHANISM_TYPE type, void *param, CK_ULONG len)
{
	CK_MECHANISM mechanism = { type, param, len };
	struct templates templates = templates_of(pair ? RSA : AES, false);
	CK_OBJECT_HANDLE made[2];

	return generate(pair, &mechanism, &templates, made);
}

static const char *look_after_generation(bool pair, const CK_OBJECT_HANDLE made[2], CK_RV rv)
{
	const bool written = made[0] != UNTOUCHED || made[1] != UNTOUCHED;

	if (rv != CKR_OK)
		return written ? "a handle was written" : NULL;
	if (guest.p11->C_DestroyObject(world.session, made[0]) != CKR_OK)
		return "there is no new object";
	if (pair && guest.p11->C_DestroyObject(world.session, made[1]) != CKR_OK)
		return "there is no private key";
	return NULL;
}

static void generate_one(const struct expected *row, bool pair, const struct template_row *template,
			 const struct param *param)
{
	const CK_FLAGS flag = pair ? CKF_GENERATE_KEY_PAIR : CKF_GENERATE;
	CK_MECHANISM mechanism = { row->type, param->bytes, param->len };
	const bool does = (row->info.flags & flag) != 0;
	struct templates templates = templates_of(
		does ? (enum kind)__builtin_ctz(row->keys) : (pair ? RSA : AES), row->form == FORM_PBKDF2);
	struct wanted wanted = { .count = 0 };
	CK_OBJECT_HANDLE made[2];
	const char *why = "another answer";
	CK_RV rv = CKR_OK;

	if (!does)
		want(&wanted, CKR_MECHANISM_INVALID);
	if (!param->good)
		want(&wanted, CKR_MECHANISM_PARAM_INVALID);
	for (size_t i = 0; does && i < COUNT(template->code) && template->code[i] != CKR_OK; i++)
		want(&wanted, template->code[i]);
	if (does)
		change(&templates, template);
	rv = generate(pair, &mechanism, &templates, made);
	if (is_wanted(&wanted, rv))
		why = look_after_generation(pair, made, rv);
	tally.tried++;
	tally.good += why == NULL;
	tally.succeeded += rv == CKR_OK;
	tally.exact += wanted.count <= 1;
	if (why != NULL)
		complain(why, row->name, template->what, NULL, param->what, rv, &wanted);
}

/* Whether this template makes sense for what the mechanism makes. PBKDF2 makes any type and length. */
static bool concerns(const struct expected *row, bool pair, const struct template_row *template)
{
	if ((row->info.flags & (pair ? CKF_GENERATE_KEY_PAIR : CKF_GENERATE)) == 0)
		return template == template_table;
	return (row->keys & template->kinds) != 0;
}

static void sweep_generation(const struct expected *row)
{
	const CK_ULONG before = count_objects();
	const struct params params = params_of(row, NULL);

	for (unsigned pair = 0; pair < 2; pair++)
		for (size_t t = 0; t < COUNT(template_table); t++)
			for (size_t p = 0; p < params.count && concerns(row, pair != 0, &template_table[t]);
			     p++)
				generate_one(row, pair != 0, &template_table[t], &params.list[p]);
	if (count_objects() != before)
		complain("objects came or went", row->name, "generation", NULL, "", 0, NULL);
}
