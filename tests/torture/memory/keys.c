/*
 * Keys: used, generated, wrapped, derived and agreed on.
 */
#include "world.h"

static CK_BYTE text[512] = "a text that is long enough for some blocks of any cipher";
static CK_BYTE iv[16] = "an initial value";

static CK_ATTRIBUTE label_act = { CKA_LABEL, (void *)(uintptr_t)WORLD_LABEL, sizeof(WORLD_LABEL) - 1 };

static CK_OBJECT_HANDLE *another(struct world *world)
{
	CK_OBJECT_HANDLE *handle = &world->made[world->made_count];

	*handle = 0;
	return handle;
}

static CK_RV made(struct world *world, CK_RV rv)
{
	if (rv == CKR_OK)
		world->made_count++;
	return rv;
}

/* ---- there and back ---- */

static CK_RV crypt_whole(struct world *world, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE there,
			 CK_OBJECT_HANDLE back, CK_ULONG len)
{
	CK_ULONG out_len = sizeof(world->out), back_len = sizeof(world->back);
	CK_RV rv = world->p11.C_EncryptInit(world->session, mechanism, there);

	NEXT(rv, world->p11.C_Encrypt(world->session, text, len, world->out, &out_len));
	NEXT(rv, world->p11.C_DecryptInit(world->session, mechanism, back));
	NEXT(rv, world->p11.C_Decrypt(world->session, world->out, out_len, world->back, &back_len));
	if (rv == CKR_OK && (back_len != len || memcmp(world->back, text, len) != 0))
		return CKR_WRONG;
	return rv;
}

static CK_RV crypt_parts(struct world *world, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_ULONG len)
{
	CK_ULONG first = sizeof(world->out), last = 0, got = sizeof(world->back), rest = 0;
	CK_RV rv = world->p11.C_EncryptInit(world->session, mechanism, key);

	NEXT(rv, world->p11.C_EncryptUpdate(world->session, text, len, world->out, &first));
	last = sizeof(world->out) - first;
	NEXT(rv, world->p11.C_EncryptFinal(world->session, world->out + first, &last));
	NEXT(rv, world->p11.C_DecryptInit(world->session, mechanism, key));
	NEXT(rv, world->p11.C_DecryptUpdate(world->session, world->out, first + last, world->back, &got));
	rest = sizeof(world->back) - got;
	NEXT(rv, world->p11.C_DecryptFinal(world->session, world->back + got, &rest));
	if (rv == CKR_OK && (got + rest != len || memcmp(world->back, text, len) != 0))
		return CKR_WRONG;
	return rv;
}

static CK_RV aes_cbc(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
	CK_RV rv = crypt_whole(world, &mechanism, world->secret[KEY_AES], world->secret[KEY_AES], 300);

	NEXT(rv, crypt_parts(world, &mechanism, world->secret[KEY_AES], 300));
	return rv;
}

static CK_RV aes_ctr(struct world *world)
{
	CK_AES_CTR_PARAMS params = { .ulCounterBits = 128, .cb = "counter" };
	CK_MECHANISM mechanism = { CKM_AES_CTR, &params, sizeof(params) };

	return crypt_parts(world, &mechanism, world->secret[KEY_AES], 300);
}

static CK_RV aes_gcm(struct world *world)
{
	CK_GCM_PARAMS params = {
		.pIv = iv, .ulIvLen = 12, .ulIvBits = 96, .pAAD = text, .ulAADLen = 20, .ulTagBits = 128
	};
	CK_MECHANISM mechanism = { CKM_AES_GCM, &params, sizeof(params) };
	CK_RV rv = crypt_whole(world, &mechanism, world->secret[KEY_AES], world->secret[KEY_AES], 300);

	NEXT(rv, crypt_parts(world, &mechanism, world->secret[KEY_AES], 300));
	return rv;
}

