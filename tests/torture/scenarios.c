/* The table of scenarios, and what each does. */
#include <stdio.h>
#include <unistd.h>

#include "observe.h"
#include "scenario.h"

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static CK_KEY_TYPE aes_type = CKK_AES;
static CK_KEY_TYPE ec_type = CKK_EC;
static CK_KEY_TYPE generic_type = CKK_GENERIC_SECRET;
static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY;
static CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY;
static CK_OBJECT_CLASS certificate_class = CKO_CERTIFICATE;
static CK_OBJECT_CLASS data_class = CKO_DATA;
static CK_CERTIFICATE_TYPE x509 = CKC_X_509;
static CK_BYTE key_bytes[32] = "an AES key of thirty-two bytes..";
static CK_BYTE scalar[32] = "a private key that anybody knows";
static CK_BYTE certificate[] = { 0x30, 0x03, 0x02, 0x01, 0x05 }; /* DER, though no certificate */
static CK_BYTE subject[] = { 0x30, 0x00 };

#define TEXT(type, text)                                          \
	{                                                         \
		(type), (CK_UTF8CHAR[]){ text }, sizeof(text) - 1 \
	}
#define VALUE(type, value)                      \
	{                                       \
		(type), &(value), sizeof(value) \
	}
#define BYTES(type, bytes)                     \
	{                                      \
		(type), (bytes), sizeof(bytes) \
	}
#define STORED VALUE(CKA_TOKEN, yes)

#define CREATE(actor, ...)                               \
	create((actor), (CK_ATTRIBUTE[]){ __VA_ARGS__ }, \
	       sizeof((CK_ATTRIBUTE[]){ __VA_ARGS__ }) / sizeof(CK_ATTRIBUTE))

static CK_RV create(struct actor *actor, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE object = 0;

	return actor->p11.C_CreateObject(actor->session, template, count, &object);
}

/* ---- stores to begin with ---- */

static CK_RV init_token(struct actor *actor, enum actor_pin pin)
{
	CK_UTF8CHAR label[32];
	CK_ULONG len = 0;
	CK_UTF8CHAR *text = actor_pin(pin, &len);

	memset(label, ' ', sizeof(label));
	memcpy(label, "torture", 7);
	return actor->p11.C_InitToken(actor->slot, text, len, label);
}

static CK_RV init_pin(struct actor *actor, enum actor_pin pin)
{
	CK_ULONG len = 0;
	CK_UTF8CHAR *text = actor_pin(pin, &len);

	return actor->p11.C_InitPIN(actor->session, text, len);
}

/* A token with the officer's PIN alone. */
static CK_RV prepare_bare(struct actor *actor)
{
	CK_RV rv = actor_find_slot(actor, true);

	return rv == CKR_OK ? init_token(actor, SO_PIN_1) : rv;
}

static CK_RV prepare_pins(struct actor *actor)
{
	CK_RV rv = prepare_bare(actor);

	if (rv == CKR_OK)
		rv = actor_open(actor, CKF_RW_SESSION, CKU_SO, SO_PIN_1);
	if (rv == CKR_OK)
		rv = init_pin(actor, USER_PIN_1);
	return rv == CKR_OK ? actor->p11.C_CloseSession(actor->session) : rv;
}

static CK_RV generate_pair(struct actor *actor, const char *id)
{
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_BYTE name[8];
	CK_ULONG len = (CK_ULONG)strlen(id);
	CK_ATTRIBUTE public[] = { STORED,
				  BYTES(CKA_EC_PARAMS, p256),
				  VALUE(CKA_VERIFY, yes),
				  TEXT(CKA_LABEL, "pair"),
				  { CKA_ID, name, len } };
	CK_ATTRIBUTE private[] = { STORED,
				   VALUE(CKA_PRIVATE, yes),
				   VALUE(CKA_SIGN, yes),
				   VALUE(CKA_DERIVE, yes),
				   TEXT(CKA_LABEL, "pair"),
				   { CKA_ID, name, len } };
	CK_OBJECT_HANDLE keys[2];

	memcpy(name, id, len);
	return actor->p11.C_GenerateKeyPair(actor->session, &mechanism, public, COUNT(public), private,
					    COUNT(private), &keys[0], &keys[1]);
}

