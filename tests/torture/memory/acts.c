/*
 * Slots, tokens, PINs, sessions, objects, digests and random numbers.
 */
#include "world.h"

static CK_BYTE text[600] = "a text that is long enough for some blocks of any cipher";
#define TEXT text, (CK_ULONG)300

static CK_ATTRIBUTE label_act = { CKA_LABEL, (void *)(uintptr_t)WORLD_LABEL, sizeof(WORLD_LABEL) - 1 };

static CK_OBJECT_HANDLE *another(struct world *world)
{
	CK_OBJECT_HANDLE *handle = &world->made[world->made_count];

	*handle = 0;
	return handle;
}

/* What was made is counted, so that it is destroyed. */
static CK_RV made(struct world *world, CK_RV rv)
{
	if (rv == CKR_OK)
		world->made_count++;
	return rv;
}

/* ---- general, slots ---- */

static CK_RV ask_slots(struct world *world)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = COUNT(slots);
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;
	CK_INFO info;
	CK_RV rv = world->p11.C_GetInfo(&info);

	NEXT(rv, world->p11.C_GetSlotList(CK_TRUE, slots, &count));
	NEXT(rv, world->p11.C_GetSlotInfo(world->slot, &slot));
	NEXT(rv, world->p11.C_GetTokenInfo(world->slot, &token));
	return rv == CKR_OK && count == 0 ? CKR_WRONG : rv;
}

static CK_RV ask_mechanisms(struct world *world)
{
	CK_MECHANISM_TYPE types[512];
	CK_ULONG count = COUNT(types);
	CK_MECHANISM_INFO info;
	CK_RV rv = world->p11.C_GetMechanismList(world->slot, types, &count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		rv = world->p11.C_GetMechanismInfo(world->slot, types[i], &info);
	return rv;
}

static CK_RV wait_for_event(struct world *world)
{
	CK_SLOT_ID slot = 0;
	const CK_RV rv = world->p11.C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL);

	return rv == CKR_NO_EVENT ? CKR_OK : rv;
}

/* ---- tokens and PINs ---- */

static CK_RV init_token(struct world *world)
{
	CK_UTF8CHAR label[33] = "memory                          ";
	const CK_RV rv = world->p11.C_InitToken(world->slot, SO_PIN, label);

	if (rv == CKR_OK)
		world->filled = false;
	return rv;
}

static CK_RV create_public(struct world *world);

static CK_RV open_for_a_while(struct world *world)
{
	return world->p11.C_OpenSession(world->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					&world->session);
}

/* A user PIN and an object, which a token that is initialised loses. */
static CK_RV fill_token(struct world *world)
{
	CK_RV rv = CKR_OK;

	if (world->filled)
		return CKR_OK;
	rv = open_for_a_while(world);
	NEXT(rv, world->p11.C_Login(world->session, CKU_SO, SO_PIN));
	NEXT(rv, world->p11.C_InitPIN(world->session, USER_PIN));
	NEXT(rv, world->p11.C_Logout(world->session));
	NEXT(rv, create_public(world));
	world->made_count = 0;
	world->filled = rv == CKR_OK;
	world_close(world);
	return rv;
}

/* It has all of that, or nothing. */
static CK_RV look_at_token(struct world *world, CK_RV answered)
{
	const CK_ULONG want = answered == CKR_OK ? 0 : 1;
	CK_ULONG count = 0;
	CK_TOKEN_INFO info = { .flags = 0 };
	CK_RV rv = open_for_a_while(world);

	NEXT(rv, world->p11.C_GetTokenInfo(world->slot, &info));
	NEXT(rv, world_count(world, world->session, WORLD_LABEL, &count));
	if (want != 0) {
		NEXT(rv, world->p11.C_Login(world->session, CKU_USER, USER_PIN));
		NEXT(rv, world->p11.C_Logout(world->session));
	}
	world_close(world);
	if (rv == CKR_OK && (count != want || ((info.flags & CKF_USER_PIN_INITIALIZED) != 0) != (want != 0)))
		return CKR_WRONG;
	return rv;
}

static CK_RV init_pin(struct world *world)
{
	return world->p11.C_InitPIN(world->session, USER_PIN);
}

static CK_RV set_pin(struct world *world)
{
	CK_RV rv = world->p11.C_SetPIN(world->session, USER_PIN, NEW_PIN);

	world->new_pin = rv == CKR_OK;
	NEXT(rv, world->p11.C_SetPIN(world->session, NEW_PIN, USER_PIN));
	if (rv == CKR_OK)
		world->new_pin = false;
	return rv;
}

static void set_pin_back(struct world *world)
{
	if (world->new_pin && world->p11.C_SetPIN(world->session, NEW_PIN, USER_PIN) == CKR_OK)
		world->new_pin = false;
}

