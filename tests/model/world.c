/*
 * What becomes of the world when something succeeds: sessions, logins, tokens, objects,
 * and what is under way.
 */
#include "model.h"

struct world world;

const struct rules rules = {
	.missing_login_ends = YES,
	.destroyed_elsewhere = YES,
	.refused_key_ends = OPEN,
};

/* ---- questions ---- */

bool nobody(unsigned slot)
{
	return slot >= TOKENS || world.tokens[slot].who == CK_UNAVAILABLE_INFORMATION;
}

bool user_in(unsigned slot)
{
	return slot < TOKENS && world.tokens[slot].who == CKU_USER;
}

bool so_in(unsigned slot)
{
	return slot < TOKENS && world.tokens[slot].who == CKU_SO;
}

CK_STATE session_state(const struct session *session)
{
	if (so_in(session->slot))
		return CKS_RW_SO_FUNCTIONS;
	if (user_in(session->slot))
		return session->read_write ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	return session->read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

unsigned count_sessions(unsigned slot, bool read_write_only)
{
	unsigned count = 0;

	for (size_t i = 0; i < SESSIONS; i++) {
		const struct session *session = &world.sessions[i];

		count += session->handle != 0 && session->slot == slot &&
			 (session->read_write || !read_write_only);
	}
	return count;
}

struct session *any_session(void)
{
	const uint64_t first = choose(SESSIONS);

	for (size_t i = 0; i < SESSIONS; i++) {
		struct session *session = &world.sessions[(first + i) % SESSIONS];

		if (session->handle != 0)
			return session;
	}
	return NULL;
}

struct session *session_of(unsigned slot)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		if (world.sessions[i].handle != 0 && world.sessions[i].slot == slot)
			return &world.sessions[i];
	}
	return NULL;
}

bool object_visible(const struct session *session, const struct object *object)
{
	return object->serial != 0 && object->slot == session->slot &&
	       (!object_flag(object, A_PRIVATE) || user_in(session->slot));
}

/* One that the session sees and that has a handle. */
struct object *any_object(const struct session *session, bool (*fits)(const struct object *object))
{
	const uint64_t first = choose(OBJECTS);

	for (size_t i = 0; i < OBJECTS; i++) {
		struct object *object = &world.objects[(first + i) % OBJECTS];

		if (object_visible(session, object) && object->handle != 0 && (fits == NULL || fits(object)))
			return object;
	}
	return NULL;
}

struct object *object_by_serial(uint64_t serial)
{
	for (size_t i = 0; serial != 0 && i < OBJECTS; i++) {
		if (world.objects[i].serial == serial)
			return &world.objects[i];
	}
	return NULL;
}

/* A handle that names nothing for this session. */
CK_OBJECT_HANDLE bad_object(const struct session *session)
{
	static const CK_OBJECT_HANDLE bad[] = { 0, ~0ul, 0x7fffffffffff0000ul, 0x8000000000ff0000ul };
	const uint64_t first = choose(OBJECTS);

	if (world.dead_object_count != 0 && chance(50))
		return world.dead_objects[choose(world.dead_object_count < DEAD ? world.dead_object_count
										: DEAD)];
	for (size_t i = 0; session != NULL && i < OBJECTS && chance(90); i++) {
		const struct object *object = &world.objects[(first + i) % OBJECTS];

		if (object->serial != 0 && object->handle != 0 && object->slot != session->slot)
			return object->handle; /* another token's */
	}
	return bad[choose(COUNT(bad))];
}

CK_SESSION_HANDLE bad_session(void)
{
	static const CK_SESSION_HANDLE bad[] = { 0, ~0ul, 0x1234, 0x20000 };

	if (world.dead_session_count != 0 && chance(60))
		return world.dead_sessions[choose(world.dead_session_count < DEAD ? world.dead_session_count
										  : DEAD)];
	return bad[choose(2)];
}

/* ---- operations ---- */

void op_end(struct op_state *op)
{
	op->active = op->started = op->pending = op->waits = false;
	op->in_len = op->out_len = op->plan_len = op->plan_at = 0;
	op->login = 0;
}

/* ---- objects ---- */

void world_dead_object(CK_OBJECT_HANDLE handle)
{
	if (handle != 0)
		world.dead_objects[world.dead_object_count++ % DEAD] = handle;
}

static void forget_object(struct object *object)
{
	for (size_t i = 0; i < ATTRS; i++)
		free(object->attrs[i].data);
	memset(object, 0, sizeof(*object));
}

struct object *world_object_new(struct session *session, CK_OBJECT_HANDLE handle, CK_OBJECT_CLASS class,
				CK_KEY_TYPE key_type)
{
	struct object *object = NULL;

	for (size_t i = 0; i < OBJECTS; i++) {
		if (world.objects[i].serial == 0 && object == NULL)
			object = &world.objects[i];
		if (world.objects[i].serial != 0 && world.objects[i].handle == handle &&
		    world.objects[i].slot == session->slot)
			wrong("the handle %#lx of a new object is another object's", handle);
	}
	if (object == NULL)
		wrong("the model has no room for an object");
	if (handle == 0)
		wrong("a new object's handle is 0");
	object->serial = ++world.last_serial;
	object->slot = session->slot;
	object->handle = handle;
	object->session = session->handle;
	object->class = class;
	object->key_type = key_type;
	return object;
}

