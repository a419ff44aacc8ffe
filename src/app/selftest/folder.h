/*
 * The files of test vectors that a path means: those below a folder whose names end in
 * .json, in the order of their names, or one file itself. Names that begin with a dot and
 * links to folders are passed by.
 */
#pragma once

#include <stddef.h>

#include "util/compat.h"
#include "util/status.h"

struct ash_folder {
	char **paths;
	size_t count;
	size_t skip; /* of each path: what comes before its name, relative to the folder */
};

#define ASH_FOLDER_NONE ((struct ash_folder){ NULL, 0, 0 })

/*
 * `ret_folder` is empty before. ASH_E_IO with an explanation: it can't be read, or has no
 * such file. ASH_E_LIMIT: more than 10 000 of them, or folders too deep. ASH_E_MEMORY.
 */
ASH_STATUS ash_folder_list(const char *path, struct ash_folder *ret_folder);
void ash_folder_done(struct ash_folder *folder);

static inline void ash_folder_auto(struct ash_folder *folder)
{
	ash_folder_done(folder);
}