static CK_RV log_in(struct world *world)
{
	CK_RV rv = world->p11.C_Login(world->session, CKU_USER, USER_PIN);

	NEXT(rv, world->p11.C_Logout(world->session));
	return rv;
}

static void log_out(struct world *world)
{
	(void)world->p11.C_Logout(world->session);
}

static CK_RV log_in_wrong(struct world *world)
{
	CK_RV rv = world->p11.C_Login(world->session, CKU_USER, NEW_PIN);

	return rv == CKR_PIN_INCORRECT ? CKR_OK : rv == CKR_OK ? CKR_WRONG : rv;
}

/* Whoever was told that it is the wrong one has a try less. */
static CK_RV has_cost_a_try(struct world *world, CK_RV answered)
{
	const CK_FLAGS fewer = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;
	CK_TOKEN_INFO info;
	const CK_RV rv = world->p11.C_GetTokenInfo(world->slot, &info);

	return rv == CKR_OK && answered == CKR_OK && (info.flags & fewer) == 0 ? CKR_WRONG : rv;
}

/* The tries that it cost are given back. */
static void log_in_right(struct world *world)
{
	(void)world->p11.C_Login(world->session, CKU_USER, USER_PIN);
	(void)world->p11.C_Logout(world->session);
}

static CK_RV log_in_named(struct world *world)
{
	CK_RV rv = CKR_OK;

	if (world->p11.C_LoginUser == NULL)
		return CKR_FUNCTION_NOT_SUPPORTED;
	rv = world->p11.C_LoginUser(world->session, CKU_USER, USER_PIN, NULL, 0);
	NEXT(rv, world->p11.C_Logout(world->session));
	return rv;
}

/* ---- sessions ---- */

static CK_RV open_sessions(struct world *world)
{
	CK_SESSION_HANDLE sessions[40] = { 0 };
	CK_SESSION_INFO info;
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; i < COUNT(sessions) && rv == CKR_OK; i++) {
		NEXT(rv, world->p11.C_OpenSession(world->slot,
						  CKF_SERIAL_SESSION | (i % 2 != 0 ? CKF_RW_SESSION : 0),
						  NULL, NULL, &sessions[i]));
		NEXT(rv, world->p11.C_GetSessionInfo(sessions[i], &info));
	}
	for (unsigned i = 0; i < COUNT(sessions); i++) {
		if (sessions[i] != 0 && world->p11.C_CloseSession(sessions[i]) != CKR_OK && rv == CKR_OK)
			rv = CKR_WRONG;
	}
	return rv;
}

static CK_RV close_all(struct world *world)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = world->p11.C_OpenSession(world->slot, CKF_SERIAL_SESSION, NULL, NULL, &session);

	NEXT(rv, world->p11.C_CloseAllSessions(world->slot));
	return rv;
}

static void close_rest(struct world *world)
{
	(void)world->p11.C_CloseAllSessions(world->slot);
}

static CK_RV cancel(struct world *world)
{
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_RV rv = CKR_OK;

	if (world->p11.C_SessionCancel == NULL)
		return CKR_FUNCTION_NOT_SUPPORTED;
	rv = world->p11.C_DigestInit(world->session, &sha256);
	NEXT(rv, world->p11.C_SessionCancel(world->session, CKF_DIGEST));
	return rv;
}

/* ---- objects ---- */

static CK_RV create_data(struct world *world, CK_BBOOL *token, CK_BBOOL *private)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, token, sizeof(*token) },
		{ CKA_PRIVATE, private, sizeof(*private) },
		{ CKA_APPLICATION, text, 30 },
		{ CKA_VALUE, TEXT },
		label_act,
	};

	return made(world,
		    world->p11.C_CreateObject(world->session, template, COUNT(template), another(world)));
}

static CK_RV create_of_session(struct world *world)
{
	return create_data(world, &world_no, &world_no);
}

static CK_RV create_public(struct world *world)
{
	return create_data(world, &world_yes, &world_no);
}

static CK_RV create_private(struct world *world)
{
	return create_data(world, &world_yes, &world_yes);
}

static CK_RV create_key(struct world *world)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },           { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &world_yes, sizeof(world_yes) },   { CKA_VALUE, text, 32 },
		{ CKA_ENCRYPT, &world_yes, sizeof(world_yes) }, label_act,
	};

	return made(world,
		    world->p11.C_CreateObject(world->session, template, COUNT(template), another(world)));
}

static CK_RV create_certificate(struct world *world)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_CERTIFICATE_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &world_yes, sizeof(world_yes) },
		{ CKA_SUBJECT, text, 20 },
		{ CKA_VALUE, TEXT },
		label_act,
	};

	return made(world,
		    world->p11.C_CreateObject(world->session, template, COUNT(template), another(world)));
}

