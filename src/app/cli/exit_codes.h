/*
 * Every exit code, once: ASH_CLI_EXIT(id, code, what it means).
 * No include guard: it is read several times.
 */
ASH_CLI_EXIT(DONE, 0, "done")
ASH_CLI_EXIT(FAILED, 1, "the operation failed, or its output could not be written")
ASH_CLI_EXIT(USAGE, 2, "the command line is wrong")
ASH_CLI_EXIT(PIN, 3, "the PIN is wrong, locked, not set or could not be had")
ASH_CLI_EXIT(NOT_FOUND, 4, "there is no such token or key")
ASH_CLI_EXIT(AMBIGUOUS, 5, "several tokens or keys match, and one was wanted")
ASH_CLI_EXIT(DECLINED, 6, "not confirmed: nothing was changed")
ASH_CLI_EXIT(STORAGE, 7, "the configuration or the store can't be used")
