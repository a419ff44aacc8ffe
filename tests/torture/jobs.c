#include "jobs.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 64

struct board {
	atomic_size_t next;
	atomic_bool stopped;
	_Atomic uint64_t points, bad, left_out;
	_Atomic uint64_t sums[JOBS_SUMS];
};

unsigned jobs_processes(void)
{
	const long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online < 1 ? 1 : (unsigned)online;
}

__attribute__((noreturn)) static void work_child(const struct report *given, struct board *board,
						 size_t count, jobs_work *work, void *context)
{
	struct report report = *given;
	uint64_t sums[JOBS_SUMS] = { 0 };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	report.points = report.bad = report.left_out = 0;
	for (size_t piece = atomic_fetch_add(&board->next, 1); piece < count && report_goes_on(&report);
	     piece = atomic_fetch_add(&board->next, 1))
		work(&report, piece, sums, context);
	atomic_fetch_add(&board->points, report.points);
	atomic_fetch_add(&board->bad, report.bad);
	atomic_fetch_add(&board->left_out, report.left_out);
	if (report.stopped)
		atomic_store(&board->stopped, true);
	for (size_t i = 0; i < JOBS_SUMS; i++)
		atomic_fetch_add(&board->sums[i], sums[i]);
	(void)fflush(stdout);
	_exit(0);
}

void jobs_run(struct report *report, unsigned processes, size_t count, jobs_work *work, void *context,
	      uint64_t ret_sums[JOBS_SUMS])
{
	pid_t children[PROCESSES_MAX];
	struct board *board =
		mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (board == MAP_FAILED)
		report_bail("mmap: %s", strerror(errno));
	processes = processes > PROCESSES_MAX ? PROCESSES_MAX : processes;
	(void)fflush(stdout);
	for (unsigned i = 0; i < processes; i++) {
		children[i] = fork();
		if (children[i] < 0)
			report_bail("fork: %s", strerror(errno));
		if (children[i] == 0)
			work_child(report, board, count, work, context);
	}
	for (unsigned i = 0; i < processes; i++) {
		int status = -1;

		if (waitpid(children[i], &status, 0) != children[i] || status != 0)
			report_point(report, false, "", "a process of the sweep itself died");
	}
	report->points += atomic_load(&board->points);
	report->bad += atomic_load(&board->bad);
	report->left_out += atomic_load(&board->left_out);
	report->stopped = report->stopped || atomic_load(&board->stopped);
	for (size_t i = 0; i < JOBS_SUMS; i++)
		ret_sums[i] = atomic_load(&board->sums[i]);
	(void)munmap(board, sizeof(*board));
}
