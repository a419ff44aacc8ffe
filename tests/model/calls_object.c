/* Objects: §5.7. */
#include "calls.h"

/* ---- reading ---- */

/* How it has to answer for one attribute. */
enum answer {
	TELLS,
	MAY_TELL,
	HIDES,
	LACKS
};

static enum answer answer_of(const struct object *object, enum attr attr)
{
	if (attr == ATTRS || !attr_of(object->class, object->key_type, attr))
		return LACKS;
	if (object_hides(object, attr))
		return HIDES;
	switch (object->attrs[attr].state) {
	case ABSENT: return LACKS;
	case MAYBE: return MAY_TELL;
	case THERE:
	case KNOWN: break;
	}
	return TELLS;
}

static void why_answer(struct verdict *verdict, enum answer answer)
{
	why_if(verdict, answer == HIDES, CKR_ATTRIBUTE_SENSITIVE);
	why_if(verdict, answer == LACKS, CKR_ATTRIBUTE_TYPE_INVALID);
	if (answer == MAY_TELL)
		may(verdict, CKR_ATTRIBUTE_TYPE_INVALID);
}

static void check_unique(const struct object *object)
{
	for (size_t i = 0; i < OBJECTS; i++) {
		const struct object *other = &world.objects[i];

		if (other->serial != 0 && other != object && other->slot == object->slot &&
		    object_value_is(other, A_UNIQUE_ID, object->attrs[A_UNIQUE_ID].data,
				    object->attrs[A_UNIQUE_ID].len))
			wrong("two objects have one CKA_UNIQUE_ID");
	}
}

static void compare(struct object *object, enum attr attr, const uint8_t *data, size_t len)
{
	const struct value *value = &object->attrs[attr];

	if (value->state == KNOWN && !object_value_is(object, attr, data, len))
		wrong("%s of %#lx: wanted %zu bytes, %02x…, got %zu, %02x…", attr_name(attr), object->handle,
		      value->len, value->len != 0 ? value->data[0] : 0, len, len != 0 ? data[0] : 0);
	if (value->state != KNOWN)
		object_set(object, attr, data, len);
	if (attr == A_UNIQUE_ID)
		check_unique(object);
	if (attr == A_VALUE && object->class == CKO_SECRET_KEY)
		material_seen(object->material, data, len);
	if (attr == A_VALUE_LEN && object->attrs[A_VALUE].state == KNOWN &&
	    *(const CK_ULONG *)(const void *)data != object->attrs[A_VALUE].len)
		wrong("CKA_VALUE_LEN is not CKA_VALUE's length");
}

static void learn_lengths(struct session *session, struct object *object, CK_ATTRIBUTE *attrs)
{
	struct verdict verdict = VERDICT_NONE;

	for (unsigned i = 0; i < ATTRS; i++) {
		attrs[i] = (CK_ATTRIBUTE){ attr_type((enum attr)i), NULL, 77 };
		why_answer(&verdict, answer_of(object, (enum attr)i));
	}
	tell("(%#lx, %#lx, lengths of all)", session->handle, object->handle);
	(void)CALL(&verdict, C_GetAttributeValue, session->handle, object->handle, attrs, ATTRS);
	for (unsigned i = 0; i < ATTRS; i++) {
		const enum answer answer = answer_of(object, (enum attr)i);
		const bool told = attrs[i].ulValueLen != CK_UNAVAILABLE_INFORMATION;

		if (answer != MAY_TELL && told != (answer == TELLS))
			wrong("%s of %#lx: %s", attr_name((enum attr)i), object->handle,
			      told ? "told, and should not be" : "not told, and should be");
		if (answer == MAY_TELL && !told)
			object->attrs[i].state = ABSENT;
	}
}

