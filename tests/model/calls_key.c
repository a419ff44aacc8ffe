/* Keys: §5.18. */
#include "calls.h"
#include "mechs.h"

/* ---- generation ---- */

static const uint8_t oid_p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const uint8_t oid_ed25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static const uint8_t oid_x25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x6e };

static CK_MECHANISM choose_generator(CK_MECHANISM_TYPE type, struct verdict *verdict)
{
	static uint8_t bytes[4];

	if (!chance(2))
		return (CK_MECHANISM){ type, NULL, 0 };
	why(verdict, CKR_MECHANISM_PARAM_INVALID);
	return (CK_MECHANISM){ type, bytes, sizeof(bytes) };
}

static void generate_key(void)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_KEY_TYPE key_type;
		CK_ULONG least, step, steps;
	} kinds[] = {
		{ CKM_AES_KEY_GEN, CKK_AES, 16, 8, 3 },
		{ CKM_AES_KEY_GEN, CKK_AES, 16, 8, 3 },
		{ CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, 14, 1, 50 },
		{ CKM_SHA256_KEY_GEN, CKK_SHA256_HMAC, 14, 1, 50 },
		{ CKM_HKDF_KEY_GEN, CKK_HKDF, 14, 1, 50 },
	};
	static struct plan plan;
	const uint64_t kind = choose(COUNT(kinds));
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE key = UNSET_HANDLE;
	struct session *session = choose_session(&verdict, &handle);
	CK_MECHANISM mechanism = choose_generator(kinds[kind].type, &verdict);
	const bool none = chance(2);

	plan_begin(&plan, GENERATED, CKO_SECRET_KEY, kinds[kind].key_type);
	plan.mechanism = kinds[kind].type;
	if (kinds[kind].type == CKM_AES_KEY_GEN && chance(4)) {
		template_number(&plan.template, A_VALUE_LEN, 17);
		why(&verdict, CKR_KEY_SIZE_RANGE);
		why(&verdict, CKR_ATTRIBUTE_VALUE_INVALID);
		why(&verdict, CKR_TEMPLATE_INCONSISTENT);
	} else if (chance(97)) {
		template_number(&plan.template, A_VALUE_LEN,
				kinds[kind].least + kinds[kind].step * choose(kinds[kind].steps));
	} else {
		why(&verdict, CKR_TEMPLATE_INCOMPLETE);
	}
	plan_finish(&plan, session, &verdict);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%#lx, %#lx, %s)", handle, mechanism.mechanism, template_text(&plan.template));
	if (CALL(&verdict, C_GenerateKey, handle, none ? NULL : &mechanism, plan.template.attrs,
		 plan.template.count, &key))
		plan_done(&plan, session, key, NULL, 0);
	else
		handle_untouched(key, "C_GenerateKey");
}

static CK_MECHANISM_TYPE plan_pair(struct plan *public, struct plan *private, CK_KEY_TYPE key_type)
{
	CK_MECHANISM_TYPE type = CKM_EC_KEY_PAIR_GEN;

	plan_begin(public, GENERATED, CKO_PUBLIC_KEY, key_type);
	plan_begin(private, GENERATED, CKO_PRIVATE_KEY, key_type);
	switch (key_type) {
	case CKK_EC: template_bytes(&public->template, A_EC_PARAMS, oid_p256, sizeof(oid_p256)); break;
	case CKK_EC_EDWARDS:
		type = CKM_EC_EDWARDS_KEY_PAIR_GEN;
		template_bytes(&public->template, A_EC_PARAMS, oid_ed25519, sizeof(oid_ed25519));
		break;
	case CKK_EC_MONTGOMERY:
		type = CKM_EC_MONTGOMERY_KEY_PAIR_GEN;
		template_bytes(&public->template, A_EC_PARAMS, oid_x25519, sizeof(oid_x25519));
		break;
	case CKK_ML_DSA:
		type = CKM_ML_DSA_KEY_PAIR_GEN;
		template_number(&public->template, A_PARAMETER_SET, CKP_ML_DSA_44);
		break;
	case CKK_ML_KEM:
		type = CKM_ML_KEM_KEY_PAIR_GEN;
		template_number(&public->template, A_PARAMETER_SET, CKP_ML_KEM_512);
		break;
	default:
		type = CKM_RSA_PKCS_KEY_PAIR_GEN;
		template_number(&public->template, A_MODULUS_BITS, 2048);
		break;
	}
	public->mechanism = private->mechanism = type;
	return type;
}

