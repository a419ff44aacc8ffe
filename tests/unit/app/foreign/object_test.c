#include "unit/app/foreign/objects.h"

TEST(objects_are_kept_in_their_order)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;

	for (uint64_t i = 0; i < 100; i++)
		(void)add_object(&objects, i, "x");
	for (uint64_t i = 0; i < 100; i++)
		EXPECT_NUMBER(i, ash_foreign_class(&objects.object[i]));
}

TEST(one_that_was_not_read_has_no_class)
{
	const struct ash_foreign_object object = { .attrs = NULL };

	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, ash_foreign_class(&object));
}

TEST(memory_may_run_out)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_object *object = NULL;

	ash_mem_fail_after(0);
	EXPECT_CODE(ASH_E_MEMORY, ash_foreign_objects_add(&objects, &object));
	EXPECT(object == NULL && objects.count == 0);
	EXPECT_OK(ash_foreign_objects_add(&objects, &object));
}