void learn_object(struct session *session, struct object *object)
{
	static uint8_t bytes[32768];
	CK_ATTRIBUTE attrs[ATTRS], wanted[ATTRS];
	enum attr ids[ATTRS];
	CK_ULONG count = 0;
	size_t used = 0;
	struct verdict verdict = VERDICT_NONE;

	learn_lengths(session, object, attrs);
	for (unsigned i = 0; i < ATTRS; i++) {
		if (attrs[i].ulValueLen == CK_UNAVAILABLE_INFORMATION)
			continue;
		if (used + attrs[i].ulValueLen > sizeof(bytes))
			wrong("%s of %lu bytes", attr_name((enum attr)i), attrs[i].ulValueLen);
		ids[count] = (enum attr)i;
		wanted[count] = (CK_ATTRIBUTE){ attrs[i].type, bytes + used, attrs[i].ulValueLen };
		used += (wanted[count++].ulValueLen + 7) & ~7ul;
	}
	tell("(%#lx, %#lx, all)", session->handle, object->handle);
	(void)CALL(&verdict, C_GetAttributeValue, session->handle, object->handle, wanted, count);
	for (CK_ULONG i = 0; i < count; i++) {
		if (wanted[i].ulValueLen != attrs[ids[i]].ulValueLen)
			wrong("%s of %#lx: a length of %lu, then of %lu", attr_name(ids[i]), object->handle,
			      attrs[ids[i]].ulValueLen, wanted[i].ulValueLen);
		compare(object, ids[i], wanted[i].pValue, wanted[i].ulValueLen);
	}
}

/* ---- C_GetAttributeValue ---- */

enum {
	ASKED = 6
};

struct question {
	enum attr attr;
	struct room room;
};

static void ask(const struct object *object, struct question *question, CK_ATTRIBUTE *attribute,
		struct verdict *verdict)
{
	const size_t len = object != NULL && question->attr != ATTRS ? object->attrs[question->attr].len : 8;

	room_begin(&question->room, chance(30),
		   chance(60)   ? len
		   : chance(50) ? len + choose(20)
				: choose(len + 1));
	*attribute = (CK_ATTRIBUTE){ attr_type(question->attr), question->room.data, question->room.cap };
	if (object == NULL)
		return;
	why_answer(verdict, answer_of(object, question->attr));
	why_if(verdict,
	       answer_of(object, question->attr) == TELLS && question->room.data != NULL &&
		       question->room.cap < len,
	       CKR_BUFFER_TOO_SMALL);
}

static void check_answer(const struct object *object, const struct question *question,
			 const CK_ATTRIBUTE *attribute)
{
	const struct room *room = &question->room;
	const char *name = attr_name(question->attr);
	const struct value *value = question->attr != ATTRS ? &object->attrs[question->attr] : NULL;
	const bool tells = answer_of(object, question->attr) == TELLS;
	const bool fits = tells && (room->data == NULL || room->cap >= value->len);

	if (attribute->ulValueLen != (fits ? value->len : CK_UNAVAILABLE_INFORMATION))
		wrong("C_GetAttributeValue: %s: a length of %lu", name, attribute->ulValueLen);
	room_untouched(room, fits && room->data != NULL ? value->len : 0, name);
	if (fits && room->data != NULL && memcmp(room->bytes, value->data, value->len) != 0)
		wrong("C_GetAttributeValue: %s: another value", name);
}

static void get_attribute_value(void)
{
	static struct question questions[ASKED];
	CK_ATTRIBUTE attrs[ASKED];
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE object_handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	struct object *object =
		choose_object(session, NULL, CKR_OBJECT_HANDLE_INVALID, &verdict, &object_handle);
	const CK_ULONG count = choose(ASKED + 1);

	for (CK_ULONG i = 0; i < count; i++) {
		do
			questions[i].attr = chance(4) ? ATTRS : (enum attr)choose(ATTRS);
		while (!choice_over() && object != NULL && questions[i].attr != ATTRS &&
		       !attr_of(object->class, object->key_type, questions[i].attr) && chance(85));
		ask(object, &questions[i], &attrs[i], &verdict);
	}
	tell("(%#lx, %#lx, %lu attributes, first %s)", handle, object_handle, count,
	     count != 0 ? attr_name(questions[0].attr) : "none");
	(void)CALL(&verdict, C_GetAttributeValue, handle, object_handle, attrs, count);
	for (CK_ULONG i = 0; i < count; i++) {
		if (object != NULL)
			check_answer(object, &questions[i], &attrs[i]);
		else if (attrs[i].ulValueLen != questions[i].room.cap)
			wrong("C_GetAttributeValue wrote without an object");
	}
}