static CK_RV create_secrets(struct actor *actor)
{
	CK_RV rv = CREATE(actor, STORED, VALUE(CKA_CLASS, secret_class), VALUE(CKA_KEY_TYPE, aes_type),
			  VALUE(CKA_PRIVATE, yes), VALUE(CKA_SENSITIVE, no), VALUE(CKA_EXTRACTABLE, yes),
			  VALUE(CKA_ENCRYPT, yes), VALUE(CKA_DECRYPT, yes), VALUE(CKA_WRAP, yes),
			  VALUE(CKA_UNWRAP, yes), TEXT(CKA_LABEL, "aes"), TEXT(CKA_ID, "id-aes"),
			  BYTES(CKA_VALUE, key_bytes));

	if (rv == CKR_OK)
		rv = CREATE(actor, STORED, VALUE(CKA_CLASS, secret_class), VALUE(CKA_KEY_TYPE, generic_type),
			    VALUE(CKA_PRIVATE, yes), VALUE(CKA_SENSITIVE, yes), VALUE(CKA_EXTRACTABLE, yes),
			    VALUE(CKA_SIGN, yes), VALUE(CKA_VERIFY, yes), TEXT(CKA_LABEL, "mac"),
			    TEXT(CKA_ID, "id-mac"), BYTES(CKA_VALUE, scalar));
	return rv;
}

static CK_RV create_data(struct actor *actor, CK_BBOOL private)
{
	return CREATE(actor, STORED, VALUE(CKA_CLASS, data_class), VALUE(CKA_PRIVATE, private),
		      VALUE(CKA_MODIFIABLE, yes), TEXT(CKA_LABEL, "note"), TEXT(CKA_APPLICATION, "torture"),
		      TEXT(CKA_VALUE, "what-was-there-before"));
}

static CK_RV create_certificate(struct actor *actor, CK_BYTE *id, CK_ULONG id_len)
{
	return CREATE(actor, STORED, VALUE(CKA_CLASS, certificate_class), VALUE(CKA_PRIVATE, no),
		      VALUE(CKA_CERTIFICATE_TYPE, x509), BYTES(CKA_SUBJECT, subject),
		      TEXT(CKA_LABEL, "certificate"), BYTES(CKA_VALUE, certificate), { CKA_ID, id, id_len });
}

/* An object of each class, public and private ones. */
static CK_RV prepare_objects(struct actor *actor)
{
	static CK_BYTE id[] = "id-old";
	CK_RV rv = prepare_pins(actor);

	if (rv == CKR_OK)
		rv = actor_open(actor, CKF_RW_SESSION, CKU_USER, USER_PIN_1);
	if (rv == CKR_OK)
		rv = create_secrets(actor);
	if (rv == CKR_OK)
		rv = generate_pair(actor, "id-old");
	if (rv == CKR_OK)
		rv = create_data(actor, CK_FALSE);
	if (rv == CKR_OK)
		rv = create_certificate(actor, id, sizeof(id) - 1);
	return rv == CKR_OK ? actor->p11.C_CloseSession(actor->session) : rv;
}

static CK_RV wrong_logins(struct actor *actor, CK_USER_TYPE user, int times)
{
	CK_RV rv = actor_open(actor, CKF_RW_SESSION, CK_UNAVAILABLE_INFORMATION, WRONG_PIN);

	for (int i = 0; rv == CKR_OK && i < times; i++) {
		rv = actor_login(actor, user, WRONG_PIN);
		rv = rv == CKR_PIN_INCORRECT || (rv == CKR_PIN_LOCKED && i + 1 == times)
			     ? CKR_OK
			     : CKR_FUNCTION_FAILED;
	}
	return rv == CKR_OK ? actor->p11.C_CloseSession(actor->session) : rv;
}

/* As a process leaves it that has gone: what it wrote is in SQLite's log. */
static CK_RV prepare_left(struct actor *actor)
{
	CK_RV rv = prepare_objects(actor);

	if (rv == CKR_OK)
		_exit(0);
	return rv;
}

/* Objects, and one or two of the three tries gone. */
static CK_RV prepare_tried(struct actor *actor)
{
	CK_RV rv = prepare_objects(actor);

	return rv == CKR_OK ? wrong_logins(actor, CKU_USER, 1) : rv;
}

static CK_RV prepare_last_try(struct actor *actor)
{
	CK_RV rv = prepare_objects(actor);

	return rv == CKR_OK ? wrong_logins(actor, CKU_USER, 2) : rv;
}

