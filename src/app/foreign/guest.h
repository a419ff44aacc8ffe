/*
 * A token behind somebody else's PKCS#11 module, as far as that lets it be read: attributes
 * as they are given, and keys that keep their value but may leave wrapped under a key that is
 * made for that. Nothing on the token is changed but what a login changes. One thread, one
 * module at a time.
 */
#pragma once

#include "app/foreign/object.h"

struct ash_foreign_guest;

struct ash_foreign_token {
	uint64_t slot;
	char label[33], serial[17]; /* ended by zero, without padding */
	bool login_needed;
};

/*
 * Loads and initialises the module; `parameters` NULL, or what NSS's module wants to be told
 * (its pReserved). ASH_E_IO, ASH_E_UNSUPPORTED, the module's own error; with an explanation.
 */
ASH_STATUS ash_foreign_guest_open(const char *path, const char *parameters,
				  struct ash_foreign_guest **ret_guest);
struct ash_foreign_guest *ash_foreign_guest_close(struct ash_foreign_guest *guest);

/* Its initialised tokens, at most `cap`; `ret_count` is how many there are. */
ASH_STATUS ash_foreign_guest_tokens(struct ash_foreign_guest *guest, struct ash_foreign_token *tokens,
				    size_t cap, size_t *ret_count);

/* Opens a session with the token, and logs the user in; with no PIN where none is needed. */
ASH_STATUS ash_foreign_guest_enter(struct ash_foreign_guest *guest, uint64_t slot, bool login,
				   struct ash_span pin);

/*
 * Appends all its token objects but those of classes that the module has for itself, of
 * which `ret_left` are left. One whose value can't be had, or that can't be read whole, is kept and
 * says why; one without a CKA_CLASS has no attributes.
 */
ASH_STATUS ash_foreign_guest_read(struct ash_foreign_guest *guest, struct ash_foreign_objects *objects,
				  size_t *ret_left);

static inline void ash_foreign_guest_auto(struct ash_foreign_guest **guest)
{
	ash_foreign_guest_close(*guest);
}