static CK_RV aes_ccm(struct world *world)
{
	CK_CCM_PARAMS params = {
		.ulDataLen = 300, .pNonce = iv, .ulNonceLen = 12, .pAAD = text, .ulAADLen = 20, .ulMACLen = 16
	};
	CK_MECHANISM mechanism = { CKM_AES_CCM, &params, sizeof(params) };
	CK_ULONG out_len = sizeof(world->out);
	CK_RV rv = world->p11.C_EncryptInit(world->session, &mechanism, world->secret[KEY_AES]);

	NEXT(rv, world->p11.C_Encrypt(world->session, text, 300, world->out, &out_len));
	return rv;
}

static CK_RV rsa_oaep(struct world *world)
{
	CK_RSA_PKCS_OAEP_PARAMS params = { .hashAlg = CKM_SHA_1,
					   .mgf = CKG_MGF1_SHA1,
					   .source = CKZ_DATA_SPECIFIED };
	CK_MECHANISM mechanism = { CKM_RSA_PKCS_OAEP, &params, sizeof(params) };

	return crypt_whole(world, &mechanism, world->public[KEY_RSA], world -> secret[KEY_RSA], 32);
}

static CK_RV rsa_pkcs1(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };

	return crypt_whole(world, &mechanism, world->public[KEY_RSA], world -> secret[KEY_RSA], 32);
}

/* ---- signatures ---- */

static CK_RV sign_whole(struct world *world, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
			CK_OBJECT_HANDLE public, CK_ULONG len)
{
	CK_ULONG out_len = sizeof(world->out);
	CK_RV rv = world->p11.C_SignInit(world->session, mechanism, key);

	NEXT(rv, world->p11.C_Sign(world->session, text, len, world->out, &out_len));
	NEXT(rv, world->p11.C_VerifyInit(world->session, mechanism, public));
	NEXT(rv, world->p11.C_Verify(world->session, text, len, world->out, out_len));
	return rv;
}

static CK_RV sign_parts(struct world *world, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
			CK_OBJECT_HANDLE public)
{
	CK_ULONG out_len = sizeof(world->out);
	CK_RV rv = world->p11.C_SignInit(world->session, mechanism, key);

	NEXT(rv, world->p11.C_SignUpdate(world->session, text, 100));
	NEXT(rv, world->p11.C_SignUpdate(world->session, text + 100, 200));
	NEXT(rv, world->p11.C_SignFinal(world->session, world->out, &out_len));
	NEXT(rv, world->p11.C_VerifyInit(world->session, mechanism, public));
	NEXT(rv, world->p11.C_VerifyUpdate(world->session, text, 300));
	NEXT(rv, world->p11.C_VerifyFinal(world->session, world->out, out_len));
	return rv;
}

static CK_RV hmac(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_SHA256_HMAC, NULL, 0 };
	CK_RV rv = sign_whole(world, &mechanism, world->secret[KEY_HMAC], world->secret[KEY_HMAC], 300);

	NEXT(rv, sign_parts(world, &mechanism, world->secret[KEY_HMAC], world->secret[KEY_HMAC]));
	return rv;
}

static CK_RV cmac(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_AES_CMAC, NULL, 0 };

	return sign_whole(world, &mechanism, world->secret[KEY_AES], world->secret[KEY_AES], 300);
}

static CK_RV rsa_sign(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_RV rv = sign_whole(world, &mechanism, world->secret[KEY_RSA], world->public[KEY_RSA], 300);

	NEXT(rv, sign_parts(world, &mechanism, world->secret[KEY_RSA], world->public[KEY_RSA]));
	return rv;
}

static CK_RV rsa_pss(struct world *world)
{
	CK_RSA_PKCS_PSS_PARAMS params = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM mechanism = { CKM_SHA256_RSA_PKCS_PSS, &params, sizeof(params) };

	return sign_whole(world, &mechanism, world->secret[KEY_RSA], world->public[KEY_RSA], 300);
}

