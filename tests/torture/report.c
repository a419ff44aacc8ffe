#include "report.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actor.h"

#define OPTIONS_MAX 24

enum common_option {
	MODULE = 1,
	SHORT,
	SEED,
	STOP_AFTER,
	JSON,
	HELP,
	OWN,
};

void report_bail(const char *format, ...)
{
	va_list args;

	(void)fflush(stdout);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	exit(2);
}

/* The module of the build folder that this program lies in. False if that can't be told. */
static bool find_built(char *built, size_t len)
{
	char self[PATH_MAX];
	ssize_t got = readlink("/proc/self/exe", self, sizeof(self) - 1);

	for (int up = 0; up < 3 && got > 0; up++) {
		while (got > 0 && self[got - 1] != '/')
			got--;
		got = got > 0 ? got - 1 : 0;
	}
	return got > 0 && snprintf(built, len, "%.*s/libashlar-pkcs11.so", (int)got, self) < (int)len;
}

static bool is_same_file(const char *one, const char *other)
{
	struct stat first, second;

	return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* The module that was given, or the one just built. */
static void choose_module(struct report *report)
{
	const bool found = find_built(report->built, sizeof(report->built));

	if (report->module == NULL && !found)
		report_bail("can't tell where this program lies: give --module");
	if (report->module == NULL)
		report->module = report->built;
	if (access(report->module, R_OK) != 0)
		report_bail("%s: %s", report->module, strerror(errno));
	report->ours = found && is_same_file(report->module, report->built);
}

static char *join_command(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	size_t len = 1;
	char *command = NULL;

	argv[0] = argv[0] != NULL && name != NULL ? argv[0] + (name - argv[0]) + 1 : argv[0];
	for (int i = 0; i < argc; i++)
		len += strlen(argv[i]) + 1;
	command = calloc(1, len);
	for (int i = 0; i < argc && command != NULL; i++) {
		(void)strcat(command, argv[i]);
		if (i + 1 < argc)
			(void)strcat(command, " ");
	}
	return command;
}

static void print_usage(FILE *out, const char *sweep, const char *usage)
{
	(void)fprintf(
		out,
		"Usage: %s [--module PATH] [--short] [--seed N] [--stop-after SECONDS] [--json FILE] %s\n",
		sweep, usage);
}

static uint64_t number(const char *text)
{
	char *end = NULL;
	const unsigned long long value = strtoull(text, &end, 10);

	if (end == text || *end != '\0')
		report_bail("not a number: %s", text);
	return value;
}

/* The common options and the sweep's own, as getopt wants them. */
static void list_options(const struct report_option *own, struct option *options)
{
	static const struct option common[] = {
		{ "module", required_argument, NULL, MODULE },
		{ "short", no_argument, NULL, SHORT },
		{ "seed", required_argument, NULL, SEED },
		{ "json", required_argument, NULL, JSON },
		{ "stop-after", required_argument, NULL, STOP_AFTER },
		{ "help", no_argument, NULL, HELP },
	};
	size_t count = COUNT(common);

	memcpy(options, common, sizeof(common));
	for (int i = 0; own != NULL && own[i].name != NULL; i++) {
		if (count + 1 >= OPTIONS_MAX)
			report_bail("too many options");
		options[count++] =
			(struct option){ own[i].name, own[i].has_value ? required_argument : no_argument,
					 NULL, OWN + i };
	}
	options[count] = (struct option){ NULL, 0, NULL, 0 };
}

void report_begin(struct report *report, const char *sweep, int argc, char **argv, const char *usage,
		  const struct report_option *own)
{
	struct option options[OPTIONS_MAX];
	int option = 0;

	memset(report, 0, sizeof(*report));
	report->sweep = sweep;
	report->seed = 1;
	report->command = join_command(argc, argv);
	(void)clock_gettime(CLOCK_MONOTONIC, &report->start);
	list_options(own, options);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case MODULE: report->module = optarg; break;
		case SHORT: report->short_run = true; break;
		case SEED: report->seed = number(optarg); break;
		case STOP_AFTER: report->stop_after = (double)number(optarg); break;
		case JSON: report->json = optarg; break;
		case HELP: print_usage(stdout, sweep, usage); exit(0);
		case '?': print_usage(stderr, sweep, usage); exit(2);
		default: *own[option - OWN].ret_value = optarg != NULL ? optarg : "";
		}
	}
	if (optind < argc) {
		print_usage(stderr, sweep, usage);
		exit(2);
	}
	choose_module(report);
}

