#include "app/cli/find/search.h"

#define FIND_AT_ONCE 64

static ASH_STATUS take_found(struct ash_cli *cli, ash_handle session, ash_cli_take *take, void *context)
{
	ash_handle handles[FIND_AT_ONCE];
	size_t count = 0;

	do {
		ASH_TRY(cli->api->find_next(cli->hsm, session, handles, FIND_AT_ONCE, &count));
		for (size_t i = 0; i < count; i++)
			ASH_TRY(take(context, handles[i]));
	} while (count == FIND_AT_ONCE);
	return ASH_DONE;
}

ASH_STATUS ash_cli_search(struct ash_cli *cli, ash_handle session, struct ash_template want,
			  ash_cli_take *take, void *context)
{
	struct ash_status status;

	ASH_TRY(cli->api->find_begin(cli->hsm, session, want));
	status = take_found(cli, session, take, context);
	if (ash_is_ok(status))
		return cli->api->find_end(cli->hsm, session);
	ash_ignore(cli->api->find_end(cli->hsm, session)); /* the first failure is the one to tell */
	return status;
}
