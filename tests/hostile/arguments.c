/*
 * The values that are tried for each kind of argument, and the memory behind them.
 */
#include "hostile.h"

#define BLOCKS_MAX 256
#define ROOM       4096u /* more than any output of what is tried here */
#define DATA_LEN   32u

/* Lengths with which a product or a sum goes over the edge; the first two may be true ones. */
static const CK_ULONG huge[] = {
	(CK_ULONG)1 << 31,    ((CK_ULONG)1 << 32) + 1, (CK_ULONG)-1 / sizeof(CK_ATTRIBUTE) + 1,
	(CK_ULONG)-1 / 8 + 1, (CK_ULONG)-1 - 15,       (CK_ULONG)-1,
};

struct block {
	uint8_t *memory; /* as allocated */
	uint8_t *data;
	uint8_t *first; /* its content before a call */
	size_t len;
	bool written; /* by a success */
};

static struct block blocks[BLOCKS_MAX];
static unsigned block_count;

static void forget_blocks(void)
{
	while (block_count != 0) {
		struct block *block = &blocks[--block_count];

		free(block->memory);
		free(block->first);
	}
}

/* A block of its own whose end is the memory's end, `off` bytes from where it is aligned. */
static struct block *add_block(const void *content, size_t len, size_t off, bool written)
{
	struct block *block = &blocks[block_count++];

	if (block_count > BLOCKS_MAX)
		abort();
	block->memory = malloc(len + off);
	block->first = malloc(len);
	if (block->memory == NULL || block->first == NULL)
		abort();
	block->data = block->memory + off;
	block->len = len;
	block->written = written;
	if (content != NULL)
		memcpy(block->first, content, len);
	else
		memset(block->first, 0xa5, len);
	memcpy(block->data, block->first, len);
	return block;
}

static CK_ULONG address(const struct block *block)
{
	return (CK_ULONG)(uintptr_t)block->data;
}

void arguments_restore(void)
{
	for (unsigned i = 0; i < block_count; i++)
		memcpy(blocks[i].data, blocks[i].first, blocks[i].len);
}

bool arguments_unchanged(bool all)
{
	for (unsigned i = 0; i < block_count; i++)
		if ((all || !blocks[i].written) &&
		    memcmp(blocks[i].data, blocks[i].first, blocks[i].len) != 0)
			return false;
	return true;
}

static void add(struct values *values, CK_ULONG value)
{
	if (values->count >= VALUES_MAX)
		abort();
	values->value[values->count++] = value;
}

static bool is(const struct function *function, const char *name)
{
	return strcmp(function->name, name) == 0;
}

/* ---- mechanisms ---- */

static CK_BYTE iv[16];
static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static CK_HKDF_PARAMS hkdf = { .bExpand = CK_TRUE, .prfHashMechanism = CKM_SHA256 };

static const struct {
	const char *function;
	CK_MECHANISM mechanism;
} good_mechanisms[] = {
	{ "C_Encrypt", { CKM_AES_CBC, iv, sizeof(iv) } },
	{ "C_Decrypt", { CKM_AES_CBC, iv, sizeof(iv) } },
	{ "C_Digest", { CKM_SHA256, NULL, 0 } },
	{ "C_Sign", { CKM_AES_CMAC, NULL, 0 } },
	{ "C_Verify", { CKM_AES_CMAC, NULL, 0 } },
	{ "C_GenerateKeyPair", { CKM_EC_KEY_PAIR_GEN, NULL, 0 } },
	{ "C_GenerateKey", { CKM_AES_KEY_GEN, NULL, 0 } },
	{ "C_DeriveKey", { CKM_HKDF_DERIVE, &hkdf, sizeof(hkdf) } },
	{ "C_EncapsulateKey", { CKM_ML_KEM, NULL, 0 } },
	{ "C_DecapsulateKey", { CKM_ML_KEM, NULL, 0 } },
	{ "C_", { CKM_AES_KEY_WRAP_KWP, NULL, 0 } },
};

static CK_MECHANISM good_mechanism(const struct function *function)
{
	size_t i = 0;

	while (strncmp(function->name, good_mechanisms[i].function, strlen(good_mechanisms[i].function)) != 0)
		i++;
	return good_mechanisms[i].mechanism;
}

static void add_mechanism(struct values *values, CK_MECHANISM_TYPE type, const void *parameter, size_t len,
			  CK_ULONG claimed, size_t off)
{
	CK_MECHANISM mechanism = { type, NULL, claimed };

	if (parameter != NULL)
		mechanism.pParameter = add_block(parameter, len, off, false)->data;
	add(values, address(add_block(&mechanism, sizeof(mechanism), off, false)));
}

