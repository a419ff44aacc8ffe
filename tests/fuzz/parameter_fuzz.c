/*
 * Mechanisms from strangers: whatever is taken lends nothing but what the caller has,
 * and what is refused leaves the output alone.
 *
 * The input: four bytes for the mechanism, by its number, one whose bits say whether the structure has its
 * right size, is there and is aligned; the structure; then for each pointer in it a byte
 * for what becomes of it (NULL, a block, a block with a length that is none, or the bytes
 * as they came, for numbers), and the block.
 */
#include "fuzz.h"

#include <ashlar/pkcs11.h>

#include "front/pkcs11/mechanism_priv.h"
#include "front/pkcs11/parameter_priv.h"

#define BLOCKS 8

/* Where a structure has a pointer and its length. */
struct pointer {
	size_t at, len_at;
	size_t fixed; /* what it points at has this size */
};

#define POINTER(type, pointer, len)                             \
	{                                                       \
		offsetof(type, pointer), offsetof(type, len), 0 \
	}

struct form {
	size_t size; /* 0: plain bytes */
	struct pointer pointer[4];
	unsigned pointers;
};

/* As C_WrapKey takes them besides. */
static const struct form gcm_wrap = { sizeof(CK_GCM_WRAP_PARAMS),
				      { POINTER(CK_GCM_WRAP_PARAMS, pIv, ulIvLen),
					POINTER(CK_GCM_WRAP_PARAMS, pAAD, ulAADLen) },
				      2 };
static const struct form ccm_wrap = { sizeof(CK_CCM_WRAP_PARAMS),
				      { POINTER(CK_CCM_WRAP_PARAMS, pNonce, ulNonceLen),
					POINTER(CK_CCM_WRAP_PARAMS, pAAD, ulAADLen) },
				      2 };

static const struct form forms[ASH_PARAM_KINDS] = {
	[ASH_PARAM_GCM] = { sizeof(CK_GCM_PARAMS),
			    { POINTER(CK_GCM_PARAMS, pIv, ulIvLen), POINTER(CK_GCM_PARAMS, pAAD, ulAADLen) },
			    2 },
	[ASH_PARAM_EDDSA] = { sizeof(CK_EDDSA_PARAMS),
			      { POINTER(CK_EDDSA_PARAMS, pContextData, ulContextDataLen) },
			      1 },
	[ASH_PARAM_ML_DSA] = { sizeof(CK_SIGN_ADDITIONAL_CONTEXT),
			       { POINTER(CK_SIGN_ADDITIONAL_CONTEXT, pContext, ulContextLen) },
			       1 },
	[ASH_PARAM_PSS] = { sizeof(CK_RSA_PKCS_PSS_PARAMS), { { 0 } }, 0 },
	[ASH_PARAM_OAEP] = { sizeof(CK_RSA_PKCS_OAEP_PARAMS),
			     { POINTER(CK_RSA_PKCS_OAEP_PARAMS, pSourceData, ulSourceDataLen) },
			     1 },
	[ASH_PARAM_CTR] = { sizeof(CK_AES_CTR_PARAMS), { { 0 } }, 0 },
	[ASH_PARAM_CCM] = { sizeof(CK_CCM_PARAMS),
			    { POINTER(CK_CCM_PARAMS, pNonce, ulNonceLen),
			      POINTER(CK_CCM_PARAMS, pAAD, ulAADLen) },
			    2 },
	[ASH_PARAM_LENGTH] = { sizeof(CK_MAC_GENERAL_PARAMS), { { 0 } }, 0 },
	[ASH_PARAM_ECDH] = { sizeof(CK_ECDH1_DERIVE_PARAMS),
			     { POINTER(CK_ECDH1_DERIVE_PARAMS, pSharedData, ulSharedDataLen),
			       POINTER(CK_ECDH1_DERIVE_PARAMS, pPublicData, ulPublicDataLen) },
			     2 },
	[ASH_PARAM_HKDF] = { sizeof(CK_HKDF_PARAMS),
			     { POINTER(CK_HKDF_PARAMS, pSalt, ulSaltLen),
			       POINTER(CK_HKDF_PARAMS, pInfo, ulInfoLen) },
			     2 },
	[ASH_PARAM_PBKDF2] = { sizeof(CK_PKCS5_PBKD2_PARAMS2),
			       { POINTER(CK_PKCS5_PBKD2_PARAMS2, pSaltSourceData, ulSaltSourceDataLen),
				 POINTER(CK_PKCS5_PBKD2_PARAMS2, pPrfData, ulPrfDataLen),
				 POINTER(CK_PKCS5_PBKD2_PARAMS2, pPassword, ulPasswordLen) },
			       3 },
	[ASH_PARAM_RSA_AES] = { sizeof(CK_RSA_AES_KEY_WRAP_PARAMS),
				{ { offsetof(CK_RSA_AES_KEY_WRAP_PARAMS, pOAEPParams), 0,
				    sizeof(CK_RSA_PKCS_OAEP_PARAMS) } },
				1 },
};

