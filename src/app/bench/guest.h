/*
 * A PKCS#11 module that is measured: its token, sessions and keys, in PKCS#11's own C form.
 *
 * The token is made by ash_bench_guest_make_token() and filled with P-256 key pairs. Pair i has
 * an id of its own; ASH_BENCH_GROUP pairs in a row have one label. Any number of threads may use
 * a guest, each with a session of its own.
 */
#pragma once

#include "app/selftest/module.h"
#include "util/span.h"

#define ASH_BENCH_GROUP 50 /* pairs of one label: a hundred keys */

/* Pairs from here on are made while others are measured: no search counts them. */
#define ASH_BENCH_EXTRA ((uint64_t)1 << 40)

struct ash_bench_guest {
	struct ash_module *module;
	const struct CK_FUNCTION_LIST_3_2 *p11; /* of the module */
	CK_SLOT_ID slot;                        /* of the token */
	CK_SESSION_HANDLE session;
};

#define ASH_BENCH_GUEST_NONE ((struct ash_bench_guest){ NULL, NULL, 0, 0 })

/* A function of the module; its failure names it. */
#define ASH_BENCH_ASK(guest, function, ...)                                                    \
	ash_bench_asked(#function, (guest)->p11->function == NULL ? CKR_FUNCTION_NOT_SUPPORTED \
								  : (guest)->p11->function(__VA_ARGS__))
ASH_STATUS ash_bench_asked(const char *function, CK_RV rv);

/* Loads and initialises it; with an explanation of what fails. */
ASH_STATUS ash_bench_guest_load(const char *path, struct ash_bench_guest *ret_guest);
void ash_bench_guest_done(struct ash_bench_guest *guest);

/* "SoftHSM 2.6": what it says of itself, in ASCII; cut to the room. */
ASH_STATUS ash_bench_guest_name(const struct ash_bench_guest *guest, char *name, size_t cap);

/* Makes the token with its user PIN, where no token is yet: never in the place of one. */
ASH_STATUS ash_bench_guest_make_token(struct ash_bench_guest *guest);

/* Finds the token and opens a session on it; then logs the user in. */
ASH_STATUS ash_bench_guest_enter(struct ash_bench_guest *guest);
ASH_STATUS ash_bench_guest_login(struct ash_bench_guest *guest);

/* Makes pair `index` as token objects: the public key's handle, then the private one's. */
ASH_STATUS ash_bench_guest_make_pair(const struct ash_bench_guest *guest, CK_SESSION_HANDLE session,
				     uint64_t index, CK_OBJECT_HANDLE ret_pair[2]);

/* A value that pairs are found by, in the caller's storage. */
struct ash_bench_value {
	CK_BYTE bytes[32];
	CK_ULONG len;
};
struct ash_bench_value ash_bench_id(uint64_t index);
struct ash_bench_value ash_bench_label(uint64_t index);

/*
 * Searches from end to end, page by page, and counts; up to `cap` handles are kept. The
 * template is the caller's.
 */
ASH_STATUS ash_bench_guest_find(const struct ash_bench_guest *guest, CK_ATTRIBUTE *attrs, CK_ULONG count,
				CK_OBJECT_HANDLE *handles, size_t cap, size_t *ret_found);

static inline void ash_bench_guest_auto(struct ash_bench_guest *guest)
{
	ash_bench_guest_done(guest);
}