static CK_RV rsa_recover(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };
	CK_ULONG out_len = sizeof(world->out), back_len = sizeof(world->back);
	CK_RV rv = world->p11.C_SignRecoverInit(world->session, &mechanism, world->secret[KEY_RSA]);

	NEXT(rv, world->p11.C_SignRecover(world->session, text, 32, world->out, &out_len));
	NEXT(rv, world->p11.C_VerifyRecoverInit(world->session, &mechanism, world->public[KEY_RSA]));
	NEXT(rv, world->p11.C_VerifyRecover(world->session, world->out, out_len, world->back, &back_len));
	return rv == CKR_OK && back_len != 32 ? CKR_WRONG : rv;
}

static CK_RV ecdsa(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };

	return sign_whole(world, &mechanism, world->secret[KEY_EC], world->public[KEY_EC], 32);
}

static CK_RV ecdsa_sha256(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_ECDSA_SHA256, NULL, 0 };

	return sign_parts(world, &mechanism, world->secret[KEY_EC], world->public[KEY_EC]);
}

/* The user's PIN for each signature. */
static CK_RV ecdsa_always(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_ULONG out_len = sizeof(world->out);
	CK_RV rv = world->p11.C_SignInit(world->session, &mechanism, world->secret[KEY_EC_ALWAYS]);

	NEXT(rv, world->p11.C_Login(world->session, CKU_CONTEXT_SPECIFIC, USER_PIN));
	NEXT(rv, world->p11.C_Sign(world->session, text, 32, world->out, &out_len));
	return rv;
}

static CK_RV eddsa(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_EDDSA, NULL, 0 };

	return sign_whole(world, &mechanism, world->secret[KEY_ED25519], world->public[KEY_ED25519], 300);
}

static CK_RV ml_dsa(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_ML_DSA, NULL, 0 };

	return sign_whole(world, &mechanism, world->secret[KEY_ML_DSA], world->public[KEY_ML_DSA], 300);
}

/* ---- two operations at once ---- */

static CK_RV digest_and_encrypt(struct world *world)
{
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_MECHANISM cbc = { CKM_AES_CBC, iv, sizeof(iv) };
	CK_ULONG len = sizeof(world->out), back_len = sizeof(world->back), digest_len = 32;
	CK_BYTE one[32], other[32];
	CK_RV rv = world->p11.C_DigestInit(world->session, &sha256);

	NEXT(rv, world->p11.C_EncryptInit(world->session, &cbc, world->secret[KEY_AES]));
	NEXT(rv, world->p11.C_DigestEncryptUpdate(world->session, text, 160, world->out, &len));
	NEXT(rv, world->p11.C_EncryptFinal(world->session, world->back, &back_len));
	NEXT(rv, world->p11.C_DigestFinal(world->session, one, &digest_len));
	back_len = sizeof(world->back);
	NEXT(rv, world->p11.C_DigestInit(world->session, &sha256));
	NEXT(rv, world->p11.C_DecryptInit(world->session, &cbc, world->secret[KEY_AES]));
	NEXT(rv, world->p11.C_DecryptDigestUpdate(world->session, world->out, len, world->back, &back_len));
	back_len = sizeof(world->back);
	NEXT(rv, world->p11.C_DecryptFinal(world->session, world->back, &back_len));
	NEXT(rv, world->p11.C_DigestFinal(world->session, other, &digest_len));
	return rv == CKR_OK && memcmp(one, other, 32) != 0 ? CKR_WRONG : rv;
}

