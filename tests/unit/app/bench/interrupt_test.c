#include "app/bench/interrupt.h"

#include "app/bench/child.h"
#include "unit/test.h"

static int ends[2];

static void wait_for_data(void)
{
	ash_bench_interrupt_catch();
	EXPECT(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
	EXPECT(ash_bench_interrupt_wait(ends[0]) && !ash_bench_interrupted());
}

static void wait_for_a_signal(void)
{
	ash_bench_interrupt_catch();
	EXPECT(pipe(ends) == 0);
	raise(SIGTERM); /* blocked until we wait */
	EXPECT(!ash_bench_interrupted());
	EXPECT(!ash_bench_interrupt_wait(ends[0]) && ash_bench_interrupted());
	EXPECT(write(ends[1], "x", 1) == 1);
	EXPECT(!ash_bench_interrupt_wait(ends[0])); /* and ever after */
}

static void die_as_before(void)
{
	ash_bench_interrupt_catch();
	ash_bench_interrupt_release();
	raise(SIGTERM);
}

static void ignore_as_before(void)
{
	signal(SIGHUP, SIG_IGN);
	ash_bench_interrupt_catch();
	raise(SIGHUP);
	EXPECT(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
	EXPECT(ash_bench_interrupt_wait(ends[0]));
}

static struct ash_status hang(ASH_UNUSED void *context, ASH_UNUSED json_t **ret_answer)
{
	kill(getppid(), SIGINT);
	sleep(600);
	return ASH_DONE;
}

static void end_a_child(void)
{
	json_t *told = NULL;

	ash_bench_interrupt_catch();
	EXPECT_CODE(ASH_E_FAILED, ash_bench_child(hang, NULL, 600, &told));
	EXPECT_TEXT("interrupted", ash_status_explanation());
	EXPECT(waitpid(-1, NULL, WNOHANG) == -1); /* it is gone */
}

TEST(data_is_waited_for)
{
	EXPECT_IN_CHILD(wait_for_data);
}

TEST(a_signal_ends_the_waiting)
{
	EXPECT_IN_CHILD(wait_for_a_signal);
}

TEST(a_child_dies_of_signals_as_ever)
{
	EXPECT_SIGNAL(SIGTERM, die_as_before);
}

TEST(what_is_ignored_stays_ignored)
{
	EXPECT_IN_CHILD(ignore_as_before);
}

TEST(a_signal_ends_the_child)
{
	EXPECT_IN_CHILD(end_a_child);
}