static CK_RV prepare_locked(struct actor *actor)
{
	CK_RV rv = prepare_objects(actor);

	return rv == CKR_OK ? wrong_logins(actor, CKU_USER, 3) : rv;
}

static CK_RV prepare_so_tried(struct actor *actor)
{
	CK_RV rv = prepare_objects(actor);

	return rv == CKR_OK ? wrong_logins(actor, CKU_SO, 1) : rv;
}

/* ---- getting ready ---- */

static CK_RV ready_blank_slot(struct actor *actor)
{
	return actor_find_slot(actor, true);
}

static CK_RV ready_slot(struct actor *actor)
{
	return actor_find_slot(actor, false);
}

static CK_RV ready_session(struct actor *actor)
{
	return actor_open(actor, CKF_RW_SESSION, CK_UNAVAILABLE_INFORMATION, WRONG_PIN);
}

static CK_RV ready_so(struct actor *actor)
{
	return actor_open(actor, CKF_RW_SESSION, CKU_SO, SO_PIN_1);
}

static CK_RV ready_user(struct actor *actor)
{
	return actor_open(actor, CKF_RW_SESSION, CKU_USER, USER_PIN_1);
}

static CK_RV ready_found(struct actor *actor, CK_OBJECT_CLASS class, const char *label)
{
	CK_RV rv = ready_user(actor);

	return rv == CKR_OK ? actor_find(actor, class, label, 0) : rv;
}

static CK_RV ready_note(struct actor *actor)
{
	return ready_found(actor, CKO_DATA, "note");
}

static CK_RV ready_key(struct actor *actor)
{
	return ready_found(actor, CKO_SECRET_KEY, "mac");
}

static CK_RV ready_private(struct actor *actor)
{
	return ready_found(actor, CKO_PRIVATE_KEY, "pair");
}

static CK_RV ready_wrapped(struct actor *actor)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP, NULL, 0 };
	CK_RV rv = ready_found(actor, CKO_SECRET_KEY, "aes");

	actor->blob_len = sizeof(actor->blob);
	return rv == CKR_OK ? actor->p11.C_WrapKey(actor->session, &mechanism, actor->objects[0],
						   actor->objects[0], actor->blob, &actor->blob_len)
			    : rv;
}

static CK_RV ready_derive(struct actor *actor)
{
	CK_ATTRIBUTE point = { CKA_EC_POINT, actor->blob, sizeof(actor->blob) };
	CK_RV rv = ready_private(actor);

	if (rv == CKR_OK)
		rv = actor_find(actor, CKO_PUBLIC_KEY, "pair", 1);
	if (rv == CKR_OK)
		rv = actor->p11.C_GetAttributeValue(actor->session, actor->objects[1], &point, 1);
	actor->blob_len = point.ulValueLen;
	return rv;
}

/* ---- acts ---- */

static CK_RV act_init_token(struct actor *actor, unsigned step)
{
	(void)step;
	return init_token(actor, SO_PIN_1);
}

static CK_RV act_init_token_wrong(struct actor *actor, unsigned step)
{
	(void)step;
	return init_token(actor, WRONG_PIN);
}

static CK_RV act_init_pin(struct actor *actor, unsigned step)
{
	(void)step;
	return init_pin(actor, USER_PIN_2);
}

static CK_RV set_pin(struct actor *actor, enum actor_pin old_pin, enum actor_pin new_pin)
{
	CK_ULONG old_len = 0;
	CK_ULONG new_len = 0;
	CK_UTF8CHAR *old_text = actor_pin(old_pin, &old_len);
	CK_UTF8CHAR *new_text = actor_pin(new_pin, &new_len);

	return actor->p11.C_SetPIN(actor->session, old_text, old_len, new_text, new_len);
}

static CK_RV act_set_pin(struct actor *actor, unsigned step)
{
	(void)step;
	return set_pin(actor, USER_PIN_1, USER_PIN_2);
}

static CK_RV act_set_so_pin(struct actor *actor, unsigned step)
{
	(void)step;
	return set_pin(actor, SO_PIN_1, SO_PIN_2);
}

static CK_RV act_set_pin_wrong(struct actor *actor, unsigned step)
{
	(void)step;
	return set_pin(actor, WRONG_PIN, USER_PIN_2);
}

static CK_RV act_login(struct actor *actor, unsigned step)
{
	(void)step;
	return actor_login(actor, CKU_USER, USER_PIN_1);
}