static CK_RV sign_and_encrypt(struct world *world)
{
	CK_MECHANISM mac = { CKM_SHA256_HMAC, NULL, 0 };
	CK_MECHANISM cbc = { CKM_AES_CBC, iv, sizeof(iv) };
	CK_ULONG len = sizeof(world->out), rest = sizeof(world->back), mac_len = 32;
	CK_BYTE made_mac[32];
	CK_RV rv = world->p11.C_SignInit(world->session, &mac, world->secret[KEY_HMAC]);

	NEXT(rv, world->p11.C_EncryptInit(world->session, &cbc, world->secret[KEY_AES]));
	NEXT(rv, world->p11.C_SignEncryptUpdate(world->session, text, 160, world->out, &len));
	NEXT(rv, world->p11.C_EncryptFinal(world->session, world->back, &rest));
	NEXT(rv, world->p11.C_SignFinal(world->session, made_mac, &mac_len));
	rest = sizeof(world->back);
	NEXT(rv, world->p11.C_VerifyInit(world->session, &mac, world->secret[KEY_HMAC]));
	NEXT(rv, world->p11.C_DecryptInit(world->session, &cbc, world->secret[KEY_AES]));
	NEXT(rv, world->p11.C_DecryptVerifyUpdate(world->session, world->out, len, world->back, &rest));
	rest = sizeof(world->back);
	NEXT(rv, world->p11.C_DecryptFinal(world->session, world->back, &rest));
	NEXT(rv, world->p11.C_VerifyFinal(world->session, made_mac, mac_len));
	return rv;
}

/* ---- new keys ---- */

static CK_RV generate_aes(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ULONG len = 32;
	CK_ATTRIBUTE template[] = { { CKA_VALUE_LEN, &len, sizeof(len) },
				    { CKA_TOKEN, &world_yes, sizeof(world_yes) },
				    label_act };

	return made(world, world->p11.C_GenerateKey(world->session, &mechanism, template, COUNT(template),
						    another(world)));
}

static CK_RV generate_pair(struct world *world, CK_MECHANISM_TYPE type, CK_ATTRIBUTE parameter)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };
	CK_ATTRIBUTE public[] = { { CKA_TOKEN, &world_yes, sizeof(world_yes) }, label_act, parameter };
	CK_ATTRIBUTE private[] = { { CKA_TOKEN, &world_yes, sizeof(world_yes) }, label_act };
	CK_OBJECT_HANDLE halves[2] = { 0, 0 };
	const CK_RV rv = world->p11.C_GenerateKeyPair(world->session, &mechanism, public, 3, private, 2,
						      &halves[0], &halves[1]);

	for (unsigned i = 0; rv == CKR_OK && i < 2; i++)
		world->made[world->made_count++] = halves[i];
	return rv;
}

static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static CK_BYTE ed25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };

static CK_RV generate_ec(struct world *world)
{
	return generate_pair(world, CKM_EC_KEY_PAIR_GEN, (CK_ATTRIBUTE){ CKA_EC_PARAMS, p256, sizeof(p256) });
}

static CK_RV generate_ed25519(struct world *world)
{
	return generate_pair(world, CKM_EC_EDWARDS_KEY_PAIR_GEN,
			     (CK_ATTRIBUTE){ CKA_EC_PARAMS, ed25519, sizeof(ed25519) });
}

static CK_RV generate_rsa(struct world *world)
{
	CK_ULONG bits = 2048;

	return generate_pair(world, CKM_RSA_PKCS_KEY_PAIR_GEN,
			     (CK_ATTRIBUTE){ CKA_MODULUS_BITS, &bits, sizeof(bits) });
}

static CK_RV generate_ml_dsa(struct world *world)
{
	CK_ULONG set = CKP_ML_DSA_65;

	return generate_pair(world, CKM_ML_DSA_KEY_PAIR_GEN,
			     (CK_ATTRIBUTE){ CKA_PARAMETER_SET, &set, sizeof(set) });
}

static CK_RV generate_ml_kem(struct world *world)
{
	CK_ULONG set = CKP_ML_KEM_768;

	return generate_pair(world, CKM_ML_KEM_KEY_PAIR_GEN,
			     (CK_ATTRIBUTE){ CKA_PARAMETER_SET, &set, sizeof(set) });
}

static CK_RV pbkdf2(struct world *world)
{
	CK_PKCS5_PBKD2_PARAMS2 params = {
		.saltSource = CKZ_SALT_SPECIFIED,
		.pSaltSourceData = text,
		.ulSaltSourceDataLen = 16,
		.iterations = 1000,
		.prf = CKP_PKCS5_PBKD2_HMAC_SHA256,
		.pPassword = text,
		.ulPasswordLen = 12,
	};
	CK_MECHANISM mechanism = { CKM_PKCS5_PBKD2, &params, sizeof(params) };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ULONG len = 32;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_KEY_TYPE, &type, sizeof(type) },
				    { CKA_VALUE_LEN, &len, sizeof(len) },
				    label_act };

	return made(world, world->p11.C_GenerateKey(world->session, &mechanism, template, COUNT(template),
						    another(world)));
}