/* Lengths inside of a parameter: of an IV, of data to be authenticated. */
static void add_gcm(struct values *values, CK_ULONG iv_len, CK_ULONG aad_len)
{
	CK_GCM_PARAMS gcm = { .ulIvLen = iv_len, .ulAADLen = aad_len, .ulTagBits = 128 };

	gcm.pIv = add_block(iv, 12, 0, false)->data;
	gcm.pAAD = add_block(iv, sizeof(iv), 0, false)->data;
	add_mechanism(values, CKM_AES_GCM, &gcm, sizeof(gcm), sizeof(gcm), 0);
}

static void add_mechanisms(const struct function *function, struct values *values)
{
	const CK_MECHANISM good = good_mechanism(function);

	add_mechanism(values, good.mechanism, good.pParameter, good.ulParameterLen, good.ulParameterLen, 0);
	add_mechanism(values, good.mechanism, good.pParameter, good.ulParameterLen, good.ulParameterLen, 1);
	add_mechanism(values, 0x12345678, NULL, 0, 0, 0);
	add_mechanism(values, CKM_AES_CBC, NULL, 0, 16, 0);
	add_mechanism(values, CKM_AES_CBC, iv, sizeof(iv), (CK_ULONG)1 << 32, 0);
	add_mechanism(values, CKM_AES_CBC, iv, sizeof(iv), (CK_ULONG)-1, 0);
	add_mechanism(values, CKM_AES_KEY_WRAP, iv, sizeof(iv), (CK_ULONG)1 << 31, 0);
	add_gcm(values, (CK_ULONG)1 << 31, sizeof(iv));
	add_gcm(values, 12, (CK_ULONG)-1);
}

/* ---- templates ---- */

#define ATTRIBUTES 3

static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG len)
{
	return (CK_ATTRIBUTE){ type, add_block(value, len, 0, true)->data, len };
}

static CK_ATTRIBUTE number(CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	return attribute(type, &value, sizeof(value));
}

/* With what the function needs, and a label, so that it works. */
static void good_template(const struct function *function, unsigned argument, CK_ATTRIBUTE to[ATTRIBUTES])
{
	to[0] = attribute(CKA_LABEL, "label", 5);
	to[1] = attribute(CKA_ID, "\1\2\3", 3);
	to[2] = attribute(CKA_APPLICATION, "a", 1);
	if (is(function, "C_CreateObject")) {
		to[1] = number(CKA_CLASS, CKO_DATA);
	} else if (is(function, "C_GenerateKeyPair")) {
		to[2] = attribute(CKA_TOKEN, "\0", 1);
		if (argument == 2)
			to[1] = attribute(CKA_EC_PARAMS, p256, sizeof(p256));
	} else if (is(function, "C_GenerateKey")) {
		to[2] = number(CKA_VALUE_LEN, 16);
	} else if (!is(function, "C_GetAttributeValue") && !is(function, "C_SetAttributeValue") &&
		   !is(function, "C_FindObjectsInit") && !is(function, "C_CopyObject")) {
		to[0] = number(CKA_CLASS, CKO_SECRET_KEY);
		to[1] = number(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
		to[2] = is(function, "C_DeriveKey") ? number(CKA_VALUE_LEN, 16)
						    : attribute(CKA_LABEL, "label", 5);
	} else {
		to[2] = attribute(CKA_COPYABLE, "\1", 1);
	}
}

static void add_template(struct values *values, const CK_ATTRIBUTE *attributes, size_t off)
{
	add(values, address(add_block(attributes, ATTRIBUTES * sizeof(*attributes), off, true)));
}

/* A template that has itself in it. */
static void add_loop(struct values *values)
{
	CK_ATTRIBUTE attributes[ATTRIBUTES];
	struct block *block = add_block(NULL, sizeof(attributes), 0, true);

	for (size_t i = 0; i < ATTRIBUTES; i++)
		attributes[i] = (CK_ATTRIBUTE){ CKA_WRAP_TEMPLATE, block->data, sizeof(attributes) };
	memcpy(block->first, attributes, sizeof(attributes));
	add(values, address(block));
}

static void add_templates(const struct function *function, unsigned argument, struct values *values)
{
	static const CK_ULONG lengths[] = { (CK_ULONG)1 << 31, ((CK_ULONG)1 << 32) + 3, (CK_ULONG)-1 };
	CK_ATTRIBUTE good[ATTRIBUTES];

	good_template(function, argument, good);
	add_template(values, good, 0);
	add_template(values, good, 1);
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		CK_ATTRIBUTE bad[ATTRIBUTES];

		memcpy(bad, good, sizeof(bad));
		bad[1].ulValueLen = lengths[i];
		add_template(values, bad, 0);
	}
	good[1].pValue = NULL;
	add_template(values, good, 0);
	add_loop(values);
}

/* ---- the rest ---- */