/* A search that is under way may find it or not from here on. */
void world_object_changed(const struct object *object)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		for (size_t k = 0; k < OBJECTS; k++) {
			if (world.sessions[i].find.must[k] == object->serial)
				world.sessions[i].find.must[k] = 0;
		}
	}
}

/* Destroyed, by a session or by what befell one. */
void world_object_gone(struct object *object, const struct session *by)
{
	const uint64_t serial = object->serial;

	world_object_changed(object);
	world_dead_object(object->handle);
	forget_object(object);
	for (size_t i = 0; i < SESSIONS; i++) {
		struct session *session = &world.sessions[i];

		for (unsigned op = 0; op < OPS; op++) {
			if (session->handle == 0 || !session->ops[op].active ||
			    session->ops[op].key != serial)
				continue;
			if (session == by || rules.destroyed_elsewhere == YES)
				op_end(&session->ops[op]);
			else if (rules.destroyed_elsewhere == OPEN)
				settle_doubt(session, (enum op)op);
		}
	}
}

/* ---- sessions and logins ---- */

void world_session_opened(CK_SESSION_HANDLE handle, unsigned slot, bool read_write)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		if (world.sessions[i].handle == handle)
			wrong("the handle %#lx of a new session is another one's", handle);
	}
	if (handle == 0)
		wrong("a new session's handle is 0");
	for (size_t i = 0; i < SESSIONS; i++) {
		struct session *session = &world.sessions[i];

		if (session->handle != 0)
			continue;
		memset(session, 0, sizeof(*session));
		session->handle = handle;
		session->slot = slot;
		session->read_write = read_write;
		return;
	}
}

void world_logged_in(unsigned slot, CK_USER_TYPE who)
{
	world.tokens[slot].who = who;
	world.tokens[slot].login = ++world.last_login;
}

/* What the login had made is over: private session objects, handles, operations, searches. */
void world_logged_out(unsigned slot)
{
	const unsigned login = world.tokens[slot].login;

	world.tokens[slot].who = CK_UNAVAILABLE_INFORMATION;
	world.tokens[slot].login = 0;
	for (size_t i = 0; login != 0 && i < SESSIONS; i++) {
		struct session *session = &world.sessions[i];

		if (session->handle == 0 || session->slot != slot)
			continue;
		for (size_t op = 0; op < OPS; op++) {
			if (session->ops[op].active && session->ops[op].login == login)
				op_end(&session->ops[op]);
		}
		if (session->find.active && session->find.login == login)
			session->find.active = false;
	}
	for (size_t i = 0; i < OBJECTS; i++) {
		struct object *object = &world.objects[i];

		if (object->serial == 0 || object->slot != slot || !object_flag(object, A_PRIVATE))
			continue;
		world_object_changed(object);
		if (!object_flag(object, A_TOKEN)) {
			world_object_gone(object, NULL);
			continue;
		}
		world_dead_object(object->handle);
		object->handle = 0;
	}
}

void world_session_closed(struct session *session)
{
	const CK_SESSION_HANDLE handle = session->handle;
	const unsigned slot = session->slot;

	memset(session, 0, sizeof(*session));
	world.dead_sessions[world.dead_session_count++ % DEAD] = handle;
	for (size_t i = 0; i < OBJECTS; i++) {
		if (world.objects[i].serial != 0 && world.objects[i].session == handle)
			world_object_gone(&world.objects[i], NULL);
	}
	if (count_sessions(slot, false) == 0)
		world_logged_out(slot);
}

/* ---- tokens ---- */

static void set_pin(struct pin *pin, const uint8_t *bytes, size_t len)
{
	pin->set = true;
	memcpy(pin->bytes, bytes, len);
	pin->len = len;
	pin->left = PIN_TRIES;
}

void world_token_made(unsigned slot, const uint8_t label[32], const uint8_t *pin, size_t len)
{
	struct token *token = &world.tokens[slot];

	for (size_t i = 0; i < OBJECTS; i++) {
		if (world.objects[i].serial != 0 && world.objects[i].slot == slot)
			world_object_gone(&world.objects[i], NULL);
	}
	/* Numbers may come again in a new life. */
	world.dead_object_count = 0;
	token->there = true;
	token->life++;
	memcpy(token->label, label, sizeof(token->label));
	set_pin(&token->so, pin, len);
	token->user.set = false;
	token->who = CK_UNAVAILABLE_INFORMATION;
	token->login = 0;
}

void world_finalized(void)
{
	world.initialized = false;
	world.starts++;
	memset(world.sessions, 0, sizeof(world.sessions));
	world.dead_session_count = 0;
	for (unsigned slot = 0; slot < TOKENS; slot++) {
		world_logged_out(slot);
		if (!world.persistent)
			world.tokens[slot] = (struct token){ .who = CK_UNAVAILABLE_INFORMATION };
	}
	for (size_t i = 0; i < OBJECTS; i++) {
		struct object *object = &world.objects[i];

		if (object->serial != 0 && (object->session != 0 || !world.persistent))
			world_object_gone(object, NULL);
		object->handle = 0; /* whoever wants it again has to look for it */
	}
	world.dead_object_count = 0;
}