static CK_RV copy(struct world *world)
{
	CK_ATTRIBUTE template[] = { { CKA_TOKEN, &world_yes, sizeof(world_yes) }, label_act };
	CK_RV rv = create_of_session(world);

	NEXT(rv, made(world, world->p11.C_CopyObject(world->session, world->made[0], template,
						     COUNT(template), another(world))));
	return rv;
}

static CK_RV destroy(struct world *world)
{
	CK_RV rv = create_public(world);
	CK_ULONG count = 0;

	NEXT(rv, world->p11.C_DestroyObject(world->session, world->made[0]));
	if (rv == CKR_OK)
		world->made_count = 0;
	NEXT(rv, world_count(world, world->keeper, WORLD_LABEL, &count));
	return rv == CKR_OK && count != 0 ? CKR_WRONG : rv;
}

/* After a refusal it is what it was; after success, what was asked for. */
static CK_RV set(struct world *world)
{
	CK_ATTRIBUTE before = { CKA_VALUE, text, 200 };
	CK_ATTRIBUTE after = { CKA_VALUE, text + 100, 250 };
	CK_RV rv = create_public(world);
	CK_ATTRIBUTE is = { CKA_VALUE, world->back, sizeof(world->back) };

	NEXT(rv, world->p11.C_SetAttributeValue(world->session, world->made[0], &before, 1));
	NEXT(rv, world->p11.C_SetAttributeValue(world->session, world->made[0], &after, 1));
	NEXT(rv, world->p11.C_GetAttributeValue(world->session, world->made[0], &is, 1));
	if (rv == CKR_OK && (is.ulValueLen != 250 || memcmp(is.pValue, text + 100, 250) != 0))
		return CKR_WRONG;
	return rv;
}

static CK_RV read_key(struct world *world)
{
	CK_OBJECT_CLASS class = 0;
	CK_BYTE modulus[256];
	CK_ATTRIBUTE get[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_MODULUS, modulus, sizeof(modulus) },
		{ CKA_LABEL, world->back, 100 },
	};
	CK_ULONG size = 0;
	CK_RV rv = world->p11.C_GetAttributeValue(world->session, world->public[KEY_RSA], get, COUNT(get));

	NEXT(rv, world->p11.C_GetObjectSize(world->session, world->secret[KEY_RSA], &size));
	return rv == CKR_OK && (class != CKO_PUBLIC_KEY || get[1].ulValueLen != 256) ? CKR_WRONG : rv;
}

static CK_RV find_with(struct world *world, CK_ATTRIBUTE *template, CK_ULONG count, CK_ULONG least)
{
	CK_OBJECT_HANDLE found[3];
	CK_ULONG got = 1, total = 0;
	CK_RV rv = world->p11.C_FindObjectsInit(world->session, template, count);

	while (rv == CKR_OK && got != 0) {
		rv = world->p11.C_FindObjects(world->session, found, COUNT(found), &got);
		total += rv == CKR_OK ? got : 0;
	}
	NEXT(rv, world->p11.C_FindObjectsFinal(world->session));
	return rv == CKR_OK && total < least ? CKR_WRONG : rv;
}

static CK_RV find_label(struct world *world)
{
	CK_ATTRIBUTE label = { CKA_LABEL, (void *)(uintptr_t) "rsa", 3 };

	return find_with(world, &label, 1, 2);
}

static CK_RV find_some(struct world *world)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_SIGN, &world_yes, sizeof(world_yes) } };

	return find_with(world, template, COUNT(template), 1);
}

static CK_RV find_all(struct world *world)
{
	return find_with(world, NULL, 0, 4);
}

/* ---- digests, random numbers ---- */

static CK_RV digest(struct world *world)
{
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_ULONG len = 32, len_2 = 32;
	CK_RV rv = world->p11.C_DigestInit(world->session, &sha256);

	NEXT(rv, world->p11.C_Digest(world->session, TEXT, world->out, &len));
	NEXT(rv, world->p11.C_DigestInit(world->session, &sha256));
	NEXT(rv, world->p11.C_DigestUpdate(world->session, text, 100));
	NEXT(rv, world->p11.C_DigestUpdate(world->session, text + 100, 200));
	NEXT(rv, world->p11.C_DigestFinal(world->session, world->back, &len_2));
	return rv == CKR_OK && memcmp(world->out, world->back, 32) != 0 ? CKR_WRONG : rv;
}

static CK_RV digest_sha3(struct world *world)
{
	CK_MECHANISM sha3 = { CKM_SHA3_256, NULL, 0 };
	CK_ULONG len = 32;
	CK_RV rv = world->p11.C_DigestInit(world->session, &sha3);

	NEXT(rv, world->p11.C_DigestUpdate(world->session, TEXT));
	NEXT(rv, world->p11.C_DigestFinal(world->session, world->out, &len));
	return rv;
}

