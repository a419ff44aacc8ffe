#include "app/cli/print/progress.h"

#include "unit/app/cli/fake.h"

#define LINE(...) ash_cli_progress_line(__VA_ARGS__).text

TEST(the_line_says_how_far_it_is)
{
	EXPECT(strcmp(LINE(0, 0, 17, "keys", 5000), "17 keys") == 0);
	EXPECT(strcmp(LINE(0, 1000, 0, "keys", 0), "[....................]   0 %  0 keys") == 0);
	EXPECT(strcmp(LINE(500, 1000, 42, "keys", 3000), "[##########..........]  50 %  42 keys, 3 s left") ==
	       0);
	EXPECT(strcmp(LINE(1000, 1000, 84, "keys", 6000),
		      "[####################] 100 %  84 keys, 0 s left") == 0);
	EXPECT(strcmp(LINE(2000, 1000, 84, "keys", 6000), LINE(1000, 1000, 84, "keys", 6000)) == 0);
	EXPECT(strlen(LINE(UINT64_MAX / 2, UINT64_MAX, UINT64_MAX, "keys", UINT64_MAX)) < 80);
}

/* Only a terminal gets it: fake streams have none. */
TEST(nothing_is_shown_without_a_terminal)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	struct ash_cli_progress progress;

	ash_cli_progress_begin(&progress, &cli, "keys", 10);
	ash_cli_progress_show(&progress, 5, 5);
	ash_cli_progress_end(&progress);
	fake_close(&cli);
	EXPECT(!progress.on && fake_err[0] == '\0' && fake_out[0] == '\0');
}