/* Blocks of exactly their size, so that a sanitizer sees their ends. */
static struct {
	uint8_t *memory, *data;
	size_t len;
} blocks[BLOCKS];
static unsigned block_count;

static uint8_t *new_block(struct ash_span content, size_t off)
{
	uint8_t *memory = malloc(content.len + off + (content.len + off == 0));

	HOLDS(memory != NULL && block_count < BLOCKS);
	if (content.len != 0)
		memcpy(memory + off, content.data, content.len);
	blocks[block_count].memory = memory;
	blocks[block_count].data = memory + off;
	blocks[block_count++].len = content.len;
	return memory + off;
}

static void free_blocks(void)
{
	while (block_count != 0)
		free(blocks[--block_count].memory);
}

static const CK_ULONG no_lengths[] = { (CK_ULONG)-1, (CK_ULONG)1 << 57, (CK_ULONG)-1 / 2, (CK_ULONG)-8 };

static void set_pointer(uint8_t *structure, const struct pointer *pointer, struct ash_span *in)
{
	const uint8_t how = fuzz_byte(in);
	struct ash_span content = fuzz_block(in);
	const void *data = NULL;
	CK_ULONG len = content.len;

	if (pointer->fixed != 0) {
		uint8_t whole[64] = { 0 };

		HOLDS(pointer->fixed <= sizeof(whole));
		memcpy(whole, content.data, len < pointer->fixed ? len : pointer->fixed);
		/* The pointer in it, too: to what there is. */
		memset(whole + offsetof(CK_RSA_PKCS_OAEP_PARAMS, pSourceData), 0, sizeof(void *));
		if ((how & 2) != 0)
			set_pointer(whole, &forms[ASH_PARAM_OAEP].pointer[0], in);
		if ((how & 1) == 0)
			data = new_block(ash_span(whole, pointer->fixed), how >> 7);
		memcpy(structure + pointer->at, &data, sizeof(data));
		return;
	}
	if ((how & 1) == 0)
		data = new_block(content, 0);
	if ((how & 6) == 6)
		len = no_lengths[how >> 3 & 3];
	memcpy(structure + pointer->at, &data, sizeof(data));
	memcpy(structure + pointer->len_at, &len, sizeof(len));
}

/* By its number, which seeds have; what is none is taken for a place in the table. */
static const struct ash_mechanism_row *pick_row(struct ash_span *in)
{
	const struct ash_mechanism_row *row = NULL;
	uint32_t number = 0;

	for (int i = 0; i < 4; i++)
		number = number << 8 | fuzz_byte(in);
	row = ash_mechanism_find(number);
	return row != NULL ? row : ash_mechanism_at(number % ash_mechanism_count());
}

static const struct form *pick_form(const struct ash_mechanism_row *row, bool wrap)
{
	if (wrap && row->param == ASH_PARAM_GCM)
		return &gcm_wrap;
	if (wrap && row->param == ASH_PARAM_CCM)
		return &ccm_wrap;
	return &forms[row->param];
}