static void get_object_size(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE object = 0;
	struct session *session = choose_session(&verdict, &handle);
	CK_ULONG size = 0;
	const bool none = chance(5);

	(void)choose_object(session, NULL, CKR_OBJECT_HANDLE_INVALID, &verdict, &object);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%#lx, %#lx)", handle, object);
	if (CALL(&verdict, C_GetObjectSize, handle, object, none ? NULL : &size) != (size != 0))
		wrong("C_GetObjectSize: a size of %lu", size);
}

/* ---- making ---- */

static const uint8_t oid_p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const uint8_t oid_ed25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static const uint8_t oid_x25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x6e };

static uint64_t add_secret(struct plan *plan, CK_KEY_TYPE kind, size_t len)
{
	uint8_t value[64];

	memset(value, 1 + (int)choose(3), sizeof(value));
	template_bytes(&plan->template, A_VALUE, value, len);
	return material_of(kind, value, len);
}

static bool is_public_key(const struct object *object)
{
	return object->class == CKO_PUBLIC_KEY &&
	       (object->key_type == CKK_EC || object->key_type == CKK_RSA || object->key_type == CKK_ML_DSA);
}

static void add_known(struct plan *plan, const struct object *from, enum attr attr)
{
	if (from->attrs[attr].state == KNOWN)
		template_bytes(&plan->template, attr, from->attrs[attr].data, from->attrs[attr].len);
}

/* A public key that is here once more; false when there is none. */
static bool plan_public(struct plan *plan, const struct session *session, uint64_t *ret_material)
{
	const struct object *from = session != NULL ? any_object(session, is_public_key) : NULL;

	if (from == NULL)
		return false;
	plan_begin(plan, CREATED, CKO_PUBLIC_KEY, from->key_type);
	switch (from->key_type) {
	case CKK_RSA:
		add_known(plan, from, A_MODULUS);
		add_known(plan, from, A_PUBLIC_EXPONENT);
		break;
	case CKK_EC:
		add_known(plan, from, A_EC_PARAMS);
		add_known(plan, from, A_EC_POINT);
		break;
	default:
		add_known(plan, from, A_PARAMETER_SET);
		add_known(plan, from, A_VALUE);
		break;
	}
	*ret_material = from->material;
	return true;
}

static void plan_created(struct plan *plan, const struct session *session, uint64_t *ret_material)
{
	static const uint8_t der[] = { 0x30, 0x03, 0x02, 0x01, 0x05 };

	*ret_material = 0;
	switch (choose(10)) {
	case 0:
		plan_begin(plan, CREATED, CKO_CERTIFICATE, CK_UNAVAILABLE_INFORMATION);
		template_number(&plan->template, A_CERTIFICATE_TYPE, CKC_X_509);
		template_bytes(&plan->template, A_SUBJECT, der, sizeof(der));
		template_bytes(&plan->template, A_VALUE, der, sizeof(der));
		return;
	case 1:
		plan_begin(plan, CREATED, CKO_SECRET_KEY, CKK_AES);
		*ret_material = add_secret(plan, 0, 16 + 8 * choose(3));
		return;
	case 2:
		plan_begin(plan, CREATED, CKO_SECRET_KEY, chance(50) ? CKK_GENERIC_SECRET : CKK_HKDF);
		*ret_material = add_secret(plan, 0, 16 + choose(17));
		return;
	case 3:
		plan_begin(plan, CREATED, CKO_SECRET_KEY, CKK_SHA256_HMAC);
		*ret_material = add_secret(plan, 0, 32);
		return;
	case 4:
		plan_begin(plan, CREATED, CKO_PRIVATE_KEY, CKK_EC);
		template_bytes(&plan->template, A_EC_PARAMS, oid_p256, sizeof(oid_p256));
		*ret_material = add_secret(plan, CKK_EC, 32);
		return;
	case 5:
		plan_begin(plan, CREATED, CKO_PRIVATE_KEY, CKK_EC_EDWARDS);
		template_bytes(&plan->template, A_EC_PARAMS, oid_ed25519, sizeof(oid_ed25519));
		*ret_material = add_secret(plan, CKK_EC_EDWARDS, 32);
		return;
	case 6:
		if (chance(70) && plan_public(plan, session, ret_material))
			return;
		plan_begin(plan, CREATED, CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY);
		template_bytes(&plan->template, A_EC_PARAMS, oid_x25519, sizeof(oid_x25519));
		*ret_material = add_secret(plan, CKK_EC_MONTGOMERY, 32);
		return;
	case 7:
		plan_begin(plan, CREATED, CKO_DOMAIN_PARAMETERS, CKK_EC);
		template_bytes(&plan->template, A_EC_PARAMS, oid_p256, sizeof(oid_p256));
		return;
	default:
		plan_begin(plan, CREATED, CKO_DATA, CK_UNAVAILABLE_INFORMATION);
		if (chance(70))
			template_bytes(&plan->template, A_VALUE, "some data", choose(10));
		return;
	}
}

