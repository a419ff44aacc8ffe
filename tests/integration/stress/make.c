/*
 * Making and copying a thread's own objects, and the templates for it.
 */
#include "model_priv.h"

CK_BBOOL model_yes = CK_TRUE;
CK_BBOOL model_no = CK_FALSE;

/* ---- templates ---- */

void model_add(struct model_template *template, CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG len)
{
	template->attrs[template->count++] = (CK_ATTRIBUTE){ type, (void *)(uintptr_t)value, len };
}

void model_add_bool(struct model_template *template, CK_ATTRIBUTE_TYPE type, bool value)
{
	model_add(template, type, value ? &model_yes : &model_no, sizeof(CK_BBOOL));
}

/* By which all of a thread's own objects are found: CKA_APPLICATION of data, CKA_ID of keys. */
const char *model_mark_of(const struct thread *t, char mark[LABEL_LEN])
{
	(void)snprintf(mark, LABEL_LEN, "stress %u/%u", t->process, t->number);
	return mark;
}

CK_OBJECT_CLASS model_class_of(const struct thing *thing)
{
	switch (thing->kind) {
	case DATA: return CKO_DATA;
	case PAIR: return CKO_PRIVATE_KEY;
	case REST: return CKO_PUBLIC_KEY;
	default: return CKO_SECRET_KEY;
	}
}

void model_name_thing(const struct thread *t, struct thing *thing)
{
	(void)snprintf(thing->label, sizeof(thing->label), "own %u/%u #%u v%u", t->process, t->number,
		       thing->serial, thing->version);
}

void model_fill(struct thread *t, struct thing *thing, unsigned len)
{
	thing->len = len;
	for (unsigned i = 0; i < len; i++)
		thing->value[i] = (CK_BYTE)stress_random(t);
}

struct thing *model_free_place(struct thread *t)
{
	for (unsigned i = 0; i < THINGS; i++)
		if (t->things[i].kind == NOTHING)
			return &t->things[i];
	return NULL;
}

/* ---- making ---- */

static void common_template(const struct thread *t, const struct thing *thing, char mark[LABEL_LEN],
			    struct model_template *template)
{
	model_add_bool(template, CKA_TOKEN, thing->token);
	model_add_bool(template, CKA_PRIVATE, thing->is_private);
	model_add(template, CKA_LABEL, thing->label, strlen(thing->label));
	(void)model_mark_of(t, mark);
	model_add(template, thing->kind == DATA ? CKA_APPLICATION : CKA_ID, mark, strlen(mark));
}

static CK_RV make_data(struct thread *t, CK_SESSION_HANDLE session, struct thing *thing)
{
	static const CK_OBJECT_CLASS class = CKO_DATA;
	struct model_template template = { .count = 0 };
	char mark[LABEL_LEN];

	model_add(&template, CKA_CLASS, &class, sizeof(class));
	common_template(t, thing, mark, &template);
	model_add(&template, CKA_VALUE, thing->value, thing->len);
	t->writing = thing->token;
	return CALL(t, C_CreateObject, session, template.attrs, template.count, &thing->handle);
}

static void secret_usage(const struct thing *thing, struct model_template *template)
{
	if (thing->kind == AES) {
		model_add_bool(template, CKA_ENCRYPT, true);
		model_add_bool(template, CKA_DECRYPT, true);
	} else {
		model_add_bool(template, CKA_SIGN, true);
		model_add_bool(template, CKA_VERIFY, true);
	}
	model_add_bool(template, CKA_SENSITIVE, thing->generated);
	model_add_bool(template, CKA_EXTRACTABLE, !thing->generated);
}

static CK_RV make_secret(struct thread *t, CK_SESSION_HANDLE session, struct thing *thing)
{
	static const CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	const CK_KEY_TYPE type = thing->kind == AES ? CKK_AES : CKK_GENERIC_SECRET;
	struct model_template template = { .count = 0 };
	char mark[LABEL_LEN];

	model_add(&template, CKA_CLASS, &class, sizeof(class));
	model_add(&template, CKA_KEY_TYPE, &type, sizeof(type));
	common_template(t, thing, mark, &template);
	secret_usage(thing, &template);
	model_add(&template, CKA_VALUE, thing->value, thing->len);
	t->writing = thing->token;
	return CALL(t, C_CreateObject, session, template.attrs, template.count, &thing->handle);
}

static CK_RV generate_secret(struct thread *t, CK_SESSION_HANDLE session, struct thing *thing)
{
	CK_MECHANISM mechanism = { thing->kind == AES ? CKM_AES_KEY_GEN : CKM_GENERIC_SECRET_KEY_GEN, NULL,
				   0 };
	const CK_ULONG len = 32;
	struct model_template template = { .count = 0 };
	char mark[LABEL_LEN];

	common_template(t, thing, mark, &template);
	secret_usage(thing, &template);
	model_add(&template, CKA_VALUE_LEN, &len, sizeof(len));
	t->writing = thing->token;
	return CALL(t, C_GenerateKey, session, &mechanism, template.attrs, template.count, &thing->handle);
}