static CK_MECHANISM read_input(struct ash_span *in, bool *ret_wrap)
{
	const struct ash_mechanism_row *row = pick_row(in);
	const uint8_t how = fuzz_byte(in);
	const struct form *form = pick_form(row, (how & 0x20) != 0);
	CK_MECHANISM given = { .mechanism = (how & 0x40) != 0 ? 0x87654321 : row->type };
	uint8_t structure[128] = { 0 };
	struct ash_span content = form->size != 0 ? fuzz_bytes(in, form->size) : fuzz_block(in);

	if (form->size == 0 ||
	    (how & 1) != 0) { /* plain bytes, also where a structure is wanted: of another size */
		if (form->size != 0 && content.len == form->size)
			content.len--;
		given.pParameter = new_block(content, how >> 7);
		given.ulParameterLen = content.len;
	} else {
		if (content.len != 0)
			memcpy(structure, content.data, content.len);
		for (unsigned i = 0; i < form->pointers; i++)
			set_pointer(structure, &form->pointer[i], in);
		given.pParameter = new_block(ash_span(structure, form->size), how >> 7);
		given.ulParameterLen = form->size;
	}
	*ret_wrap = (how & 0x20) != 0;
	if ((how & 2) != 0)
		given.pParameter = NULL;
	if ((how & 0xc) == 0xc)
		given.ulParameterLen = no_lengths[how >> 4 & 3];
	return given;
}

/* Within one of the blocks, all of it; or nothing. */
static void check_lent(struct ash_span span)
{
	bool found = span.len == 0;

	for (unsigned i = 0; i < block_count; i++)
		found = found ||
			(span.data >= blocks[i].data && span.data <= blocks[i].data + blocks[i].len &&
			 span.len <= (size_t)(blocks[i].data + blocks[i].len - span.data));
	HOLDS(found);
}

static void check_taken(const CK_MECHANISM *given, const struct ash_mechanism *got)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(got->type);
	const struct ash_span lent[] = { got->params.iv,    got->params.aad,  got->params.context,
					 got->params.label, got->derive.peer, got->derive.shared,
					 got->derive.salt,  got->derive.info, got->derive.password,
					 got->derive.data };

	HOLDS(row != NULL && got->type == given->mechanism);
	for (size_t i = 0; i < ASH_COUNT(lent); i++)
		check_lent(lent[i]);
	HOLDS(got->params.context.len <= 255 && got->params.counter_bits <= 128);
	HOLDS(got->derive.aes_bits % 64 == 0 && got->derive.aes_bits <= 256);
	/* What the table says of it: an answer, and the same one each time. */
	HOLDS(ash_mechanism_check_params(row, &got->params).code ==
	      ash_mechanism_check_params(row, &got->params).code);
	ash_ignore(ash_mechanism_check_derivation(row, &got->derive));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ash_span in = ash_span(data, len);
	struct ash_nonce_wish wish = { .place = NULL };
	bool wrap = false;
	const CK_MECHANISM given = read_input(&in, &wrap);
	struct ash_mechanism got, untouched;
	struct ash_status status;

	memset(&got, 0xee, sizeof(got));
	untouched = got;
	status = wrap ? ash_mechanism_read_wrap(&given, &got, &wish) : ash_mechanism_read(&given, &got);
	if (ash_is_ok(status)) {
		check_taken(&given, &got);
		check_lent(ash_span(wish.place, wish.len));
		HOLDS(wish.place == NULL ||
		      (wish.len <= ASH_NONCE_MADE_MAX && wish.fixed_bits <= 8 * wish.len));
	} else {
		HOLDS(status.code == ASH_E_MECHANISM_PARAM || status.code == ASH_E_MECHANISM);
		HOLDS((status.code == ASH_E_MECHANISM) == (ash_mechanism_find(given.mechanism) == NULL));
		HOLDS(memcmp(&got, &untouched, sizeof(got)) == 0);
	}
	free_blocks();
	return 0;
}
