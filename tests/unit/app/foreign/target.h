/* A token of ours in memory, as the target of imports. */
#pragma once

#include "app/app.h"
#include "app/foreign/bring.h"
#include "unit/app/foreign/objects.h"
#include "unit/token/fixture.h"

ASH_UNUSED static struct ash_foreign_target new_target(void)
{
	struct ash_foreign_target target = { .api = &ash_api_local, .hsm = new_token() };

	target.session = log_in(target.hsm);
	return target;
}

ASH_UNUSED static void free_target(struct ash_foreign_target *target)
{
	ash_foreign_target_done(target);
	target->hsm = ash_hsm_free(target->hsm);
}

ASH_UNUSED static bool is_true(struct ash_foreign_target *target, ash_handle object, uint64_t type)
{
	uint8_t value = 0;
	struct ash_attr_query query = { .type = type, .value = { &value, 1, 0 } };

	EXPECT_OK(target->api->get_attributes(target->hsm, target->session, object, &query, 1));
	return value != 0;
}