static CK_RV digest_key(struct world *world)
{
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_ULONG len = 32;
	CK_RV rv = world->p11.C_DigestInit(world->session, &sha256);

	NEXT(rv, world->p11.C_DigestKey(world->session, world->secret[KEY_HMAC]));
	NEXT(rv, world->p11.C_DigestFinal(world->session, world->out, &len));
	return rv;
}

static CK_RV save_state(struct world *world)
{
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_ULONG len = sizeof(world->out), len_2 = 32;
	CK_RV rv = world->p11.C_DigestInit(world->session, &sha256);

	NEXT(rv, world->p11.C_DigestUpdate(world->session, TEXT));
	NEXT(rv, world->p11.C_GetOperationState(world->session, world->out, &len));
	NEXT(rv, world->p11.C_SetOperationState(world->session, world->out, len, 0, 0));
	NEXT(rv, world->p11.C_DigestFinal(world->session, world->back, &len_2));
	return rv;
}

static CK_RV draw_random(struct world *world)
{
	CK_RV rv = world->p11.C_GenerateRandom(world->session, world->out, 64);

	NEXT(rv, world->p11.C_SeedRandom(world->session, text, 32));
	NEXT(rv, world->p11.C_GenerateRandom(world->session, world->out, 5000));
	return rv == CKR_RANDOM_SEED_NOT_SUPPORTED ? CKR_OK : rv;
}

const struct act acts[] = {
	{ .name = "slots", .run = ask_slots, .presence = PUBLIC, .key = KEY_NONE },
	{ .name = "mechanisms", .run = ask_mechanisms, .presence = PUBLIC, .key = KEY_NONE },
	{ .name = "slot-event", .run = wait_for_event, .presence = PUBLIC, .key = KEY_NONE },
	{ .name = "init-token",
	  .run = init_token,
	  .presence = NOBODY,
	  .key = KEY_NONE,
	  .dear = true,
	  .before = fill_token,
	  .after = look_at_token },
	{ .name = "init-pin", .run = init_pin, .presence = OFFICER, .key = KEY_NONE, .dear = true },
	{ .name = "set-pin",
	  .run = set_pin,
	  .presence = USER,
	  .key = KEY_NONE,
	  .dear = true,
	  .undo = set_pin_back },
	{ .name = "login",
	  .run = log_in,
	  .presence = PUBLIC,
	  .key = KEY_NONE,
	  .dear = true,
	  .undo = log_out },
	{ .name = "login-wrong",
	  .run = log_in_wrong,
	  .presence = PUBLIC,
	  .key = KEY_NONE,
	  .dear = true,
	  .undo = log_in_right,
	  .after = has_cost_a_try },
	{ .name = "login-user",
	  .run = log_in_named,
	  .presence = PUBLIC,
	  .key = KEY_NONE,
	  .dear = true,
	  .undo = log_out },
	{ .name = "sessions", .run = open_sessions, .presence = USER, .key = KEY_NONE },
	{ .name = "close-all", .run = close_all, .presence = NOBODY, .key = KEY_NONE, .undo = close_rest },
	{ .name = "cancel", .run = cancel, .presence = USER, .key = KEY_NONE },
	{ .name = "create-session", .run = create_of_session, .presence = USER, .key = KEY_NONE },
	{ .name = "create-public", .run = create_public, .presence = USER, .key = KEY_NONE },
	{ .name = "create-private", .run = create_private, .presence = USER, .key = KEY_NONE },
	{ .name = "create-key", .run = create_key, .presence = USER, .key = KEY_NONE },
	{ .name = "create-certificate", .run = create_certificate, .presence = USER, .key = KEY_NONE },
	{ .name = "copy", .run = copy, .presence = USER, .key = KEY_NONE },
	{ .name = "destroy", .run = destroy, .presence = USER, .key = KEY_NONE },
	{ .name = "set", .run = set, .presence = USER, .key = KEY_NONE },
	{ .name = "read", .run = read_key, .presence = USER, .key = KEY_RSA },
	{ .name = "find-label", .run = find_label, .presence = USER, .key = KEY_RSA },
	{ .name = "find-some", .run = find_some, .presence = USER, .key = KEY_HMAC },
	{ .name = "find-all", .run = find_all, .presence = USER, .key = KEY_NONE },
	{ .name = "digest", .run = digest, .presence = USER, .key = KEY_NONE },
	{ .name = "digest-sha3", .run = digest_sha3, .presence = USER, .key = KEY_NONE },
	/* A refused C_DigestKey leaves the digest as it was, and active. */
	{ .name = "digest-key", .run = digest_key, .presence = USER, .key = KEY_HMAC, .two = true },
	{ .name = "state", .run = save_state, .presence = USER, .key = KEY_NONE, .two = true },
	{ .name = "random", .run = draw_random, .presence = USER, .key = KEY_NONE },
};
const size_t acts_count = COUNT(acts);
