#include "store/sqlite/sentry.h"

#include "unit/store/sqlite/store_folder.h"
#include "unit/test.h"

TEST(it_stands_until_one_of_its_descriptors_is_gone)
{
	struct ash_sentry sentry = ASH_SENTRY_NONE;

	folder_make();
	EXPECT(!ash_sentry_stands(&sentry));
	ash_sentry_dismiss(&sentry);
	for (int i = 0; i < 4; i++) {
		const bool high = (i & 1) != 0;
		const bool reused = (i & 2) != 0;
		int number = -1;

		EXPECT_OK(ash_sentry_post(folder, &sentry));
		EXPECT(ash_sentry_stands(&sentry));
		EXPECT(sentry.high >= sentry.low + 256);
		number = high ? sentry.high : sentry.low;
		if (reused) {
			int other = open("/dev/null", O_RDWR | O_CLOEXEC);

			EXPECT_NUMBER(number, dup2(other, number));
			close(other);
		} else {
			close(number);
		}
		EXPECT(!ash_sentry_stands(&sentry));
		/* What is not its own any more stays open. */
		ash_sentry_dismiss(&sentry);
		EXPECT_NUMBER(reused ? 0 : -1, fcntl(number, F_GETFD) < 0 ? -1 : 0);
		if (reused)
			close(number);
	}
	folder_remove();
}

TEST(it_needs_the_folder)
{
	struct ash_sentry sentry = ASH_SENTRY_NONE;

	folder_make();
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_sentry_post(in_folder("none"), &sentry));
	EXPECT_NUMBER(-1, sentry.low);
	folder_remove();
}
