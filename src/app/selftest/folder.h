/*
 * The files of test vectors that a path means: those of a folder whose names end in
 * .json (not of folders within it), in the order of their names, or one file itself.
 */
#pragma once

#include <stddef.h>

#include "util/compat.h"
#include "util/status.h"

struct ash_folder {
	char **paths;
	size_t count;
};

#define ASH_FOLDER_NONE ((struct ash_folder){ NULL, 0 })

/*
 * `ret_folder` is empty before. ASH_E_IO with an explanation: it can't be read, or has no
 * such file. ASH_E_LIMIT: it has more than 10 000. ASH_E_MEMORY.
 */
ASH_STATUS ash_folder_list(const char *path, struct ash_folder *ret_folder);
void ash_folder_done(struct ash_folder *folder);

static inline void ash_folder_auto(struct ash_folder *folder)
{
	ash_folder_done(folder);
}