static CK_RV act_login_wrong(struct actor *actor, unsigned step)
{
	(void)step;
	return actor_login(actor, CKU_USER, WRONG_PIN);
}

static CK_RV act_so_login(struct actor *actor, unsigned step)
{
	(void)step;
	return actor_login(actor, CKU_SO, SO_PIN_1);
}

static CK_RV act_so_login_wrong(struct actor *actor, unsigned step)
{
	(void)step;
	return actor_login(actor, CKU_SO, WRONG_PIN);
}

static CK_RV act_create_data(struct actor *actor, unsigned step)
{
	(void)step;
	return create_data(actor, CK_TRUE);
}

static CK_RV act_create_secret(struct actor *actor, unsigned step)
{
	(void)step;
	return CREATE(actor, STORED, VALUE(CKA_CLASS, secret_class), VALUE(CKA_KEY_TYPE, aes_type),
		      VALUE(CKA_PRIVATE, yes), VALUE(CKA_ENCRYPT, yes), VALUE(CKA_DECRYPT, yes),
		      TEXT(CKA_LABEL, "new"), TEXT(CKA_ID, "id-new"), BYTES(CKA_VALUE, scalar));
}

static CK_RV act_import_private(struct actor *actor, unsigned step)
{
	(void)step;
	return CREATE(actor, STORED, VALUE(CKA_CLASS, private_class), VALUE(CKA_KEY_TYPE, ec_type),
		      VALUE(CKA_PRIVATE, yes), VALUE(CKA_SIGN, yes), TEXT(CKA_LABEL, "imported"),
		      TEXT(CKA_ID, "id-new"), BYTES(CKA_EC_PARAMS, p256), BYTES(CKA_VALUE, scalar));
}

/* In one change, as `ashlar key import` does it. */
static CK_RV act_import_keys(struct actor *actor, unsigned step)
{
	(void)step;
	return actor->import_keys != NULL ? actor->import_keys(actor->session, 20)
					  : CKR_FUNCTION_NOT_SUPPORTED;
}

static CK_RV act_import_certificate(struct actor *actor, unsigned step)
{
	static CK_BYTE id[] = "id-new";

	(void)step;
	return create_certificate(actor, id, sizeof(id) - 1);
}

static CK_RV act_set(struct actor *actor, unsigned step)
{
	CK_ATTRIBUTE change[] = { TEXT(CKA_LABEL, "renamed"), TEXT(CKA_ID, "id-changed"),
				  VALUE(CKA_VERIFY, no) };

	(void)step;
	return actor->p11.C_SetAttributeValue(actor->session, actor->objects[0], change, COUNT(change));
}

static CK_RV act_set_note(struct actor *actor, unsigned step)
{
	CK_ATTRIBUTE change[] = { TEXT(CKA_VALUE, "what-came-after") };

	(void)step;
	return actor->p11.C_SetAttributeValue(actor->session, actor->objects[0], change, COUNT(change));
}

static CK_RV act_copy(struct actor *actor, unsigned step)
{
	CK_ATTRIBUTE change[] = { TEXT(CKA_LABEL, "copied") };
	CK_OBJECT_HANDLE copy = 0;

	(void)step;
	return actor->p11.C_CopyObject(actor->session, actor->objects[0], change, COUNT(change), &copy);
}

static CK_RV act_destroy(struct actor *actor, unsigned step)
{
	(void)step;
	return actor->p11.C_DestroyObject(actor->session, actor->objects[0]);
}

static CK_RV act_generate(struct actor *actor, unsigned step)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ULONG len = 32;
	CK_ATTRIBUTE template[] = { STORED,
				    VALUE(CKA_PRIVATE, yes),
				    VALUE(CKA_ENCRYPT, yes),
				    VALUE(CKA_DECRYPT, yes),
				    VALUE(CKA_VALUE_LEN, len),
				    TEXT(CKA_LABEL, "new"),
				    TEXT(CKA_ID, "id-new") };
	CK_OBJECT_HANDLE key = 0;

	(void)step;
	return actor->p11.C_GenerateKey(actor->session, &mechanism, template, COUNT(template), &key);
}

static CK_RV act_generate_pair(struct actor *actor, unsigned step)
{
	(void)step;
	return generate_pair(actor, "id-new");
}