static void add_objects(const struct function *function, const struct good *good, struct values *values)
{
	CK_OBJECT_HANDLE object = good->aes;

	if (is(function, "C_DeriveKey"))
		object = good->secret;
	if (is(function, "C_EncapsulateKey"))
		object = good->kem_public;
	if (is(function, "C_DecapsulateKey"))
		object = good->kem_private;
	add(values, object);
	add(values, 0);
	add(values, (CK_ULONG)-1);
}

static void add_numbers(const struct parameter *parameter, struct values *values)
{
	/* Without it a good call would wait for a slot event that never comes. */
	const CK_ULONG always = strcmp(parameter->name, "flags") == 0 ? CKF_DONT_BLOCK : 0;

	add(values, always);
	add(values, (CKF_SERIAL_SESSION | CKF_RW_SESSION));
	if (always != 0)
		values->value[1] |= values->value[0];
	add(values, CKU_USER | always);
	add(values, (CK_ULONG)-1);
	add(values, (CK_ULONG)1 << 32 | always);
}

/* A length that could be true of data that is processed: then it is read, to wherever that leads. */
static bool may_be_true(const struct parameter *data, enum state state)
{
	static const char *const processed[] = { "pData",          "pPart", "pEncryptedData",
						 "pEncryptedPart", "pSeed", "RandomData" };

	for (size_t i = 0; i < COUNT_OF(processed); i++)
		if (strcmp(data->name, processed[i]) == 0)
			return state >= PUBLIC && state <= OFFICER;
	return false;
}

static void add_lengths(const struct parameter *of, enum state state, struct values *values)
{
	const CK_ULONG good = of->kind == TEMPLATE              ? ATTRIBUTES
			      : of->kind == MANY                ? 8
			      : strstr(of->name, "Pin") != NULL ? sizeof(PIN) - 1
								: DATA_LEN;

	add(values, good);
	add(values, 0);
	for (size_t i = may_be_true(of, state) ? 2 : 0; i < COUNT_OF(huge); i++)
		add(values, huge[i]);
}

static void add_counts(struct values *values)
{
	const CK_ULONG rooms[] = { ROOM / sizeof(CK_ULONG), 0, (CK_ULONG)-1 };

	for (size_t i = 0; i < COUNT_OF(rooms); i++)
		add(values, address(add_block(&rooms[i], sizeof(rooms[i]), 0, true)));
}

static void add_pointers(const struct function *function, unsigned i, struct values *values)
{
	static const CK_BYTE text[64] = "PKCS 11";
	static const CK_BYTE data[DATA_LEN] = { 1 };
	const struct parameter *parameter = &function->parameter[i];
	const bool pin = strstr(parameter->name, "Pin") != NULL;

	switch (parameter->kind) {
	case MECHANISM: add_mechanisms(function, values); break;
	case TEMPLATE: add_templates(function, i, values); break;
	case BYTES:
		add(values, address(pin ? add_block(PIN, sizeof(PIN) - 1, 0, false)
					: add_block(data, sizeof(data), 0, false)));
		break;
	case ALONE: add(values, address(add_block(text, sizeof(text), 0, false))); break;
	case INPUT: add(values, address(add_block(NULL, parameter->size, 0, false))); break;
	case ONE:
		add(values, address(add_block(NULL, parameter->size, 0, true)));
		if (parameter->size > sizeof(CK_ULONG))
			add(values, address(add_block(NULL, parameter->size, 1, true)));
		break;
	case MANY: add(values, address(add_block(NULL, ROOM, 0, true))); break;
	case COUNT: add_counts(values); break;
	default: abort();
	}
	add(values, 0);
}

static bool always_reads(const struct function *function)
{
	return is(function, "C_Initialize") || is(function, "C_GetFunctionList") ||
	       is(function, "C_GetInterfaceList") || is(function, "C_GetInterface");
}

void arguments_make(const struct function *function, enum state state, const struct good *good,
		    struct values *values)
{
	forget_blocks();
	for (unsigned i = 0; i < function->parameters; i++) {
		const struct parameter *parameter = &function->parameter[i];
		struct values *to = &values[i];

		to->count = 0;
		switch (parameter->kind) {
		case SESSION:
			add(to, good->session);
			add(to, 0);
			add(to, (CK_ULONG)-1);
			break;
		case OBJECT: add_objects(function, good, to); break;
		case SLOT:
			add(to, good->slot);
			add(to, (CK_ULONG)-1);
			break;
		case NUMBER: add_numbers(parameter, to); break;
		case LENGTH: add_lengths(parameter - 1, state, to); break;
		case CALLBACK:
			add(to, 0);
			add(to, 1);
			break;
		default: add_pointers(function, i, to);
		}
		/* Where nothing may be read, nothing need be there. */
		if (parameter->kind >= MECHANISM && (state == FRESH || state >= FINALIZED) &&
		    !always_reads(function))
			add(to, 8);
	}
}
