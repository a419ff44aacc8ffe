/*
 * An object of somebody else's token, as it was read: attributes in the canonical form of
 * token/types.h, in secret memory.
 */
#pragma once

#include "token/attrs.h"
#include "util/compat.h"

struct ash_foreign_object {
	struct ash_attrs *attrs; /* NULL: it could not be read */
	bool kept;               /* it can't come: the key's value is kept from us, or what limits its use */
	char place[80];          /* the file it is in, or another name for it that people can find */
	char why[160];           /* why it could not be read, or not whole; or "" */
};

struct ash_foreign_objects {
	struct ash_foreign_object *object;
	size_t count, cap;
};

#define ASH_FOREIGN_OBJECTS_NONE ((struct ash_foreign_objects){ NULL, 0, 0 })

/* Appends one with no attributes yet, lent until the next is appended. ASH_E_LIMIT, ASH_E_MEMORY. */
ASH_STATUS ash_foreign_objects_add(struct ash_foreign_objects *objects,
				   struct ash_foreign_object **ret_object);
void ash_foreign_objects_done(struct ash_foreign_objects *objects);

/* It has such a list of attributes as CKA_WRAP_TEMPLATE, without which its key would be allowed more. */
void ash_foreign_object_keep_template(struct ash_foreign_object *object, uint64_t type);

/* The CKA_CLASS, or CK_UNAVAILABLE_INFORMATION. */
uint64_t ash_foreign_class(const struct ash_foreign_object *object);

static inline void ash_foreign_objects_auto(struct ash_foreign_objects *objects)
{
	ash_foreign_objects_done(objects);
}
