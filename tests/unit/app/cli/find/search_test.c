#include "unit/app/cli/fake.h"

#include "app/cli/find/search.h"

static ash_handle taken[FAKE_OBJECTS];
static size_t taken_count;
static enum ash_code answer;

static struct ash_status take(ASH_UNUSED void *context, ash_handle object)
{
	EXPECT(taken_count < FAKE_OBJECTS);
	taken[taken_count++] = object;
	ASH_ENSURE(answer == ASH_OK, answer);
	return ASH_DONE;
}

static struct ash_status search(struct ash_hsm *hsm, struct ash_template want)
{
	struct ash_cli cli = fake_cli(hsm);
	struct ash_status status;

	hsm->session_open = true;
	taken_count = 0;
	status = ash_cli_search(&cli, 7, want, take, NULL);
	fake_close(&cli);
	EXPECT(!hsm->searching);
	return status;
}

static void fill(struct ash_hsm *hsm)
{
	for (size_t i = 0; i < 3; i++) {
		hsm->objects[i].used = true;
		fake_set(&hsm->objects[i], CKA_LABEL, i == 1 ? TEXT("b") : TEXT("a"));
	}
}

TEST(all_that_fits_is_taken)
{
	const struct ash_attr label = { CKA_LABEL, TEXT("a") };
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_OK(search(&hsm, (struct ash_template){ NULL, 0 }));
	EXPECT_NUMBER(0, taken_count);
	fill(&hsm);
	EXPECT_OK(search(&hsm, (struct ash_template){ &label, 1 }));
	EXPECT(taken_count == 2 && taken[0] == 1 && taken[1] == 3);
	EXPECT_OK(search(&hsm, (struct ash_template){ NULL, 0 }));
	EXPECT_NUMBER(3, taken_count);
}

TEST(any_failure_ends_the_search)
{
	static const char *const functions[] = { "find_begin", "find_next", "find_end" };
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	hsm.code = ASH_E_IO;
	for (size_t i = 0; i < ASH_COUNT(functions); i++) {
		hsm.fails = functions[i];
		EXPECT_CODE(ASH_E_IO, search(&hsm, (struct ash_template){ NULL, 0 }));
	}
	hsm.fails = NULL;
	answer = ASH_E_LIMIT;
	EXPECT_CODE(ASH_E_LIMIT, search(&hsm, (struct ash_template){ NULL, 0 }));
	EXPECT_NUMBER(1, taken_count);
	answer = ASH_OK;
}