/* ---- keys that go out and come in ---- */

static CK_RV unwrap(struct world *world, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE with,
		    CK_OBJECT_CLASS class, CK_KEY_TYPE type, CK_ULONG len)
{
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_KEY_TYPE, &type, sizeof(type) },
				    { CKA_TOKEN, &world_yes, sizeof(world_yes) },
				    label_act };

	return made(world, world->p11.C_UnwrapKey(world->session, mechanism, with, world->out, len, template,
						  COUNT(template), another(world)));
}

static CK_RV wrap_secret(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	CK_ULONG len = sizeof(world->out);
	CK_RV rv = world->p11.C_WrapKey(world->session, &mechanism, world->secret[KEY_AES],
					world->secret[KEY_HMAC], world->out, &len);

	NEXT(rv, unwrap(world, &mechanism, world->secret[KEY_AES], CKO_SECRET_KEY, CKK_GENERIC_SECRET, len));
	return rv;
}

static CK_RV wrap_private(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	CK_ULONG len = sizeof(world->out);
	CK_RV rv = world->p11.C_WrapKey(world->session, &mechanism, world->secret[KEY_AES],
					world->secret[KEY_EC], world->out, &len);

	NEXT(rv, unwrap(world, &mechanism, world->secret[KEY_AES], CKO_PRIVATE_KEY, CKK_EC, len));
	return rv;
}

static CK_RV wrap_rsa(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };
	CK_ULONG len = sizeof(world->out);
	CK_RV rv = world->p11.C_WrapKey(world->session, &mechanism, world->public[KEY_RSA],
					world -> secret[KEY_HMAC], world -> out, &len);

	NEXT(rv, unwrap(world, &mechanism, world->secret[KEY_RSA], CKO_SECRET_KEY, CKK_GENERIC_SECRET, len));
	return rv;
}

/* ---- derivation and agreement ---- */

static CK_RV derive(struct world *world, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE from)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_ULONG len = 32;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_KEY_TYPE, &type, sizeof(type) },
				    { CKA_VALUE_LEN, &len, sizeof(len) },
				    { CKA_TOKEN, &world_yes, sizeof(world_yes) },
				    label_act };

	return made(world, world->p11.C_DeriveKey(world->session, mechanism, from, template, COUNT(template),
						  another(world)));
}

static CK_RV agree(struct world *world, enum key key)
{
	CK_BYTE point[100];
	CK_ATTRIBUTE get = { CKA_EC_POINT, point, sizeof(point) };
	CK_ECDH1_DERIVE_PARAMS params = { .kdf = CKD_NULL, .pPublicData = point };
	CK_MECHANISM mechanism = { CKM_ECDH1_DERIVE, &params, sizeof(params) };
	CK_RV rv = world->p11.C_GetAttributeValue(world->session, world->public[key], &get, 1);

	params.ulPublicDataLen = get.ulValueLen;
	NEXT(rv, derive(world, &mechanism, world->secret[key]));
	return rv;
}

static CK_RV agree_ec(struct world *world)
{
	return agree(world, KEY_EC);
}

static CK_RV agree_x25519(struct world *world)
{
	return agree(world, KEY_X25519);
}

static CK_RV hkdf(struct world *world)
{
	CK_HKDF_PARAMS params = { .bExtract = CK_TRUE,
				  .bExpand = CK_TRUE,
				  .prfHashMechanism = CKM_SHA256,
				  .ulSaltType = CKF_HKDF_SALT_NULL,
				  .pInfo = text,
				  .ulInfoLen = 10 };
	CK_MECHANISM mechanism = { CKM_HKDF_DERIVE, &params, sizeof(params) };

	return derive(world, &mechanism, world->secret[KEY_HMAC]);
}

