/*
 * Whether an object that came over is the one that it was: keys by use, against the public key
 * as the other token has it; the rest by its value.
 */
#pragma once

#include "app/foreign/bring.h"

/*
 * Looks at `object`'s counterpart on our token, `result->object`, and sets `result->proof`, or says in
 * `result->why` why there is none; one that is proved wrong is ASH_FOREIGN_REFUSED and says so.
 * `all` are the other token's objects, for public keys. Failures are of memory and session.
 */
ASH_STATUS ash_foreign_prove(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
			     const struct ash_foreign_object *object, struct ash_foreign_result *result);

/*
 * Adds what tells the key behind our object from all others of its class: CKA_PUBLIC_KEY_INFO of a
 * private one, CKA_CHECK_VALUE of a secret one. Nothing where there is none.
 */
ASH_STATUS ash_foreign_mark(struct ash_foreign_target *target, ash_handle object, uint64_t class,
			    struct ash_buf *out);
