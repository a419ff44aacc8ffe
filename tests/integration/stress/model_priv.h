/* What make.c and model.c share: templates, and the parts of an object that follow from its place. */
#pragma once

#include "stress.h"

#define MODEL_TEMPLATE_MAX 16u

struct model_template {
	CK_ATTRIBUTE attrs[MODEL_TEMPLATE_MAX];
	CK_ULONG count;
};

extern CK_BBOOL model_yes, model_no;

void model_add(struct model_template *template, CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG len);
void model_add_bool(struct model_template *template, CK_ATTRIBUTE_TYPE type, bool value);

/* By which all of a thread's own objects are found: CKA_APPLICATION of data, CKA_ID of keys. */
const char *model_mark_of(const struct thread *t, char mark[LABEL_LEN]);

CK_OBJECT_CLASS model_class_of(const struct thing *thing);

/* Its label, of this version; and a new value. */
void model_name_thing(const struct thread *t, struct thing *thing);
void model_fill(struct thread *t, struct thing *thing, unsigned len);

/* NULL when it has as many as it may. */
struct thing *model_free_place(struct thread *t);

/* How many objects have this label and class, and one of them; false when asking failed. */
bool model_find_label(struct thread *t, const char *label, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *ret_first,
		      CK_ULONG *ret_count);
