/*
 * Any PKCS#11 module behind the api table: it is loaded, asked for its functions and
 * initialised; what the table is asked for is asked of it, in PKCS#11's C form. So that
 * the vectors of `ashlar selftest` can be run through our own module as its users meet it,
 * and through others.
 *
 * The table has what app/selftest and choosing a token need; the other functions are NULL.
 * The parameters of mechanisms are those of our own table of mechanisms. One thread; one
 * module at a time.
 */
#pragma once

#include "api/api.h"

struct ash_module;

/* The table; its instance is what ash_module_hsm() gives. */
extern const struct ash_api ash_module_api;

/*
 * Loads and initialises the module. ASH_E_IO: it can't be loaded; ASH_E_UNSUPPORTED: it
 * gives no functions; the module's own error. With an explanation. ASH_E_MEMORY.
 */
ASH_STATUS ash_module_open(const char *path, struct ash_module **ret_module);

/* Finalizes and unloads it. NULL is fine. Returns NULL. */
struct ash_module *ash_module_close(struct ash_module *module);

/* What the functions of the table take. Lent. */
struct ash_hsm *ash_module_hsm(struct ash_module *module);

/* The module's own functions, for what the table lacks; NULL each that it has not. Lent. */
const struct CK_FUNCTION_LIST_3_2 *ash_module_functions(const struct ash_module *module);

/* A CK_RV as our status; one that has no code of ours is ASH_E_FAILED, with its number. */
ASH_STATUS ash_module_status(CK_RV rv);

static inline void ash_module_auto(struct ash_module **module)
{
	ash_module_close(*module);
}
