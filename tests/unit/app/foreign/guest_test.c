/* What no module is needed for; tests/integration/cli/import_test.py drives NSS's and SoftHSM's. */
#include "app/foreign/guest.h"

#include "unit/test.h"

TEST(what_is_no_module_is_told)
{
	ASH_AUTO(ash_foreign_guest) *guest = NULL;

	EXPECT_CODE(ASH_E_IO, ash_foreign_guest_open("/nonexistent/module.so", NULL, &guest));
	EXPECT(strstr(ash_status_explanation(), "/nonexistent/module.so") != NULL);
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_foreign_guest_open("libm.so.6", NULL, &guest));
	EXPECT(strstr(ash_status_explanation(), "C_GetFunctionList") != NULL);
	EXPECT(guest == NULL && ash_foreign_guest_close(NULL) == NULL);
}

TEST(memory_may_run_out)
{
	ASH_AUTO(ash_foreign_guest) *guest = NULL;

	ash_mem_fail_after(0);
	EXPECT_CODE(ASH_E_MEMORY, ash_foreign_guest_open("libm.so.6", NULL, &guest));
}
