#include "app/engines.h"

#include "unit/test.h"

TEST(each_engine_has_a_name_of_its_own)
{
	EXPECT(ash_app_engines.count > 0 && ash_app_engines.count <= ASH_COUNT(ash_app_engines.offered));
	for (size_t i = 0; i < ash_app_engines.count; i++) {
		EXPECT_NUMBER(ASH_BACKEND_ABI, ash_app_engines.offered[i]->abi);
		for (size_t j = 0; j < i; j++)
			EXPECT(strcmp(ash_app_engines.offered[i]->name, ash_app_engines.offered[j]->name) !=
			       0);
	}
}

/* Either AWS-LC is there, or the default configuration may name it all the same. */
TEST(the_default_order_is_known)
{
	bool awslc = false;
	bool openssl = false;

	for (size_t i = 0; i < ash_app_engines.count; i++) {
		awslc = awslc || strcmp(ash_app_engines.offered[i]->name, "awslc") == 0;
		openssl = openssl || strcmp(ash_app_engines.offered[i]->name, "openssl") == 0;
	}
	EXPECT(openssl);
	EXPECT_TEXT(awslc ? "" : "awslc", ash_app_engines.optional);
}
