#include "app/foreign/object.h"

#include <stdio.h>

#include "token/attribute.h"
#include "util/mem.h"

#define OBJECTS_MAX ((size_t)1 << 20)

ASH_STATUS ash_foreign_objects_add(struct ash_foreign_objects *objects,
				   struct ash_foreign_object **ret_object)
{
	ASH_ENSURE(objects->count < OBJECTS_MAX, ASH_E_LIMIT);
	if (objects->count == objects->cap) {
		const size_t cap = objects->cap * 2 + 16;
		struct ash_foreign_object *more = ash_mem_resize(objects->object, cap, sizeof(*more));

		ASH_ENSURE(more != NULL, ASH_E_MEMORY);
		objects->object = more;
		objects->cap = cap;
	}
	objects->object[objects->count] = (struct ash_foreign_object){ .attrs = NULL };
	*ret_object = &objects->object[objects->count++];
	return ASH_DONE;
}

void ash_foreign_objects_done(struct ash_foreign_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++)
		ash_attrs_free(objects->object[i].attrs);
	ash_mem_free(objects->object);
	*objects = ASH_FOREIGN_OBJECTS_NONE;
}

void ash_foreign_object_keep_template(struct ash_foreign_object *object, uint64_t type)
{
	const struct ash_attr_info *info = ash_attribute_find(type);

	object->kept = true;
	snprintf(object->why, sizeof(object->why),
		 "it has a %s, which can't come with it: the key would be allowed more than before",
		 info != NULL ? info->name : "template");
}

uint64_t ash_foreign_class(const struct ash_foreign_object *object)
{
	return object->attrs == NULL ? CK_UNAVAILABLE_INFORMATION
				     : ash_attrs_number(object->attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
}
