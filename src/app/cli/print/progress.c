#include "app/cli/print/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_LEN  20
#define EVERY_MS 100

static uint64_t now_ms(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct ash_cli_progress_line ash_cli_progress_line(uint64_t done, uint64_t total, uint64_t count,
						   const char *what, uint64_t elapsed_ms)
{
	static const char full[BAR_LEN + 1] = "####################",
					 empty[BAR_LEN + 1] = "....................";
	const double part = total != 0 ? (double)(done < total ? done : total) / (double)total : 0;
	const int filled = (int)(part * BAR_LEN);
	struct ash_cli_progress_line line;

	if (total == 0)
		snprintf(line.text, sizeof(line.text), "%llu %s", (unsigned long long)count, what);
	else if (part * 100 < 1) /* too early to say how long it takes */
		snprintf(line.text, sizeof(line.text), "[%s]   0 %%  %llu %s", empty,
			 (unsigned long long)count, what);
	else
		snprintf(line.text, sizeof(line.text), "[%.*s%.*s] %3d %%  %llu %s, %.0f s left", filled,
			 full, BAR_LEN - filled, empty, (int)(part * 100), (unsigned long long)count, what,
			 (double)elapsed_ms / 1000 * (1 - part) / part);
	return line;
}

void ash_cli_progress_begin(struct ash_cli_progress *progress, struct ash_cli *cli, const char *what,
			    uint64_t total)
{
	const int fd = fileno(cli->err);

	*progress = (struct ash_cli_progress){
		.cli = cli,
		.what = what,
		.total = total,
		.begun_ms = now_ms(),
		.on = fd >= 0 && isatty(fd) == 1 && !ash_cli_has(cli, ASH_CLI_OPT_JSON),
	};
}

void ash_cli_progress_show(struct ash_cli_progress *progress, uint64_t done, uint64_t count)
{
	const uint64_t now = progress->on ? now_ms() : 0;

	if (!progress->on || (progress->shown && now - progress->shown_ms < EVERY_MS))
		return;
	fprintf(progress->cli->err, "\r\033[K%s",
		ash_cli_progress_line(done, progress->total, count, progress->what, now - progress->begun_ms)
			.text);
	fflush(progress->cli->err);
	progress->shown = true;
	progress->shown_ms = now;
}

void ash_cli_progress_end(struct ash_cli_progress *progress)
{
	if (!progress->shown)
		return;
	fputs("\r\033[K", progress->cli->err);
	fflush(progress->cli->err);
	progress->shown = false;
}
