/* Modules that are none. A real one is driven by tests/vectors/module_test.py. */
#include "app/selftest/module.h"

#include "unit/test.h"

TEST(what_is_no_module_is_told)
{
	struct ash_module *module = NULL;

	EXPECT_CODE(ASH_E_IO, ash_module_open("/tmp/ashlar-no-such-module.so", &module));
	EXPECT(strstr(ash_status_explanation(), "ashlar-no-such-module.so") != NULL);
	EXPECT_CODE(ASH_E_IO, ash_module_open("/dev/null", &module));
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_module_open("libc.so.6", &module));
	EXPECT(strstr(ash_status_explanation(), "C_GetFunctionList") != NULL);
	EXPECT(module == NULL);
	EXPECT(ash_module_close(NULL) == NULL);
}

TEST(the_table_has_what_vectors_need)
{
	EXPECT_NUMBER(ASH_API_ABI, ash_module_api.abi);
	EXPECT(ash_module_api.create_object != NULL && ash_module_api.decapsulate_key != NULL);
	EXPECT(ash_module_api.init_token == NULL); /* nothing of a user's module is made or changed */
}