const char *report_sister(const struct report *report, const char *name)
{
	static char path[PATH_MAX];
	const char *slash = strrchr(report->built, '/');

	if (!report->ours || slash == NULL ||
	    snprintf(path, sizeof(path), "%.*s/tests/torture/libashlar-%s.so", (int)(slash - report->built),
		     report->built, name) >= (int)sizeof(path))
		return report->module;
	return access(path, R_OK) == 0 ? path : report->module;
}

void report_point(struct report *report, bool good, const char *repeat, const char *why)
{
	report->points++;
	if (good)
		return;
	report->bad++;
	printf("BAD: %s\n     repeat: %s %s\n", why, report->sweep, repeat);
	(void)fflush(stdout);
}

void report_left_out(struct report *report, const char *repeat, const char *why)
{
	report->left_out++;
	if (report->ours)
		report_point(report, false, repeat, why);
	else
		printf("left out: %s\n", why);
	(void)fflush(stdout);
}

void report_more(struct report *report, const char *name, const char *format, ...)
{
	const size_t used = strlen(report->more);
	char value[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	if (snprintf(report->more + used, REPORT_MORE - used, "%s\"%s\": %s", used > 0 ? ", " : "", name,
		     value) >= (int)(REPORT_MORE - used))
		report_bail("too much for the JSON's \"more\"");
}

bool report_goes_on(struct report *report)
{
	const bool goes_on = report->stop_after <= 0 || report_seconds(report) < report->stop_after;

	report->stopped = report->stopped || !goes_on;
	return goes_on;
}

double report_share(const struct report *report, size_t pieces)
{
	const double rest = report->stop_after - report_seconds(report);

	if (report->stop_after <= 0)
		return 0;
	return rest > 0.001 ? rest / (double)(pieces > 0 ? pieces : 1) : 0.001;
}

/* A prime number of steps goes once through any count that it does not divide. */
uint64_t report_spread(uint64_t at, uint64_t count)
{
	static const uint64_t primes[] = { 7919, 6841 };
	const uint64_t step = count % primes[0] != 0 ? primes[0] : primes[1];

	return count % step != 0 ? at % count * step % count : at;
}

double report_seconds(const struct report *report)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - report->start.tv_sec) +
	       (double)(now.tv_nsec - report->start.tv_nsec) / 1e9;
}

void report_json_text(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			(void)fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			(void)fprintf(out, "\\u%04x", (unsigned)*text);
		else
			(void)fputc(*text, out);
	}
	(void)fputc('"', out);
}

static void write_json(const struct report *report)
{
	char description[128];
	FILE *out = fopen(report->json, "we");

	if (out == NULL)
		report_bail("%s: %s", report->json, strerror(errno));
	actor_describe(report->module, description, sizeof(description));
	(void)fputs("{\"sweep\": ", out);
	report_json_text(out, report->sweep);
	(void)fputs(", \"module\": ", out);
	report_json_text(out, description);
	(void)fprintf(
		out,
		", \"points\": %llu, \"bad\": %llu, \"left_out\": %llu, \"seconds\": %.1f, \"command\": ",
		(unsigned long long)report->points, (unsigned long long)report->bad,
		(unsigned long long)report->left_out, report_seconds(report));
	report_json_text(out, report->command != NULL ? report->command : report->sweep);
	(void)fprintf(out, ", \"stopped\": %s, \"more\": {%s}}\n", report->stopped ? "true" : "false",
		      report->more);
	if (fclose(out) != 0)
		report_bail("%s: %s", report->json, strerror(errno));
}

int report_end(struct report *report)
{
	if (report->json != NULL)
		write_json(report);
	free(report->command);
	report->command = NULL;
	printf("%s: %llu points, %llu bad%s\n", report->sweep, (unsigned long long)report->points,
	       (unsigned long long)report->bad, report->stopped ? "; stopped before its end" : "");
	(void)fflush(stdout);
	return report->bad == 0 && report->points > 0 && !report->stopped ? 0 : 1;
}