static CK_RV act_unwrap(struct actor *actor, unsigned step)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP, NULL, 0 };
	CK_ATTRIBUTE template[] = { STORED,
				    VALUE(CKA_CLASS, secret_class),
				    VALUE(CKA_KEY_TYPE, aes_type),
				    VALUE(CKA_PRIVATE, yes),
				    VALUE(CKA_ENCRYPT, yes),
				    VALUE(CKA_DECRYPT, yes),
				    TEXT(CKA_LABEL, "unwrapped"),
				    TEXT(CKA_ID, "id-new") };
	CK_OBJECT_HANDLE key = 0;

	(void)step;
	return actor->p11.C_UnwrapKey(actor->session, &mechanism, actor->objects[0], actor->blob,
				      actor->blob_len, template, COUNT(template), &key);
}

static CK_RV act_derive(struct actor *actor, unsigned step)
{
	/* The point without its OCTET STRING, as every module takes it. */
	CK_ECDH1_DERIVE_PARAMS params = { CKD_NULL, 0, NULL, actor->blob_len - 2, actor->blob + 2 };
	CK_MECHANISM mechanism = { CKM_ECDH1_DERIVE, &params, sizeof(params) };
	CK_ULONG len = 32;
	CK_ATTRIBUTE template[] = { STORED,
				    VALUE(CKA_CLASS, secret_class),
				    VALUE(CKA_KEY_TYPE, generic_type),
				    VALUE(CKA_PRIVATE, yes),
				    VALUE(CKA_SIGN, yes),
				    VALUE(CKA_VERIFY, yes),
				    VALUE(CKA_VALUE_LEN, len),
				    TEXT(CKA_LABEL, "derived"),
				    TEXT(CKA_ID, "id-new") };
	CK_OBJECT_HANDLE key = 0;

	(void)step;
	return actor->p11.C_DeriveKey(actor->session, &mechanism, actor->objects[0], template,
				      COUNT(template), &key);
}

/* Four changes in a row: those acknowledged stay, whatever becomes of the next. */
static CK_RV act_row(struct actor *actor, unsigned step)
{
	switch (step) {
	case 0: return act_create_secret(actor, step);
	case 1: return act_set(actor, step);
	case 2: return act_destroy(actor, step);
	default: return act_create_data(actor, step);
	}
}

/* Whoever starts a program: from C_Initialize to all that can be seen. After a failure nothing stays open. */
static CK_RV act_open(struct actor *actor, unsigned step)
{
	size_t len = 0;
	FILE *out = open_memstream(&actor->seen, &len);
	CK_RV rv = out != NULL ? actor->p11.C_Initialize(NULL) : CKR_HOST_MEMORY;

	(void)step;
	if (rv == CKR_OK) {
		rv = actor_open(actor, 0, CKU_USER, USER_PIN_1);
		if (rv == CKR_OK)
			rv = observe_session(out, actor);
		if (rv != CKR_OK) {
			actor->session = 0;
			(void)actor->p11.C_Finalize(NULL);
		}
	}
	if (out != NULL)
		(void)fclose(out);
	return rv;
}

/* ---- looking ---- */

static CK_RV look_token(struct actor *actor, FILE *out)
{
	return observe_slot(out, actor);
}

static CK_RV look_objects(struct actor *actor, FILE *out)
{
	return observe_session(out, actor);
}

/* Nothing, unless the act has opened it. */
static CK_RV look_opened(struct actor *actor, FILE *out)
{
	return actor->session != 0 ? observe_session(out, actor) : CKR_OK;
}