static void generate_pair(void)
{
	static const CK_KEY_TYPE usual[] = {
		CKK_EC, CKK_EC, CKK_EC_EDWARDS, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY, CKK_ML_KEM, CKK_ML_DSA
	};
	static struct plan public, private;
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE public_key = UNSET_HANDLE, private_key = UNSET_HANDLE;
	struct session *session = choose_session(&verdict, &handle);
	/* RSA keys take their time. */
	const CK_KEY_TYPE key_type = chance(4) ? CKK_RSA : usual[choose(COUNT(usual))];
	CK_MECHANISM mechanism = choose_generator(plan_pair(&public, &private, key_type), &verdict);
	const bool none = chance(2);
	const struct object *made = NULL;

	plan_finish(&public, session, &verdict);
	plan_finish(&private, session, &verdict);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%#lx, %#lx, %s; %s)", handle, mechanism.mechanism, template_text(&public.template),
	     template_text(&private.template));
	if (!CALL(&verdict, C_GenerateKeyPair, handle, &mechanism, public.template.attrs,
		  public.template.count, private.template.attrs, private.template.count, &public_key,
		  none ? NULL : &private_key)) {
		handle_untouched(public_key, "C_GenerateKeyPair");
		handle_untouched(private_key, "C_GenerateKeyPair");
		return;
	}
	made = plan_done(&public, session, public_key, NULL, 0);
	plan_done(&private, session, private_key, NULL, made->material);
}

/* ---- wrapping ---- */

enum {
	MEMOS = 48
};

/* A key that went out. */
static struct wrapped {
	const struct mech *mech; /* NULL: none */
	unsigned variant;
	uint64_t by, material;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
	size_t value_len, len;
	uint8_t bytes[RESULT_MAX];
} wraps[MEMOS];
static size_t wrap_count;

static bool wraps_private(const struct mech *mech)
{
	return mech->shape == S_PADDED || mech->shape == S_TAGGED || mech->shape == S_KW ||
	       mech->shape == S_KWP;
}

static size_t unit_of(const struct mech *mech)
{
	return mech->shape == S_BLOCKS ? 16 : mech->shape == S_KW ? 8 : 1;
}

static const struct mech *wanted_mech;
static enum op wanted_op;
static enum attr wanted_usage;

static bool is_wanted(const struct object *object)
{
	return mech_takes(wanted_mech, wanted_op, object) &&
	       (object_flag(object, wanted_usage) || chance(10));
}

static bool is_extractable(const struct object *object)
{
	return (object->class == CKO_SECRET_KEY || object->class == CKO_PRIVATE_KEY) &&
	       object_flag(object, A_EXTRACTABLE);
}

static bool is_key(const struct object *object)
{
	return object->class == CKO_SECRET_KEY || object->class == CKO_PRIVATE_KEY ||
	       object->class == CKO_PUBLIC_KEY;
}

/* The codes of one key's refusals differ by what it is asked for. */
static void why_used(struct verdict *verdict, const struct mech *mech, enum op half, enum attr usage,
		     const struct object *object, CK_RV handle, CK_RV type)
{
	if (object == NULL || !is_key(object)) {
		why(verdict, handle);
		return;
	}
	why_if(verdict, !mech_takes(mech, half, object), type);
	why_if(verdict, !object_flag(object, usage), CKR_KEY_FUNCTION_NOT_PERMITTED);
	why_if(verdict, !object_allows(object, mech->type), CKR_MECHANISM_INVALID);
	why_if(verdict, object_flag(object, A_ALWAYS_AUTHENTICATE), CKR_USER_NOT_LOGGED_IN);
}

static size_t value_len_of(const struct object *object)
{
	CK_ULONG len = 0;

	if (object->attrs[A_VALUE_LEN].state == KNOWN)
		memcpy(&len, object->attrs[A_VALUE_LEN].data, sizeof(len));
	return len;
}

static void why_wrapped(struct verdict *verdict, const struct mech *mech, const struct object *by,
			const struct object *object)
{
	if (object == NULL || !is_key(object)) {
		why(verdict, CKR_KEY_HANDLE_INVALID);
		return;
	}
	why_if(verdict, object->class == CKO_PUBLIC_KEY, CKR_KEY_NOT_WRAPPABLE);
	why_if(verdict, object->class != CKO_PUBLIC_KEY && !object_flag(object, A_EXTRACTABLE),
	       CKR_KEY_UNEXTRACTABLE);
	why_if(verdict, object->class == CKO_PRIVATE_KEY && !wraps_private(mech), CKR_KEY_NOT_WRAPPABLE);
	why_if(verdict,
	       object_flag(object, A_WRAP_WITH_TRUSTED) && (by == NULL || !object_flag(by, A_TRUSTED)),
	       CKR_KEY_NOT_WRAPPABLE);
}

