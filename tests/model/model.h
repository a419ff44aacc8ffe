/*
 * Random calls over the whole PKCS#11 API, judged by a model of what a token is.
 *
 * The model (attrs.c, world.c) knows slots, tokens, PINs with their tries, sessions,
 * logins, objects with their attributes, what is under way in each session and at which
 * stage, and what was made with which key. Before each call it collects the reasons why
 * the call may fail. Where there is none the call has to succeed; where there are some it
 * has to answer with one of them. So the order in which a token looks at its arguments
 * stays its own affair, and nothing else does. What a call gives is compared with the
 * model: handles, states, counts, sets of found objects, values of attributes, lengths,
 * signatures that were made before and have to verify, ciphertexts that have to decrypt;
 * and what must stay untouched is looked at as well.
 *
 * One world in a process, one thread. All choices come from choice.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/pkcs11.h>

#include "choice.h"
#include "report.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	TOKENS = 2, /* tokens that the model makes; there is always one more slot, with nothing in it */
	SESSIONS = 10,
	OBJECTS = 96,
	PIN_TRIES = 4, /* as the configuration says */
	PIN_MAX = 255,
	DEAD = 32,
	DATA_MAX = 2048,   /* of what goes into one operation, or comes out of it */
	RESULT_MAX = 4096, /* the longest signature and ciphertext with room to spare */
};

/*
 * Where the rules are not settled, or about to change: what is open is not judged, and the
 * operations that it leaves in doubt are cancelled, so that both are certain of them.
 */
enum rule {
	NO,
	YES,
	OPEN
};
extern const struct rules {
	enum rule missing_login_ends;  /* CKR_USER_NOT_LOGGED_IN ends the operation that asked for a PIN */
	enum rule destroyed_elsewhere; /* a destroyed key ends operations of other sessions */
	enum rule refused_key_ends;    /* C_DigestKey with a key that is refused ends the digest */
} rules;

/* ---- attributes (attrs.c) ---- */

/* clang-format off */
#define ATTRIBUTES(X)                                                                                        \
	X(CLASS)                                                                                             \
	X(TOKEN) X(PRIVATE) X(LABEL) X(UNIQUE_ID) X(APPLICATION) X(VALUE) X(OBJECT_ID) X(                    \
		CERTIFICATE_TYPE) X(ISSUER) X(SERIAL_NUMBER) X(TRUSTED) X(CERTIFICATE_CATEGORY) X(URL)       \
		X(CHECK_VALUE) X(KEY_TYPE) X(SUBJECT) X(ID) X(SENSITIVE) X(ENCRYPT) X(DECRYPT) X(WRAP) X(    \
			UNWRAP) X(SIGN) X(SIGN_RECOVER) X(VERIFY) X(VERIFY_RECOVER) X(DERIVE) X(START_DATE)  \
			X(END_DATE) X(MODULUS) X(MODULUS_BITS) X(PUBLIC_EXPONENT) X(PRIVATE_EXPONENT) X(     \
				PRIME_1) X(PRIME_2) X(EXPONENT_1) X(EXPONENT_2) X(COEFFICIENT)               \
				X(PUBLIC_KEY_INFO) X(VALUE_LEN) X(EXTRACTABLE) X(LOCAL) X(NEVER_EXTRACTABLE) \
					X(ALWAYS_SENSITIVE) X(KEY_GEN_MECHANISM) X(MODIFIABLE) X(COPYABLE)   \
						X(DESTROYABLE) X(EC_PARAMS) X(EC_POINT)                      \
							X(ALWAYS_AUTHENTICATE) X(WRAP_WITH_TRUSTED)          \
								X(PARAMETER_SET) X(ENCAPSULATE)              \
									X(DECAPSULATE) X(SEED)               \
										X(ALLOWED_MECHANISMS)

#define ATTRIBUTE_ID(name) A_##name,
enum attr {
	ATTRIBUTES(ATTRIBUTE_ID) ATTRS
};
#undef ATTRIBUTE_ID
/* clang-format on */

enum making {
	CREATED,
	GENERATED,
	UNWRAPPED,
	DERIVED,
	ENCAPSULATED
};

struct value {
	enum {
		ABSENT,
		MAYBE, /* nothing is known of it yet */
		THERE, /* it is there, nobody has seen it yet */
		KNOWN
	} state;
	size_t len;
	uint8_t *data;
};

struct object {
	uint64_t serial; /* 0: a free place; never the same again */
	unsigned slot;
	CK_OBJECT_HANDLE handle;   /* 0: it has none since a login or the library ended */
	CK_SESSION_HANDLE session; /* of a session object */
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
	uint64_t material; /* keys with the same have the same parts, or are a pair */
	struct value attrs[ATTRS];
};

CK_ATTRIBUTE_TYPE attr_type(enum attr attr);
const char *attr_name(enum attr attr);
bool attr_is_bool(enum attr attr);
bool attr_of(CK_OBJECT_CLASS class, CK_KEY_TYPE key_type, enum attr attr);
bool attr_is_secret(CK_OBJECT_CLASS class, CK_KEY_TYPE key_type, enum attr attr);
bool object_flag(const struct object *object, enum attr attr);
void object_set(struct object *object, enum attr attr, const void *data, size_t len);
bool object_value_is(const struct object *object, enum attr attr, const void *data, size_t len);
bool object_hides(const struct object *object, enum attr attr);

/* A template: what is given, and where it lies. */
struct template
{
	CK_ATTRIBUTE attrs[32];
	enum attr ids[32]; /* ATTRS: one that there is not */
	CK_ULONG count;
	uint8_t room[6144];
	size_t used;
};

void template_bytes(struct template *template, enum attr attr, const void *data, size_t len);
void template_bool(struct template *template, enum attr attr, bool value);
void template_number(struct template *template, enum attr attr, CK_ULONG value);
bool template_has(const struct template *template, enum attr attr);
const char *template_text(const struct template *template);

