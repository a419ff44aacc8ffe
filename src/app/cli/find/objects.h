/*
 * Objects of every class as the token shows them: found, read and sorted, each as a row to
 * print. Of keys keys.h says more.
 */
#pragma once

#include "app/cli/find/select.h"
#include "app/cli/print/output.h"

struct ash_cli_object {
	ash_handle handle;
	uint64_t class; /* CKO_ */
	json_t *row;
};

struct ash_cli_objects {
	struct ash_cli_object *object;
	size_t count;
	size_t damaged; /* objects that match as far as anybody can tell: they can't be read */
};

/* What an object is to a person or a program: the columns of ash_cli_object.row. */
extern const struct ash_cli_column ash_cli_object_columns[];

/* --label, --id and --type (the class, as URIs call it), for commands that pick objects. */
extern const struct ash_cli_option ash_cli_object_options[];

/*
 * All objects of the token that the session sees and the options leave, sorted by label, id
 * and class. That some are damaged is told as a warning; a search for something finds none of
 * them. A failure is told.
 */
ASH_STATUS ash_cli_objects_find(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
				struct ash_cli_objects *ret_objects);

/* Tells that no object, or several, match where one was wanted. */
ASH_STATUS ash_cli_objects_refuse(struct ash_cli *cli, const struct ash_cli_objects *objects);

/* Objects as a list to print. */
ASH_STATUS ash_cli_objects_list(const struct ash_cli_objects *objects, struct ash_cli_list *ret_list);

/* One line about an object: `certificate "web", x509, id 01`. */
void ash_cli_object_describe(const struct ash_cli_object *object, FILE *out);

void ash_cli_objects_done(struct ash_cli_objects *objects);

static inline void ash_cli_objects_auto(struct ash_cli_objects *objects)
{
	ash_cli_objects_done(objects);
}