/* clang-format off */
const struct scenario scenarios[] = {
	/* First, as they take longest: with a lock that can't be had each try waits. */
	{ .name = "open", .steps = 1, .tries = "user", .prepare = prepare_objects, .act = act_open,
	  .look = look_opened, .opens = true },
	{ .name = "open-left", .steps = 1, .tries = "user", .prepare = prepare_left, .act = act_open,
	  .look = look_opened, .opens = true },
	{ .name = "init-token", .steps = 1, .ready = ready_blank_slot, .act = act_init_token,
	  .look = look_token },
	{ .name = "init-token-again", .steps = 1, .tries = "so", .prepare = prepare_objects,
	  .ready = ready_slot, .act = act_init_token, .look = look_token },
	{ .name = "init-token-wrong", .steps = 1, .tries = "so", .wrong_pin = true,
	  .want = CKR_PIN_INCORRECT, .prepare = prepare_objects, .ready = ready_slot,
	  .act = act_init_token_wrong, .look = look_token },
	{ .name = "init-pin", .steps = 1, .prepare = prepare_bare, .ready = ready_so, .act = act_init_pin,
	  .look = look_objects, .no_user = true },
	{ .name = "init-pin-locked", .steps = 1, .prepare = prepare_locked, .ready = ready_so,
	  .act = act_init_pin, .look = look_objects, .no_user = true },
	{ .name = "set-pin", .steps = 1, .tries = "user", .prepare = prepare_objects, .ready = ready_session,
	  .act = act_set_pin, .look = look_objects },
	{ .name = "set-pin-so", .steps = 1, .tries = "so", .prepare = prepare_objects, .ready = ready_so,
	  .act = act_set_so_pin, .look = look_objects },
	{ .name = "set-pin-wrong", .steps = 1, .tries = "user", .wrong_pin = true, .want = CKR_PIN_INCORRECT,
	  .prepare = prepare_objects, .ready = ready_user, .act = act_set_pin_wrong, .look = look_objects },
	{ .name = "login", .steps = 1, .tries = "user", .prepare = prepare_tried, .ready = ready_session,
	  .act = act_login, .look = look_objects },
	{ .name = "login-wrong", .steps = 1, .tries = "user", .wrong_pin = true, .want = CKR_PIN_INCORRECT,
	  .prepare = prepare_objects, .ready = ready_session, .act = act_login_wrong, .look = look_objects },
	{ .name = "login-last-try", .steps = 1, .tries = "user", .wrong_pin = true, .want = CKR_PIN_LOCKED,
	  .prepare = prepare_last_try, .ready = ready_session, .act = act_login_wrong,
	  .look = look_objects },
	{ .name = "login-so", .steps = 1, .tries = "so", .prepare = prepare_so_tried, .ready = ready_session,
	  .act = act_so_login, .look = look_objects },
	{ .name = "login-so-wrong", .steps = 1, .tries = "so", .wrong_pin = true, .want = CKR_PIN_INCORRECT,
	  .prepare = prepare_objects, .ready = ready_session, .act = act_so_login_wrong,
	  .look = look_objects },
	{ .name = "create-data", .steps = 1, .prepare = prepare_objects, .ready = ready_user,
	  .act = act_create_data, .look = look_objects },
	{ .name = "create-secret", .steps = 1, .prepare = prepare_objects, .ready = ready_user,
	  .act = act_create_secret, .look = look_objects },
	{ .name = "import-private", .steps = 1, .prepare = prepare_objects, .ready = ready_user,
	  .act = act_import_private, .look = look_objects },
	{ .name = "import-keys", .steps = 1, .prepare = prepare_objects, .ready = ready_user,
	  .act = act_import_keys, .look = look_objects, .sister = "libashlar-import.so" },
	{ .name = "import-certificate", .steps = 1, .prepare = prepare_objects, .ready = ready_user,
	  .act = act_import_certificate, .look = look_objects },
	{ .name = "set", .steps = 1, .prepare = prepare_objects, .ready = ready_key, .act = act_set,
	  .look = look_objects },
	{ .name = "set-data", .steps = 1, .prepare = prepare_objects, .ready = ready_note,
	  .act = act_set_note, .look = look_objects },
	{ .name = "copy", .steps = 1, .prepare = prepare_objects, .ready = ready_key, .act = act_copy,
	  .look = look_objects },
	{ .name = "destroy-data", .steps = 1, .prepare = prepare_objects, .ready = ready_note,
	  .act = act_destroy, .look = look_objects },
	{ .name = "destroy-private", .steps = 1, .prepare = prepare_objects, .ready = ready_private,
	  .act = act_destroy, .look = look_objects },
	{ .name = "generate", .steps = 1, .prepare = prepare_objects, .ready = ready_user,
	  .act = act_generate, .look = look_objects },
	{ .name = "generate-pair", .steps = 1, .prepare = prepare_objects, .ready = ready_user,
	  .act = act_generate_pair, .look = look_objects },
	{ .name = "unwrap", .steps = 1, .prepare = prepare_objects, .ready = ready_wrapped,
	  .act = act_unwrap, .look = look_objects },
	{ .name = "derive", .steps = 1, .prepare = prepare_objects, .ready = ready_derive, .act = act_derive,
	  .look = look_objects },
	{ .name = "row", .steps = 4, .prepare = prepare_objects, .ready = ready_key, .act = act_row,
	  .look = look_objects },
	{ .name = NULL },
};
/* clang-format on */