/* ---- the world (world.c) ---- */

enum op {
	ENCRYPT,
	DECRYPT,
	DIGEST,
	SIGN,
	VERIFY,
	SIGN_RECOVER,
	VERIFY_RECOVER,
	OPS
};

struct mech; /* mechs.h */

struct op_state {
	bool active, started, pending,
		waits; /* parts were fed; the last part waits for room; a PIN is missing */
	bool certain;  /* what went in is known to the byte */
	const struct mech *mech;
	unsigned variant;
	uint64_t key, material; /* the key's serial; 0 for digests */
	unsigned login;         /* ends with this login; 0: with none */
	uint8_t in[DATA_MAX], out[RESULT_MAX];
	size_t in_len, out_len;
	size_t plan_len, plan_at; /* what a decryption or verification is being fed */
	uint8_t plan[RESULT_MAX];
};

struct find {
	bool active, over;
	unsigned login;
	struct template template;
	uint64_t must[OBJECTS], got[OBJECTS]; /* serials by place */
};

struct session {
	CK_SESSION_HANDLE handle; /* 0: a free place */
	unsigned slot;
	bool read_write;
	struct op_state ops[OPS];
	struct find find;
};

struct pin {
	bool set;
	uint8_t bytes[64];
	size_t len;
	unsigned left;
};

struct token {
	bool there;
	unsigned life; /* how often it was initialised */
	uint8_t label[32];
	char serial[16]; /* once it was seen */
	struct pin so, user;
	CK_USER_TYPE who; /* CK_UNAVAILABLE_INFORMATION: nobody is logged in */
	unsigned login;   /* the login's number, 0 without */
};

struct world {
	CK_FUNCTION_LIST_3_2 *p11;
	bool persistent; /* tokens outlive C_Finalize */
	bool initialized;
	struct token tokens[TOKENS];
	struct session sessions[SESSIONS];
	struct object objects[OBJECTS];
	CK_SESSION_HANDLE dead_sessions[DEAD];
	CK_OBJECT_HANDLE dead_objects[DEAD];
	unsigned dead_session_count, dead_object_count;
	uint64_t last_serial, last_material;
	unsigned last_login, starts;
};
extern struct world world;

CK_STATE session_state(const struct session *session);
bool nobody(unsigned slot);
bool user_in(unsigned slot);
bool so_in(unsigned slot);
unsigned count_sessions(unsigned slot, bool read_write_only);
struct session *any_session(void);
struct session *session_of(unsigned slot);
struct object *any_object(const struct session *session, bool (*fits)(const struct object *object));
struct object *object_by_serial(uint64_t serial);
bool object_visible(const struct session *session, const struct object *object);
CK_OBJECT_HANDLE bad_object(const struct session *session);
CK_SESSION_HANDLE bad_session(void);

void world_session_opened(CK_SESSION_HANDLE handle, unsigned slot, bool read_write);
void world_session_closed(struct session *session);
void world_logged_in(unsigned slot, CK_USER_TYPE who);
void world_logged_out(unsigned slot);
void world_token_made(unsigned slot, const uint8_t label[32], const uint8_t *pin, size_t len);
void world_finalized(void);
void world_dead_object(CK_OBJECT_HANDLE handle);
struct object *world_object_new(struct session *session, CK_OBJECT_HANDLE handle, CK_OBJECT_CLASS class,
				CK_KEY_TYPE key_type);
void world_object_changed(const struct object *object);
void world_object_gone(struct object *object, const struct session *by);
void op_end(struct op_state *op);

/*
 * Keys that are the same, by what is known of them: a number for a secret, for all keys of
 * that kind (a key type, 0 for secret keys) that have it.
 */
uint64_t material_of(CK_KEY_TYPE kind, const void *secret, size_t len);

/* What a secret key was seen to be; wrong() if others with that number are something else. */
void material_seen(uint64_t material, const void *secret, size_t len);
void material_forget(void);
bool material_secret(uint64_t material, const uint8_t **ret_secret, size_t *ret_len);

/* ---- calls ---- */

/* What most calls begin with: a session, mostly a good one. NULL: `*handle` is none. */
struct session *choose_session(struct verdict *verdict, CK_SESSION_HANDLE *handle);

/* An object's handle, mostly a good one; else the reason `bad` is added, and NULL returned. */
struct object *choose_object(struct session *session, bool (*fits)(const struct object *object), CK_RV bad,
			     struct verdict *verdict, CK_OBJECT_HANDLE *handle);

/* Cancels an operation of which the model does not know whether it still is under way. */
void settle_doubt(struct session *session, enum op op);

/* Reads all attributes, compares what is known and learns the rest (calls_object.c). */
void learn_object(struct session *session, struct object *object);

/* An object to be made: its template, and why that may fail. */
struct plan {
	enum making making;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
	CK_ULONG mechanism; /* CKA_KEY_GEN_MECHANISM */
	struct template template;
};

void plan_begin(struct plan *plan, enum making making, CK_OBJECT_CLASS class, CK_KEY_TYPE key_type);
void plan_finish(struct plan *plan, const struct session *session, struct verdict *verdict);
struct object *plan_done(const struct plan *plan, struct session *session, CK_OBJECT_HANDLE handle,
			 const struct object *base, uint64_t material);

/* What to change of an object, in place or in a copy, and why that may fail. Both may be NULL. */
void change_template(struct template *template, const struct session *session, const struct object *object,
		     bool copying, struct verdict *verdict);

/* One random call, with all that it takes to judge it. */
void play_call(void);

/* Begins a new world. */
void play_begin(CK_FUNCTION_LIST_3_2 *p11, bool persistent);
