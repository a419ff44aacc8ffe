/* What all calls share, and the choice of the next one. */
#include "calls.h"

#include <stdio.h>

#define PATTERN 0xa5

static struct {
	uint8_t *blocks[64];
	size_t count;
} borrowed;

uint8_t *exact(const void *data, size_t len)
{
	uint8_t *copy = malloc(len != 0 ? len : 1);

	if (copy == NULL || borrowed.count == COUNT(borrowed.blocks))
		abort();
	if (len != 0)
		memcpy(copy, data, len);
	borrowed.blocks[borrowed.count++] = copy;
	return copy;
}

static void give_back(void)
{
	while (borrowed.count > 0)
		free(borrowed.blocks[--borrowed.count]);
}

/* ---- output ---- */

void room_begin(struct room *room, bool ask, size_t cap)
{
	memset(room->bytes, PATTERN, sizeof(room->bytes));
	room->cap = cap <= RESULT_MAX ? cap : RESULT_MAX;
	room->data = ask ? NULL : room->bytes;
	room->len = room->cap;
}

void room_untouched(const struct room *room, size_t from, const char *what)
{
	for (size_t i = from; i < sizeof(room->bytes); i++) {
		if (room->bytes[i] != PATTERN)
			wrong("%s: byte %zu of a place for %zu was written", what, i, room->cap);
	}
}

/* Nothing beyond the end in any case; nothing at all unless it succeeded. */
void room_judge(const struct room *room, CK_RV rv, const char *what)
{
	const size_t from = rv == CKR_OK && room->data != NULL ? room->cap : 0;

	room_untouched(room, from, what);
	if (rv == CKR_OK && room->data != NULL && room->len > room->cap)
		wrong("%s: a length of %lu in a place for %zu", what, room->len, room->cap);
	if (rv == CKR_BUFFER_TOO_SMALL && (room->data == NULL || room->len <= room->cap))
		wrong("%s: too small, and yet %lu fits in %zu", what, room->len, room->cap);
	if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL && room->len != room->cap)
		wrong("%s: failed and changed the length from %zu to %lu", what, room->cap, room->len);
}

void handle_untouched(CK_OBJECT_HANDLE handle, const char *what)
{
	if (handle != UNSET_HANDLE)
		wrong("%s failed and wrote a handle, %#lx", what, handle);
}

/* ---- arguments ---- */

struct session *choose_session(struct verdict *verdict, CK_SESSION_HANDLE *handle)
{
	struct session *session = any_session();

	if (!world.initialized) {
		*handle = session != NULL ? session->handle : 1;
		only(verdict, CKR_CRYPTOKI_NOT_INITIALIZED);
		return NULL;
	}
	if (session == NULL || chance(2)) {
		*handle = bad_session();
		only(verdict, CKR_SESSION_HANDLE_INVALID);
		return NULL;
	}
	*handle = session->handle;
	return session;
}

struct object *choose_object(struct session *session, bool (*fits)(const struct object *object), CK_RV bad,
			     struct verdict *verdict, CK_OBJECT_HANDLE *handle)
{
	struct object *object = NULL;

	if (session != NULL && !chance(4))
		object = any_object(session, chance(92) ? fits : NULL);
	*handle = object != NULL ? object->handle : bad_object(session);
	if (object == NULL)
		why(verdict, bad);
	return object;
}

/* ---- the choice ---- */

static void play_one(const struct kind_of_call *kinds, size_t count)
{
	unsigned sum = 0;
	uint64_t at = 0;

	for (size_t i = 0; i < count; i++)
		sum += kinds[i].weight;
	at = choose(sum);
	for (size_t i = 0; i < count; i++) {
		if (at < kinds[i].weight) {
			kinds[i].play();
			return;
		}
		at -= kinds[i].weight;
	}
}

/* One step towards a user who is logged in, if that is not so: where most can be done. */
static bool step_towards_user(void)
{
	const struct session *session = NULL;

	if (!world.initialized)
		initialize();
	else if (!world.tokens[0].there)
		make_token();
	else if ((session = any_session()) == NULL || !session_of(0))
		open_session();
	else if (!world.tokens[session->slot].user.set || world.tokens[session->slot].user.left == 0)
		set_user_pin();
	else if (nobody(session->slot))
		log_in_user();
	else if (so_in(session->slot) && chance(60))
		log_out_officer();
	else
		return false;
	return true;
}

static size_t count_objects(void)
{
	size_t count = 0;

	for (size_t i = 0; i < OBJECTS; i++)
		count += world.objects[i].serial != 0;
	return count;
}

/* Room for what one call makes; where objects are too many, a session of theirs ends, or they do. */
static void make_space(void)
{
	struct verdict verdict = VERDICT_NONE;
	struct session *session = any_session();

	if (count_objects() + 4 <= OBJECTS || session == NULL)
		return;
	for (size_t i = 0; i < OBJECTS; i++) {
		struct object *object = &world.objects[i];

		if (object->serial == 0 || object->handle == 0 || !object_visible(session, object) ||
		    !object_flag(object, A_DESTROYABLE) ||
		    (object_flag(object, A_TOKEN) && !session->read_write))
			continue;
		tell("(%#lx, %#lx): to make space", session->handle, object->handle);
		if (CALL(&verdict, C_DestroyObject, session->handle, object->handle))
			world_object_gone(object, session);
		if (count_objects() + 8 <= OBJECTS)
			return;
	}
	if (count_objects() + 4 > OBJECTS) { /* what is left can't be destroyed from here */
		tell("(NULL): to make space");
		(void)CALL(&verdict, C_Finalize, NULL);
		world_finalized();
	}
}

static bool full(void)
{
	return count_objects() + 4 > OBJECTS;
}

void play_call(void)
{
	uint64_t chapter = 0;

	make_space();
	if (full()) {
		/* All that lasts can't be destroyed: the round has nothing more to give. */
		give_back();
		return;
	}
	if (chance(world.initialized ? 15 : 60) && step_towards_user()) {
		give_back();
		return;
	}
	chapter = choose(100);
	if (chapter < 6)
		play_one(admin_calls, admin_call_count);
	else if (chapter < 14)
		play_one(session_calls, session_call_count);
	else if (chapter < 40)
		play_one(object_calls, object_call_count);
	else if (chapter < 84)
		play_one(operation_calls, operation_call_count);
	else
		play_one(key_calls, key_call_count);
	give_back();
}

void play_begin(CK_FUNCTION_LIST_3_2 *p11, bool persistent)
{
	for (size_t i = 0; i < OBJECTS; i++) {
		for (size_t k = 0; k < ATTRS; k++)
			free(world.objects[i].attrs[k].data);
	}
	forget_sessions();
	forget_operations();
	forget_keys();
	material_forget();
	memset(&world, 0, sizeof(world));
	world.p11 = p11;
	world.persistent = persistent;
	for (size_t i = 0; i < TOKENS; i++)
		world.tokens[i].who = CK_UNAVAILABLE_INFORMATION;
}