/* What comes out, or SIZE_MAX: of a private key's encoding the model knows no length. */
static size_t wrapped_length(const struct mech *mech, const struct object *object)
{
	const size_t unit = unit_of(mech), len = value_len_of(object);

	return object->class == CKO_SECRET_KEY ? mech_length(mech, ENCRYPT, 0, (len + unit - 1) / unit * unit)
					       : SIZE_MAX;
}

static void remember_wrap(const struct mech *mech, unsigned variant, const struct object *by,
			  const struct object *object, const struct room *room)
{
	struct wrapped *wrapped = &wraps[wrap_count++ % MEMOS];

	*wrapped = (struct wrapped){
		.mech = mech,
		.variant = variant,
		.by = by->material,
		.material = object->material,
		.class = object->class,
		.key_type = object->key_type,
		.value_len = value_len_of(object),
		.len = room->len,
	};
	memcpy(wrapped->bytes, room->bytes, room->len);
}

static void wrap_key(void)
{
	static struct room room;
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE by_handle = 0, object_handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	const struct mech *mech = choose_mech(ENCRYPT);
	const unsigned variant = mech->param != P_NONE ? (unsigned)choose(3) : 0;
	const bool no_length = chance(2);
	struct parameter parameter;
	const struct object *by = NULL, *object = NULL;
	size_t need = SIZE_MAX;

	parameter_fill(&parameter, mech, variant);
	wanted_mech = mech;
	wanted_op = ENCRYPT;
	wanted_usage = A_WRAP;
	by = choose_object(session, is_wanted, CKR_WRAPPING_KEY_HANDLE_INVALID, &verdict, &by_handle);
	object = choose_object(session, is_extractable, CKR_KEY_HANDLE_INVALID, &verdict, &object_handle);
	if (session != NULL && (by == NULL || object == NULL) && chance(85))
		return;
	why_if(&verdict, mech->type == CKM_AES_CTR, CKR_MECHANISM_INVALID);
	why_used(&verdict, mech, ENCRYPT, A_WRAP, by, CKR_WRAPPING_KEY_HANDLE_INVALID,
		 CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
	why_wrapped(&verdict, mech, by, object);
	why_if(&verdict, no_length, CKR_ARGUMENTS_BAD);
	need = object != NULL ? wrapped_length(mech, object) : SIZE_MAX;
	if (object != NULL && object->class == CKO_SECRET_KEY && need == SIZE_MAX)
		why(&verdict, CKR_KEY_SIZE_RANGE);
	room_begin(&room, chance(12), need == SIZE_MAX || chance(80) ? RESULT_MAX : choose(need + 1));
	why_if(&verdict, room.data != NULL && need != SIZE_MAX && room.cap < need, CKR_BUFFER_TOO_SMALL);
	tell("(%#lx, %s variant %u, %#lx, %#lx, %s %zu)", handle, mech->name, variant, by_handle,
	     object_handle, room.data != NULL ? "room for" : "NULL", room.cap);
	(void)CALL(&verdict, C_WrapKey, handle, &parameter.mechanism, by_handle, object_handle, room.data,
		   no_length ? NULL : &room.len);
	room_judge(&room, judge_last, "C_WrapKey");
	if ((judge_last == CKR_OK || judge_last == CKR_BUFFER_TOO_SMALL) && need != SIZE_MAX &&
	    room.len != need)
		wrong("C_WrapKey: wanted %zu bytes, got %lu", need, room.len);
	if (judge_last == CKR_OK && room.data != NULL)
		remember_wrap(mech, variant, by, object, &room);
}

static const struct wrapped *wanted_wrap;

static bool opens_wrap(const struct object *object)
{
	return object->material == wanted_wrap->by && mech_takes(wanted_wrap->mech, DECRYPT, object) &&
	       (object_flag(object, A_UNWRAP) || chance(10));
}

static void unwrap_key(void)
{
	static struct plan plan;
	static uint8_t bytes[RESULT_MAX];
	const struct wrapped *wrapped = &wraps[choose(wrap_count < MEMOS ? wrap_count : MEMOS)];
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE by_handle = 0, key = UNSET_HANDLE;
	struct session *session = choose_session(&verdict, &handle);
	const struct object *by = NULL;
	struct parameter parameter;
	bool same = true;
	size_t len = wrapped->len;

	if (wrapped->mech == NULL)
		return;
	wanted_wrap = wrapped;
	parameter_fill(&parameter, wrapped->mech, wrapped->variant);
	by = choose_object(session, opens_wrap, CKR_UNWRAPPING_KEY_HANDLE_INVALID, &verdict, &by_handle);
	if (session != NULL && by == NULL && chance(90))
		return;
	memcpy(bytes, wrapped->bytes, len);
	if (chance(10)) {
		bytes[choose(len)] ^= 1;
		same = false;
	}
	if (chance(4)) {
		len -= 1 + choose(len - 1);
		same = false;
	}
	same = same && by != NULL && by->material == wrapped->by;
	plan_begin(&plan, UNWRAPPED, wrapped->class, wrapped->key_type);
	if (wrapped->class == CKO_SECRET_KEY && (unit_of(wrapped->mech) > 1 || chance(30)))
		template_number(&plan.template, A_VALUE_LEN, wrapped->value_len);
	plan_finish(&plan, session, &verdict);
	why_used(&verdict, wrapped->mech, DECRYPT, A_UNWRAP, by, CKR_UNWRAPPING_KEY_HANDLE_INVALID,
		 CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
	if (!same) {
		may(&verdict, CKR_WRAPPED_KEY_LEN_RANGE);
		may(&verdict, CKR_WRAPPED_KEY_INVALID);
		why_if(&verdict, wrapped->mech->sealed, CKR_WRAPPED_KEY_INVALID);
	}
	tell("(%#lx, %s variant %u, %#lx, %zu bytes%s, %s)", handle, wrapped->mech->name, wrapped->variant,
	     by_handle, len, same ? "" : " that are not what was wrapped", template_text(&plan.template));
	if (CALL(&verdict, C_UnwrapKey, handle, &parameter.mechanism, by_handle, exact(bytes, len), len,
		 plan.template.attrs, plan.template.count, &key))
		plan_done(&plan, session, key, NULL, same ? wrapped->material : 0);
	else
		handle_untouched(key, "C_UnwrapKey");
}

/* ---- derivation and encapsulation ---- */

/* Secrets that have to come out the same each time. */
static struct agreed {
	unsigned how;
	uint64_t one, other;
	size_t len;
	uint64_t material;
} agreements[128];
static size_t agreement_count;

static uint64_t agreed_material(unsigned how, uint64_t one, uint64_t other, size_t len)
{
	struct agreed *agreed = NULL;

	for (size_t i = 0; i < COUNT(agreements); i++) {
		agreed = &agreements[i];
		if (agreed->material != 0 && agreed->how == how && agreed->one == one &&
		    agreed->other == other && agreed->len == len)
			return agreed->material;
	}
	agreed = &agreements[agreement_count++ % COUNT(agreements)];
	*agreed = (struct agreed){ how, one, other, len, ++world.last_material };
	return agreed->material;
}

/* A secret of 16 to 32 bytes, its length told. */
static size_t plan_secret(struct plan *plan, enum making making, bool whole)
{
	const CK_KEY_TYPE key_type = chance(50) ? CKK_AES : CKK_GENERIC_SECRET;
	const size_t len = whole ? 32 : 16 + 8 * choose(3);

	plan_begin(plan, making, CKO_SECRET_KEY, key_type);
	if (!whole || chance(40))
		template_number(&plan->template, A_VALUE_LEN, len);
	return len;
}

/* What the derivation and encapsulation mechanisms ask of their keys. */
static const struct mech ecdh_x25519 = { CKM_ECDH1_DERIVE,
					 "CKM_ECDH1_DERIVE",
					 0,
					 CKK_EC_MONTGOMERY,
					 CKK_EC,
					 P_NONE,
					 S_DIGEST,
					 true,
					 true,
					 false,
					 0 };
static const struct mech hkdf = { CKM_HKDF_DERIVE,
				  "CKM_HKDF_DERIVE",
				  0,
				  CKK_HKDF,
				  CKK_GENERIC_SECRET,
				  P_NONE,
				  S_DIGEST,
				  true,
				  true,
				  false,
				  0 };
static const struct mech ml_kem = { CKM_ML_KEM, "CKM_ML_KEM", 0,    CKK_ML_KEM, CKK_ML_KEM, P_NONE,
				    S_DIGEST,   true,         true, false,      0 };

static CK_KEY_TYPE peer_type;

static bool is_peer(const struct object *object)
{
	return object->class == CKO_PUBLIC_KEY && object->key_type == peer_type;
}

static void derive_with(const struct mech *mech, CK_MECHANISM *mechanism, struct session *session,
			CK_SESSION_HANDLE handle, const struct object *base, CK_OBJECT_HANDLE base_handle,
			unsigned how, uint64_t other, struct verdict *verdict)
{
	static struct plan plan;
	CK_OBJECT_HANDLE key = UNSET_HANDLE;
	const size_t len = plan_secret(&plan, DERIVED, false);
	const bool none = chance(2);

	plan_finish(&plan, session, verdict);
	why_used(verdict, mech, DECRYPT, A_DERIVE, base, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT);
	why_if(verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%#lx, %s, %#lx, %s)", handle, mech->name, base_handle, template_text(&plan.template));
	if (CALL(verdict, C_DeriveKey, handle, mechanism, base_handle, plan.template.attrs,
		 plan.template.count, none ? NULL : &key)) {
		const uint64_t one = base->material < other || how != 0 ? base->material : other;
		const uint64_t two = base->material < other || how != 0 ? other : base->material;

		plan_done(&plan, session, key, base, agreed_material(how, one, two, len));
	} else {
		handle_untouched(key, "C_DeriveKey");
	}
}

static void derive_ecdh(struct session *session, CK_SESSION_HANDLE handle, const struct object *base,
			CK_OBJECT_HANDLE base_handle, struct verdict *verdict)
{
	CK_ECDH1_DERIVE_PARAMS params = { .kdf = CKD_NULL };
	CK_MECHANISM mechanism = { CKM_ECDH1_DERIVE, &params, sizeof(params) };
	const struct object *peer = NULL;

	peer_type = base != NULL && base->key_type == CKK_EC ? CKK_EC : CKK_EC_MONTGOMERY;
	peer = session != NULL ? any_object(session, is_peer) : NULL;
	if (peer == NULL)
		return;
	params.ulPublicDataLen = peer->attrs[A_EC_POINT].len;
	params.pPublicData = exact(peer->attrs[A_EC_POINT].data, params.ulPublicDataLen);
	derive_with(&ecdh_x25519, &mechanism, session, handle, base, base_handle, 0, peer->material, verdict);
}

static void derive_hkdf(struct session *session, CK_SESSION_HANDLE handle, const struct object *base,
			CK_OBJECT_HANDLE base_handle, struct verdict *verdict)
{
	const unsigned how = 1 + (unsigned)choose(2);
	CK_HKDF_PARAMS params = {
		.bExtract = CK_TRUE,
		.bExpand = CK_TRUE,
		.prfHashMechanism = CKM_SHA256,
		.ulSaltType = CKF_HKDF_SALT_NULL,
		.pInfo = exact("info", how),
		.ulInfoLen = how,
	};
	CK_MECHANISM mechanism = { CKM_HKDF_DERIVE, &params, sizeof(params) };

	derive_with(&hkdf, &mechanism, session, handle, base, base_handle, how, 0, verdict);
}

static void derive_key(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE base_handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	const struct object *base = NULL;
	const bool agree = chance(50);

	wanted_mech = agree ? &ecdh_x25519 : &hkdf;
	wanted_op = DECRYPT;
	wanted_usage = A_DERIVE;
	base = choose_object(session, is_wanted, CKR_KEY_HANDLE_INVALID, &verdict, &base_handle);
	if (session != NULL && base == NULL && chance(85))
		return;
	if (agree)
		derive_ecdh(session, handle, base, base_handle, &verdict);
	else
		derive_hkdf(session, handle, base, base_handle, &verdict);
}

enum {
	KEM_LEN = 768 /* of ML-KEM-512's ciphertext */
};

static struct kem {
	uint64_t by, material; /* 0: none */
	uint8_t ciphertext[KEM_LEN];
} kems[16];
static size_t kem_count;

static void encapsulate_key(void)
{
	static struct plan plan;
	static struct room room;
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE by_handle = 0, key = UNSET_HANDLE;
	struct session *session = choose_session(&verdict, &handle);
	CK_MECHANISM mechanism = { CKM_ML_KEM, NULL, 0 };
	const struct object *by = NULL;
	struct kem *kem = NULL;

	wanted_mech = &ml_kem;
	wanted_op = ENCRYPT;
	wanted_usage = A_ENCAPSULATE;
	by = choose_object(session, is_wanted, CKR_KEY_HANDLE_INVALID, &verdict, &by_handle);
	if (session != NULL && by == NULL && chance(85))
		return;
	(void)plan_secret(&plan, ENCAPSULATED, true);
	plan_finish(&plan, session, &verdict);
	why_used(&verdict, &ml_kem, ENCRYPT, A_ENCAPSULATE, by, CKR_KEY_HANDLE_INVALID,
		 CKR_KEY_TYPE_INCONSISTENT);
	room_begin(&room, chance(12), chance(80) ? KEM_LEN + choose(9) : choose(KEM_LEN));
	why_if(&verdict, room.data != NULL && room.cap < KEM_LEN, CKR_BUFFER_TOO_SMALL);
	tell("(%#lx, %#lx, %s, %s %zu)", handle, by_handle, template_text(&plan.template),
	     room.data != NULL ? "room for" : "NULL", room.cap);
	(void)CALL(&verdict, C_EncapsulateKey, handle, &mechanism, by_handle, plan.template.attrs,
		   plan.template.count, room.data, &room.len, &key);
	room_judge(&room, judge_last, "C_EncapsulateKey");
	if ((judge_last == CKR_OK || judge_last == CKR_BUFFER_TOO_SMALL) && room.len != KEM_LEN)
		wrong("C_EncapsulateKey: a length of %lu", room.len);
	if (judge_last != CKR_OK || room.data == NULL) {
		handle_untouched(key, "C_EncapsulateKey");
		return;
	}
	kem = &kems[kem_count++ % COUNT(kems)];
	kem->by = by->material;
	memcpy(kem->ciphertext, room.bytes, KEM_LEN);
	kem->material = plan_done(&plan, session, key, NULL, 0)->material;
}

static const struct kem *wanted_kem;

static bool opens_kem(const struct object *object)
{
	return object->class == CKO_PRIVATE_KEY && object->key_type == CKK_ML_KEM &&
	       object->material == wanted_kem->by;
}

static void decapsulate_key(void)
{
	static struct plan plan;
	const struct kem *kem = &kems[choose(kem_count < COUNT(kems) ? kem_count : COUNT(kems))];
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE by_handle = 0, key = UNSET_HANDLE;
	struct session *session = choose_session(&verdict, &handle);
	CK_MECHANISM mechanism = { CKM_ML_KEM, NULL, 0 };
	const struct object *by = NULL;
	uint8_t bytes[KEM_LEN];
	size_t len = KEM_LEN;
	bool same = true;

	if (kem->material == 0)
		return;
	wanted_kem = kem;
	by = choose_object(session, opens_kem, CKR_UNWRAPPING_KEY_HANDLE_INVALID, &verdict, &by_handle);
	if (session != NULL && by == NULL && chance(85))
		return;
	memcpy(bytes, kem->ciphertext, len);
	if (chance(10)) {
		bytes[choose(len)] ^= 1;
		same = false;
	}
	if (chance(5)) {
		len = choose(len);
		why(&verdict, CKR_WRAPPED_KEY_LEN_RANGE);
		why_if(&verdict, len == 0, CKR_ARGUMENTS_BAD);
	}
	(void)plan_secret(&plan, ENCAPSULATED, true);
	plan_finish(&plan, session, &verdict);
	why_used(&verdict, &ml_kem, DECRYPT, A_DECAPSULATE, by, CKR_UNWRAPPING_KEY_HANDLE_INVALID,
		 CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
	tell("(%#lx, %#lx, %s, %zu bytes%s)", handle, by_handle, template_text(&plan.template), len,
	     same ? "" : " that were changed");
	same = same && by != NULL && by->material == kem->by;
	if (CALL(&verdict, C_DecapsulateKey, handle, &mechanism, by_handle, plan.template.attrs,
		 plan.template.count, exact(bytes, len), len, &key))
		plan_done(&plan, session, key, NULL, same ? kem->material : 0);
	else
		handle_untouched(key, "C_DecapsulateKey");
}

void forget_keys(void)
{
	memset(wraps, 0, sizeof(wraps));
	wrap_count = 0;
	memset(agreements, 0, sizeof(agreements));
	memset(kems, 0, sizeof(kems));
	kem_count = 0;
}

const struct kind_of_call key_calls[] = {
	{ generate_key, 20 }, { generate_pair, 16 },  { wrap_key, 20 },        { unwrap_key, 20 },
	{ derive_key, 14 },   { encapsulate_key, 8 }, { decapsulate_key, 10 },
};
const size_t key_call_count = COUNT(key_calls);