static CK_RV generate_pair(struct thread *t, CK_SESSION_HANDLE session, struct thing *thing)
{
	static const CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	struct model_template public = { .count = 0 };
	struct model_template private = { .count = 0 };
	char mark[LABEL_LEN];

	common_template(t, thing, mark, &public);
	common_template(t, thing, mark, &private);
	model_add(&public, CKA_EC_PARAMS, p256, sizeof(p256));
	model_add_bool(&public, CKA_VERIFY, true);
	model_add_bool(&private, CKA_SIGN, true);
	model_add_bool(&private, CKA_SENSITIVE, true);
	t->writing = thing->token;
	return CALL(t, C_GenerateKeyPair, session, &mechanism, public.attrs, public.count, private.attrs,
		    private.count, &thing->public_half, &thing->handle);
}

static void draw_value(struct thread *t, struct thing *thing)
{
	if (thing->kind == DATA)
		model_fill(t, thing, 1 + stress_below(t, VALUE_LEN - 1));
	else if (thing->kind != PAIR && !thing->generated)
		model_fill(t, thing, 32);
}

static CK_RV make(struct thread *t, CK_SESSION_HANDLE session, struct thing *thing)
{
	switch (thing->kind) {
	case DATA: return make_data(t, session, thing);
	case PAIR: return generate_pair(t, session, thing);
	default:
		return thing->generated ? generate_secret(t, session, thing) : make_secret(t, session, thing);
	}
}

/*
 * Puts a new object among the thread's own. A private session object that a logout may have
 * taken away already, or not, is none of them.
 */
static void adopt(struct thread *t, struct thing *thing)
{
	if (thing->is_private && !thing->token && stress_disturbed(t)) {
		stress_settle(t, NULL);
		(void)CALL(t, C_DestroyObject, t->sessions[0], thing->handle);
		if (thing->kind == PAIR)
			(void)CALL(t, C_DestroyObject, t->sessions[0], thing->public_half);
		return;
	}
	if (thing->is_private && stress_disturbed(t)) {
		thing->handle = 0;
		thing->public_half = 0;
	}
	stress_settle(t, thing);
}

/* What has to be answered when an object is made: see PKCS#11 3.2 §5.6. */
static CK_RV allowed(const struct thread *t, const struct thing *thing)
{
	if (thing->token && thing->session == READ_ONLY)
		return CKR_SESSION_READ_ONLY;
	return thing->is_private && !t->user ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
}

void stress_make_thing(struct thread *t)
{
	static const enum kind kinds[] = { DATA, DATA, DATA, AES, AES, HMAC, HMAC, PAIR };
	struct thing thing = {
		.kind = kinds[stress_below(t, COUNT(kinds))],
		.token = stress_chance(t, 3),
		.is_private = stress_chance(t, 2),
		.generated = stress_chance(t, 2),
		.session = stress_pick_session(t),
		.serial = t->serial++,
	};
	CK_RV want = CKR_OK, rv = CKR_OK;

	if (model_free_place(t) == NULL) {
		stress_destroy_thing(t);
		return;
	}
	if (thing.kind == DATA)
		thing.generated = false;
	if (thing.token && thing.session == READ_ONLY && !stress_chance(t, 4))
		thing.session = 0;
	model_name_thing(t, &thing);
	want = allowed(t, &thing);
	/* Nothing promises which of two refusals comes first. */
	if (thing.is_private && !t->user && want == CKR_SESSION_READ_ONLY)
		return;
	draw_value(t, &thing);
	stress_intend(t, model_free_place(t), &thing);
	rv = make(t, t->sessions[thing.session], &thing);
	(void)stress_want(t, "making an object", want, rv);
	if (rv == CKR_OK) /* whether it should or not, it is there */
		adopt(t, &thing);
	else
		stress_settle(t, NULL);
}

void stress_copy_thing(struct thread *t)
{
	struct thing *from = stress_pick(t, KIND(DATA) | KIND(AES) | KIND(HMAC));
	struct model_template template = { .count = 0 };
	struct thing copy;
	CK_RV want = CKR_OK, rv = CKR_OK;

	if (from == NULL || model_free_place(t) == NULL)
		return;
	copy = *from;
	copy.serial = t->serial++;
	copy.version = 0;
	copy.token = stress_chance(t, 3);
	copy.session = copy.token ? 0 : stress_pick_session(t);
	copy.is_private = from->is_private || stress_chance(t, 3);
	model_name_thing(t, &copy);
	want = allowed(t, &copy);
	model_add_bool(&template, CKA_TOKEN, copy.token);
	model_add_bool(&template, CKA_PRIVATE, copy.is_private);
	model_add(&template, CKA_LABEL, copy.label, strlen(copy.label));
	t->writing = copy.token;
	stress_intend(t, model_free_place(t), &copy);
	rv = CALL(t, C_CopyObject, t->sessions[copy.session], from->handle, template.attrs, template.count,
		  &copy.handle);
	(void)stress_want(t, "C_CopyObject", want, rv);
	if (rv == CKR_OK)
		adopt(t, &copy);
	else
		stress_settle(t, NULL);
}