static void create_object(void)
{
	static struct plan plan;
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE object = UNSET_HANDLE;
	struct session *session = choose_session(&verdict, &handle);
	const bool none = chance(2);
	uint64_t material = 0;

	plan_created(&plan, session, &material);
	plan_finish(&plan, session, &verdict);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%#lx, %s)", handle, template_text(&plan.template));
	if (CALL(&verdict, C_CreateObject, handle, plan.template.attrs, plan.template.count,
		 none ? NULL : &object))
		plan_done(&plan, session, object, NULL, material);
	else
		handle_untouched(object, "C_CreateObject");
}

/* ---- changing ---- */

static void put_changes(struct object *object, const struct template *template)
{
	for (CK_ULONG i = 0; i < template->count; i++)
		object_set(object, template->ids[i], template->attrs[i].pValue,
			   template->attrs[i].ulValueLen);
}

static void copy_done(struct session *session, const struct object *object, CK_OBJECT_HANDLE handle,
		      const struct template *template)
{
	struct object *copy = world_object_new(session, handle, object->class, object->key_type);

	for (unsigned i = 0; i < ATTRS; i++) {
		if (object->attrs[i].state == KNOWN)
			object_set(copy, (enum attr)i, object->attrs[i].data, object->attrs[i].len);
		else
			copy->attrs[i].state = object->attrs[i].state;
	}
	put_changes(copy, template);
	copy->attrs[A_UNIQUE_ID].state = THERE;
	/* A copy is trusted when the officer says so. */
	if (object_flag(copy, A_TRUSTED) && !so_in(session->slot))
		object_set(copy, A_TRUSTED, "", 1);
	copy->material = object->material;
	if (object_flag(copy, A_TOKEN))
		copy->session = 0;
	learn_object(session, copy);
}

static void copy_object(void)
{
	static struct template template;
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE object_handle = 0, copy = UNSET_HANDLE;
	struct session *session = choose_session(&verdict, &handle);
	struct object *object =
		choose_object(session, NULL, CKR_OBJECT_HANDLE_INVALID, &verdict, &object_handle);
	const bool none = chance(2);
	bool token = false, is_private = false;

	template.count = template.used = 0;
	change_template(&template, session, object, true, &verdict);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	if (object != NULL) {
		token = object_flag(object, A_TOKEN);
		is_private = object_flag(object, A_PRIVATE);
		for (CK_ULONG i = 0; i < template.count; i++) {
			if (template.ids[i] == A_TOKEN)
				token = *(CK_BBOOL *)template.attrs[i].pValue != 0;
			if (template.ids[i] == A_PRIVATE)
				is_private = *(CK_BBOOL *)template.attrs[i].pValue != 0;
		}
		why_if(&verdict, !object_flag(object, A_COPYABLE), CKR_ACTION_PROHIBITED);
		why_if(&verdict, token && !session->read_write, CKR_SESSION_READ_ONLY);
		why_if(&verdict, is_private && !user_in(session->slot), CKR_USER_NOT_LOGGED_IN);
	}
	tell("(%#lx, %#lx, %s)", handle, object_handle, template_text(&template));
	if (CALL(&verdict, C_CopyObject, handle, object_handle, template.attrs, template.count,
		 none ? NULL : &copy))
		copy_done(session, object, copy, &template);
	else
		handle_untouched(copy, "C_CopyObject");
}

