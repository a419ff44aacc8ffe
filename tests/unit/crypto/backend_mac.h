/* MACs: their beginnings alone, CMAC, GMAC. */
#pragma once

#include "crypto/backend_sign.h"
#include "crypto/backend_tools.h"

static bool is_mac(const struct sample *sample)
{
	return sample->spec.kind == ASH_KEY_SECRET;
}

TEST(a_mac_may_be_cut)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		struct ash_params params = params_of(&signers[i]);
		uint32_t whole_len = (uint32_t)ash_alg_signature_len(signers[i].alg, &signers[i].spec);
		uint8_t whole[SIGNATURE_MAX];
		void *sign = NULL;
		void *verify = NULL;

		if (!is_mac(&signers[i]) || !offered(ASH_OP_SIGN, &signers[i]))
			continue;
		EXPECT_NUMBER(whole_len, make_signature(&signers[i], whole));
		sign = sample_op(ASH_OP_SIGN, &signers[i]);
		verify = sample_op(ASH_OP_VERIFY, &signers[i]);
		for (params.tag_len = 1; params.tag_len <= whole_len; params.tag_len++) {
			uint8_t cut[ASH_HASH_MAX];
			size_t room = ash_alg_finish_max(ASH_OP_SIGN, signers[i].alg, &signers[i].spec,
							 params.tag_len, 0, message().len);
			size_t len = 0;

			EXPECT_NUMBER(params.tag_len, room);
			EXPECT_OK(one_shot(sign, &params, message(), ash_mut(cut, room), &len));
			EXPECT_SPAN(ash_span(whole, params.tag_len), ash_span(cut, len));
			EXPECT_OK(check(verify, &params, message(), ash_span(cut, len)));
			cut[len - 1] ^= 1;
			EXPECT_CODE(ASH_E_SIGNATURE, check(verify, &params, message(), ash_span(cut, len)));
			EXPECT_CODE(ASH_E_SIGNATURE_LEN,
				    check(verify, &params, message(), ash_span(whole, len - 1)));
			EXPECT_CODE(ASH_E_SIGNATURE_LEN,
				    check(verify, &params, message(), ash_span(whole, len + 1)));
		}
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(sign, &params)); /* one more than there is */
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(verify, &params));
		params.tag_len = UINT32_MAX;
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(verify, &params));
		ops->op_free(sign);
		ops->op_free(verify);
	}
}

TEST(cmac_of_rfc_4493)
{
	static const struct {
		size_t len;
		const char *tag;
	} row[] = {
		{ 0, "bb1d6929e95937287fa37d129b756746" },
		{ 16, "070a16b46b4d4144f79bdd9dd04a287c" },
		{ 40, "dfa66747de9ae63030ca32611497c827" },
		{ 64, "51f0bebf7e3b9d92fc49741779363cfe" },
	};
	const struct sample cmac = { "", BYTES(16), ALG(AES_CMAC, NONE) };
	struct ash_span in = HEX("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
				 "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
	void *key = NULL;
	void *op = NULL;

	if (!offered(ASH_OP_SIGN, &cmac))
		return;
	key = load_secret(HEX("2b7e151628aed2a6abf7158809cf4f3c"));
	op = new_op(ASH_OP_SIGN, cmac.alg, key);
	ops->key_free(lib(), key);
	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		uint8_t room[16];
		uint8_t out[16];
		size_t len = 0;

		EXPECT_OK(one_shot(op, NULL, ash_span(in.data, row[i].len), ash_mut(out, sizeof(out)), &len));
		EXPECT_SPAN(hex(row[i].tag, ash_mut(room, sizeof(room))), ash_span(out, len));
	}
	ops->op_free(op);
}

TEST(gmac_is_gcm_of_nothing)
{
	static const size_t iv_lens[] = { 12, 1, 16, 128, 12 };
	const struct sample gmac = { "", BYTES(32), ALG(AES_GMAC, NONE) };
	const struct sample gcm = { "", BYTES(32), ALG(AES_GCM, NONE) };
	struct ash_params params = params_of(&gmac);
	void *mac = NULL;
	void *seal = NULL;

	if (!offered(ASH_OP_SIGN, &gmac) || !offered(ASH_OP_ENCRYPT, &gcm))
		return;
	mac = sample_op(ASH_OP_SIGN, &gmac);
	seal = sample_op(ASH_OP_ENCRYPT, &gcm);
	for (size_t i = 0; i < ASH_COUNT(iv_lens); i++) {
		const struct ash_params as_gcm = { .iv = text(iv_lens[i]),
						   .aad = text(10 * i),
						   .tag_len = 16 };
		uint8_t one[16];
		uint8_t two[16];
		size_t len = 0;

		params.iv = text(iv_lens[i]);
		EXPECT_OK(one_shot(mac, &params, text(10 * i), ash_mut(one, sizeof(one)), &len));
		EXPECT_OK(one_shot(seal, &as_gcm, ASH_SPAN_NONE, ash_mut(two, sizeof(two)), &len));
		EXPECT_SPAN(SPAN(two), SPAN(one));
	}
	params.iv = ASH_SPAN_NONE;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(mac, &params));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(mac, NULL));
	params.iv = text(129);
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(mac, &params));
	ops->op_free(mac);
	ops->op_free(seal);
}
