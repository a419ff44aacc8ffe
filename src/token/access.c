#include "token/access.h"

#include "token/attribute.h"
#include "token/profile.h"

#define ID_OF(handle)    ((handle) & ((UINT64_C(1) << ASH_HANDLE_ID_BITS) - 1))
#define EPOCH_OF(handle) ((handle) >> ASH_HANDLE_ID_BITS & ((UINT64_C(1) << ASH_LOGIN_EPOCH_BITS) - 1))

static uint64_t login_of(const struct ash_session *session)
{
	return atomic_load_explicit(&session->token->login, memory_order_acquire);
}

struct ash_record_name ash_access_name(const struct ash_session *session, uint64_t id, bool is_private)
{
	return (struct ash_record_name){ is_private ? ASH_SPACE_PRIVATE : ASH_SPACE_PUBLIC,
					 session->token->slot + 1, id };
}

struct ash_status ash_access_ring(struct ash_session *session, bool is_private, struct ash_ring *ret_ring)
{
	struct ash_token *token = session->token;

	ASH_LOCKED(&token->lock);
	ASH_ENSURE(atomic_load(&token->era) == session->era, ASH_E_DEVICE_REMOVED);
	if (!is_private)
		return ash_ring_copy(&token->public_ring, ret_ring);
	ASH_ENSURE((atomic_load(&token->login) & ASH_LOGIN_USER) != 0, ASH_E_NOT_LOGGED_IN);
	return ash_ring_copy(&token->private_ring, ret_ring);
}

struct ash_incarnation ash_access_incarnation(struct ash_session *session)
{
	ASH_LOCKED(&session->token->lock);
	return session->token->incarnation;
}