static void set_attribute_value(void)
{
	static struct template template;
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE object_handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	struct object *object =
		choose_object(session, NULL, CKR_OBJECT_HANDLE_INVALID, &verdict, &object_handle);

	template.count = template.used = 0;
	change_template(&template, session, object, false, &verdict);
	if (object != NULL) {
		why_if(&verdict, !object_flag(object, A_MODIFIABLE), CKR_ACTION_PROHIBITED);
		why_if(&verdict, object_flag(object, A_TRUSTED) && !so_in(session->slot),
		       CKR_ACTION_PROHIBITED);
		why_if(&verdict, object_flag(object, A_TOKEN) && !session->read_write, CKR_SESSION_READ_ONLY);
	}
	tell("(%#lx, %#lx, %s)", handle, object_handle, template_text(&template));
	if (CALL(&verdict, C_SetAttributeValue, handle, object_handle, template.attrs, template.count)) {
		put_changes(object, &template);
		world_object_changed(object);
	}
	/* All of it or nothing. */
	if (object != NULL && (judge_last == CKR_OK || chance(40)))
		learn_object(session, object);
}

static void destroy_object(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE object_handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	struct object *object =
		choose_object(session, NULL, CKR_OBJECT_HANDLE_INVALID, &verdict, &object_handle);

	if (object != NULL) {
		why_if(&verdict, object_flag(object, A_TOKEN) && !session->read_write, CKR_SESSION_READ_ONLY);
		why_if(&verdict, !object_flag(object, A_DESTROYABLE), CKR_ACTION_PROHIBITED);
	}
	tell("(%#lx, %#lx)", handle, object_handle);
	if (CALL(&verdict, C_DestroyObject, handle, object_handle))
		world_object_gone(object, session);
}

/* ---- searches ---- */

static bool matches(const struct object *object, const struct template *template)
{
	for (CK_ULONG i = 0; i < template->count; i++) {
		const enum attr attr = template->ids[i];

		if (attr == ATTRS || object_hides(object, attr) ||
		    !object_value_is(object, attr, template->attrs[i].pValue, template->attrs[i].ulValueLen))
			return false;
	}
	return true;
}

static void choose_search(struct template *template, const struct session *session)
{
	static const enum attr usual[] = { A_CLASS, A_LABEL, A_ID, A_TOKEN, A_KEY_TYPE, A_PRIVATE, A_VALUE };
	const struct object *like = session != NULL ? any_object(session, NULL) : NULL;

	template->count = template->used = 0;
	for (uint64_t i = choose(4); like != NULL && i > 0; i--) {
		const enum attr attr = chance(70) ? usual[choose(COUNT(usual))] : (enum attr)choose(ATTRS);

		if (like->attrs[attr].state == KNOWN && like->attrs[attr].len < 2048 &&
		    !template_has(template, attr))
			template_bytes(template, attr, like->attrs[attr].data, like->attrs[attr].len);
		if (chance(15))
			like = any_object(session, NULL); /* two that may not go together */
	}
	if (chance(3))
		template_bytes(template, ATTRS, "x", 1);
}

static void find_objects_init(void)
{
	static struct template template;
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	struct find *find = session != NULL ? &session->find : NULL;
	const bool none = chance(2);

	choose_search(&template, session);
	why_if(&verdict, find != NULL && find->active, CKR_OPERATION_ACTIVE);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%#lx, %s)", handle, none ? "NULL:1" : template_text(&template));
	if (!CALL(&verdict, C_FindObjectsInit, handle, none ? NULL : template.attrs,
		  none ? 1 : template.count))
		return;
	memset(find, 0, sizeof(*find));
	find->active = true;
	find->login = world.tokens[session->slot].login;
	find->template = template;
	for (CK_ULONG i = 0; i < template.count; i++) /* they lie in the copy's room */
		find->template.attrs[i].pValue =
			find->template.room + ((uint8_t *)template.attrs[i].pValue - template.room);
	for (size_t i = 0; i < OBJECTS; i++) {
		const struct object *object = &world.objects[i];

		if (object_visible(session, object) && matches(object, &find->template))
			find->must[i] = object->serial;
	}
}

/* The object with a handle that was found: one without a handle gets this one, known by its unique id. */
static struct object *found_object(struct session *session, CK_OBJECT_HANDLE handle)
{
	struct verdict verdict = VERDICT_NONE;
	uint8_t id[64];
	CK_OBJECT_CLASS class = 0;
	CK_ATTRIBUTE attrs[] = { { CKA_UNIQUE_ID, id, sizeof(id) }, { CKA_CLASS, &class, sizeof(class) } };

