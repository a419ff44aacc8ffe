#include "store/sqlite/sentry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* SQLite has up to 3 descriptors for each of its connections, of which a pool keeps 17. */
#define ROOM_BETWEEN 256

struct ash_status ash_sentry_post(const char *folder, struct ash_sentry *ret_sentry)
{
	ASH_AUTO_FD low = ash_fs_raise(open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	struct ash_sentry sentry = ASH_SENTRY_NONE;

	if (low < 0)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s: %s", folder, strerrordesc_np(errno));
	ASH_TRY(ash_fs_identify(low, &sentry.folder));
	sentry.high = fcntl(low, F_DUPFD_CLOEXEC, low + ROOM_BETWEEN);
	sentry.low = low;
	low = -1;
	*ret_sentry = sentry;
	return ASH_DONE;
}

bool ash_sentry_stands(const struct ash_sentry *sentry)
{
	return ash_fs_is(sentry->low, sentry->folder) &&
	       (sentry->high < 0 || ash_fs_is(sentry->high, sentry->folder));
}

void ash_sentry_dismiss(struct ash_sentry *sentry)
{
	ash_fs_close_own(sentry->low, sentry->folder);
	ash_fs_close_own(sentry->high, sentry->folder);
	*sentry = ASH_SENTRY_NONE;
}