static CK_RV encapsulate(struct world *world)
{
	CK_MECHANISM mechanism = { CKM_ML_KEM, NULL, 0 };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_KEY_TYPE, &type, sizeof(type) },
				    label_act };
	CK_ULONG len = sizeof(world->out);
	CK_RV rv = CKR_FUNCTION_NOT_SUPPORTED;

	if (world->p11.C_EncapsulateKey == NULL)
		return rv;
	rv = made(world,
		  world->p11.C_EncapsulateKey(world->session, &mechanism, world->public[KEY_ML_KEM], template,
					      COUNT(template), world -> out, &len, another(world)));
	NEXT(rv, made(world, world->p11.C_DecapsulateKey(world->session, &mechanism,
							 world->secret[KEY_ML_KEM], template, COUNT(template),
							 world->out, len, another(world))));
	return rv;
}

const struct act key_acts[] = {
	{ .name = "aes-cbc", .run = aes_cbc, .key = KEY_AES },
	{ .name = "aes-ctr", .run = aes_ctr, .key = KEY_AES },
	{ .name = "aes-gcm", .run = aes_gcm, .key = KEY_AES },
	{ .name = "aes-ccm", .run = aes_ccm, .key = KEY_AES },
	{ .name = "rsa-oaep", .run = rsa_oaep, .key = KEY_RSA },
	{ .name = "rsa-pkcs1", .run = rsa_pkcs1, .key = KEY_RSA },
	{ .name = "hmac", .run = hmac, .key = KEY_HMAC },
	{ .name = "cmac", .run = cmac, .key = KEY_AES },
	{ .name = "rsa-sign", .run = rsa_sign, .key = KEY_RSA },
	{ .name = "rsa-pss", .run = rsa_pss, .key = KEY_RSA },
	{ .name = "rsa-recover", .run = rsa_recover, .key = KEY_RSA },
	{ .name = "ecdsa", .run = ecdsa, .key = KEY_EC },
	{ .name = "ecdsa-sha256", .run = ecdsa_sha256, .key = KEY_EC },
	{ .name = "ecdsa-always", .run = ecdsa_always, .key = KEY_EC_ALWAYS, .two = true },
	{ .name = "eddsa", .run = eddsa, .key = KEY_ED25519 },
	{ .name = "ml-dsa", .run = ml_dsa, .key = KEY_ML_DSA },
	{ .name = "digest-encrypt", .run = digest_and_encrypt, .key = KEY_AES, .two = true },
	{ .name = "sign-encrypt", .run = sign_and_encrypt, .key = KEY_AES, .two = true },
	{ .name = "generate-aes", .run = generate_aes, .key = KEY_NONE },
	{ .name = "generate-ec", .run = generate_ec, .key = KEY_NONE },
	{ .name = "generate-ed25519", .run = generate_ed25519, .key = KEY_NONE },
	{ .name = "generate-rsa", .run = generate_rsa, .key = KEY_NONE, .dear = true },
	{ .name = "generate-ml-dsa", .run = generate_ml_dsa, .key = KEY_NONE },
	{ .name = "generate-ml-kem", .run = generate_ml_kem, .key = KEY_NONE },
	{ .name = "pbkdf2", .run = pbkdf2, .key = KEY_NONE },
	{ .name = "wrap-secret", .run = wrap_secret, .key = KEY_AES },
	{ .name = "wrap-private", .run = wrap_private, .key = KEY_EC },
	{ .name = "wrap-rsa", .run = wrap_rsa, .key = KEY_RSA },
	{ .name = "agree-ec", .run = agree_ec, .key = KEY_EC },
	{ .name = "agree-x25519", .run = agree_x25519, .key = KEY_X25519 },
	{ .name = "hkdf", .run = hkdf, .key = KEY_HMAC },
	{ .name = "encapsulate", .run = encapsulate, .key = KEY_ML_KEM },
};
const size_t key_acts_count = COUNT(key_acts);