	for (size_t i = 0; i < OBJECTS; i++) {
		if (world.objects[i].serial != 0 && world.objects[i].handle == handle &&
		    world.objects[i].slot == session->slot)
			return &world.objects[i];
	}
	tell("(%#lx, %#lx): which one was found?", session->handle, handle);
	(void)CALL(&verdict, C_GetAttributeValue, session->handle, handle, attrs, COUNT(attrs));
	for (size_t i = 0; i < OBJECTS; i++) {
		struct object *object = &world.objects[i];

		if (object->serial == 0 || object->slot != session->slot || object->handle != 0 ||
		    !object_value_is(object, A_UNIQUE_ID, id, attrs[0].ulValueLen))
			continue;
		object->handle = handle;
		learn_object(session, object);
		return object;
	}
	if (class != CKO_PROFILE) /* these are the token's own */
		wrong("C_FindObjects: %#lx is an object that nobody made", handle);
	return NULL;
}

static void take_found(struct session *session, CK_OBJECT_HANDLE handle)
{
	const struct object *object = found_object(session, handle);
	struct find *find = &session->find;
	size_t place = 0;

	if (object == NULL)
		return;
	place = (size_t)(object - world.objects);
	if (!object_visible(session, object))
		wrong("C_FindObjects: %#lx can't be seen from here", handle);
	if (!matches(object, &find->template))
		wrong("C_FindObjects: %#lx does not match", handle);
	if (find->got[place] == object->serial)
		wrong("C_FindObjects: %#lx for the second time", handle);
	find->got[place] = object->serial;
}

static void check_all_found(const struct session *session)
{
	const struct find *find = &session->find;

	for (size_t i = 0; i < OBJECTS; i++) {
		if (find->must[i] != 0 && find->must[i] == world.objects[i].serial &&
		    find->got[i] != find->must[i] && object_visible(session, &world.objects[i]))
			wrong("C_FindObjects: %#lx was not found", world.objects[i].handle);
	}
}

static void find_objects(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	CK_OBJECT_HANDLE found[OBJECTS + 16];
	CK_ULONG max = chance(40) ? choose(4) : chance(50) ? choose(20) : COUNT(found), count = 77;
	const bool none = chance(2);

	for (size_t i = 0; i < COUNT(found); i++)
		found[i] = UNSET_HANDLE;
	why_if(&verdict, session != NULL && !session->find.active, CKR_OPERATION_NOT_INITIALIZED);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%#lx, %lu)", handle, max);
	if (!CALL(&verdict, C_FindObjects, handle, found, max, none ? NULL : &count)) {
		if (count != 77)
			wrong("C_FindObjects failed and wrote a count");
		if (judge_last == CKR_ARGUMENTS_BAD && session != NULL && session->find.active) {
			verdict = VERDICT_NONE;
			may(&verdict,
			    CKR_OPERATION_NOT_INITIALIZED); /* whether that ends it is not settled */
			tell("(%#lx)", handle);
			(void)CALL(&verdict, C_FindObjectsFinal, handle);
			session->find.active = false;
		}
		return;
	}
	if (count > max)
		wrong("C_FindObjects: %lu of at most %lu", count, max);
	for (CK_ULONG i = 0; i < COUNT(found); i++) {
		if (i >= count && found[i] != UNSET_HANDLE)
			wrong("C_FindObjects wrote behind what it found");
		if (i < count)
			take_found(session, found[i]);
	}
	if (session->find.over && count != 0)
		wrong("C_FindObjects: there was nothing more, and then there was");
	if (count < max) {
		session->find.over = true;
		check_all_found(session);
	}
}

static void find_objects_final(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);

	why_if(&verdict, session != NULL && !session->find.active, CKR_OPERATION_NOT_INITIALIZED);
	tell("(%#lx)", handle);
	if (CALL(&verdict, C_FindObjectsFinal, handle))
		session->find.active = false;
}

const struct kind_of_call object_calls[] = {
	{ create_object, 26 },     { copy_object, 10 },         { get_object_size, 3 },
	{ destroy_object, 9 },     { get_attribute_value, 18 }, { set_attribute_value, 16 },
	{ find_objects_init, 12 }, { find_objects, 16 },        { find_objects_final, 6 },
};
const size_t object_call_count = COUNT(object_calls);