struct ash_status ash_access_decode(struct ash_span plain, bool is_private, struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	const struct ash_status status = ash_attrs_decode(plain, &attrs);

	ASH_ENSURE(status.code != ASH_E_FORMAT, ASH_E_CORRUPT);
	ASH_TRY(status);
	ASH_ENSURE(ash_attrs_bool(attrs, CKA_PRIVATE, false) == is_private, ASH_E_CORRUPT);
	*ret_attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

struct ash_status ash_access_reader_init(struct ash_session *session, struct ash_txn *view, bool is_private,
					 struct ash_access_reader *ret_reader)
{
	ASH_TRY(ash_access_ring(session, is_private, &ret_reader->ring));
	ret_reader->session = session;
	ret_reader->view = view;
	ret_reader->is_private = is_private;
	ret_reader->incarnation = ash_access_incarnation(session);
	return ASH_DONE;
}

void ash_access_reader_done(struct ash_access_reader *reader)
{
	ash_ring_done(&reader->ring);
	ash_buf_done(&reader->plain);
}

struct ash_status ash_access_read(struct ash_access_reader *reader, uint64_t id, struct ash_attrs **ret_attrs,
				  uint64_t *ret_version)
{
	uint64_t version = 0;

	ash_buf_reset(&reader->plain);
	ASH_TRY(ash_record_read(reader->view, reader->session->hsm->crypto, &reader->ring,
				ash_access_name(reader->session, id, reader->is_private),
				&reader->incarnation, &reader->plain, &version));
	ASH_TRY(ash_access_decode(ash_buf_span(&reader->plain), reader->is_private, ret_attrs));
	if (ret_version != NULL)
		*ret_version = version;
	return ASH_DONE;
}

/* The snapshot of a token object as it is now. */
static struct ash_status read_object(struct ash_session *session, struct ash_txn *view, uint64_t id,
				     bool is_private, struct ash_object **ret_object)
{
	ASH_AUTO(ash_access_reader) reader = ASH_ACCESS_READER_NONE;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_object *object = NULL;
	uint64_t version = 0;

	ASH_TRY(ash_access_reader_init(session, view, is_private, &reader));
	ASH_TRY(ash_access_read(&reader, id, &attrs, &version));
	ASH_TRY(ash_object_new(session->token, session->era, attrs, &object));
	attrs = NULL;
	object->id = id;
	object->version = version;
	*ret_object = object;
	return ASH_DONE;
}

/*
 * Reads an object and keeps it in memory, known to be current at `generation`. The handle
 * is the one that was asked for: a login that ends meanwhile makes no other of it.
 */
static struct ash_status load(struct ash_session *session, ash_handle handle, uint64_t login,
			      uint64_t generation, struct ash_object **ret_object)
{
	ASH_AUTO(ash_txn) *view = NULL;
	struct ash_object *object = NULL;
	struct ash_status status;

	ASH_TRY(ash_store_view(session->hsm->store, &view));
	status = read_object(session, view, ID_OF(handle), EPOCH_OF(handle) != 0, &object);
	ASH_ENSURE(status.code != ASH_E_NOT_FOUND, ASH_E_OBJECT_HANDLE);
	ASH_TRY(status);
	object->handle = handle;
	object->login = object->is_private ? login : 0;
	atomic_store(&object->generation, generation);
	ash_object_enter(&session->hsm->objects, object);
	*ret_object = object;
	return ASH_DONE;
}

/* Whether the store still has this version; if so it is known to be current at `generation`. */
static bool unchanged(struct ash_session *session, struct ash_object *object, uint64_t generation)
{
	ASH_AUTO(ash_txn) *view = NULL;
	uint64_t version = 0;

	if (!ash_is_ok(ash_store_view(session->hsm->store, &view)))
		return false;
	if (!ash_is_ok(ash_txn_get(view, ash_access_name(session, object->id, object->is_private), NULL,
				   &version)))
		return false;
	if (version != object->version)
		return false;
	atomic_store(&object->generation, generation);
	return true;
}

/* Whether what a handle of this form names may be seen under this login. */
static bool may_see(uint64_t login, ash_handle handle)
{
	if ((handle & ASH_HANDLE_SESSION_OBJECT) != 0 || EPOCH_OF(handle) == 0)
		return true;
	return (login & ASH_LOGIN_USER) != 0 && EPOCH_OF(handle) == ASH_LOGIN_EPOCH(login);
}

static struct ash_status get_session_object(struct ash_session *session, ash_handle handle,
					    struct ash_object **ret_object)
{
	ASH_AUTO(ash_object) *object = ash_object_lookup(&session->hsm->objects, handle);

	ASH_ENSURE(object != NULL && object->token == session->token, ASH_E_OBJECT_HANDLE);
	ASH_ENSURE(!object->is_private || object->login == login_of(session), ASH_E_OBJECT_HANDLE);
	*ret_object = ASH_TAKE(object);
	return ASH_DONE;
}

struct ash_status ash_access_get(struct ash_session *session, ash_handle handle,
				 struct ash_object **ret_object)
{
	ASH_AUTO(ash_object) *object = NULL;
	const uint64_t login = login_of(session);
	uint64_t generation = 0;

	ASH_ENSURE(ID_OF(handle) != 0 && may_see(login, handle), ASH_E_OBJECT_HANDLE);
	if ((handle & ASH_HANDLE_SESSION_OBJECT) != 0)
		return get_session_object(session, handle, ret_object);
	if (ash_profile_is(handle))
		return ash_profile_get(session, handle, ret_object);

	ASH_TRY(ash_store_generation(session->hsm->store, &generation));
	object = ash_object_lookup(&session->hsm->objects, handle);
	if (object != NULL && object->era == session->era) {
		ASH_ENSURE(object->token == session->token, ASH_E_OBJECT_HANDLE);
		if (atomic_load(&object->generation) == generation ||
		    unchanged(session, object, generation)) {
			*ret_object = ASH_TAKE(object);
			return ASH_DONE;
		}
	}
	if (object != NULL)
		ash_object_drop(&session->hsm->objects, handle);
	return load(session, handle, login, generation, ret_object);
}

bool ash_access_current(struct ash_session *session, struct ash_object *object)
{
	uint64_t generation = 0;

	if (object->token != session->token || object->era != session->era)
		return false;
	if (object->is_private && object->login != login_of(session))
		return false;
	if ((object->handle & ASH_HANDLE_SESSION_OBJECT) != 0)
		return !atomic_load_explicit(&object->gone, memory_order_acquire);
	if (!may_see(login_of(session), object->handle))
		return false;
	if (!ash_is_ok(ash_store_generation(session->hsm->store, &generation)))
		return false;
	return atomic_load_explicit(&object->generation, memory_order_relaxed) == generation ||
	       unchanged(session, object, generation);
}

struct ash_status ash_access_exists(struct ash_session *session, struct ash_object *object)
{
	ASH_AUTO(ash_object) *there = NULL;
	ASH_AUTO(ash_txn) *view = NULL;
	struct ash_status status;
	uint64_t generation = 0, version = 0;

	if ((object->handle & ASH_HANDLE_SESSION_OBJECT) != 0) {
		if (!atomic_load_explicit(&object->gone, memory_order_acquire))
			return ASH_DONE;
		there = ash_object_lookup(&session->hsm->objects, object->handle); /* changed? */
		ASH_ENSURE(there != NULL, ASH_E_OBJECT_HANDLE);
		return ASH_DONE;
	}
	ASH_TRY(ash_store_generation(session->hsm->store, &generation));
	if (atomic_load_explicit(&object->generation, memory_order_relaxed) == generation)
		return ASH_DONE;
	ASH_TRY(ash_store_view(session->hsm->store, &view));
	status = ash_txn_get(view, ash_access_name(session, object->id, object->is_private), NULL, &version);
	ASH_ENSURE(status.code != ASH_E_NOT_FOUND, ASH_E_OBJECT_HANDLE);
	ASH_TRY(status);
	if (version == object->version)
		atomic_store(&object->generation, generation);
	return ASH_DONE;
}
