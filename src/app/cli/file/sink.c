#include "app/cli/file/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli/print/text.h"
#include "util/fs.h"
#include "util/mem.h"

#define SUFFIX     ".XXXXXX"
#define NAME_TRIES 100

static ASH_STATUS tell(const struct ash_cli_sink *sink, const char *what)
{
	const char *name = sink->name != NULL ? sink->name : "standard output";
	const int error = errno;

	return ash_cli_refuse(sink->cli, ASH_CLI_FAILED, "can't %s %s: %s", what,
			      ash_cli_escaped(ash_span_text(name)).text, strerror(error));
}

static ASH_STATUS text_new(const char *text, size_t more, char **ret_text)
{
	const size_t len = strlen(text);
	char *copy = ash_mem_new(len + more + 1, 1);

	ASH_ENSURE(copy != NULL, ASH_E_MEMORY);
	memcpy(copy, text, len);
	*ret_text = copy;
	return ASH_DONE;
}

/* The folder in which the file lies. */
static ASH_STATUS folder_of(const char *path, char **ret_folder)
{
	const char *slash = strrchr(path, '/');
	char *folder = NULL;

	ASH_TRY(text_new(slash == NULL ? "." : path, 0, &folder));
	if (slash != NULL)
		folder[slash == path ? 1 : slash - path] = '\0';
	*ret_folder = folder;
	return ASH_DONE;
}

/*
 * A file without a name, of which nothing stays if we are killed. Not every file system
 * has these, and giving it a name takes /proc: else it has a name from the start.
 */
static ASH_STATUS open_temporary(struct ash_cli_sink *sink)
{
	ASH_AUTO_MEM char *folder = NULL;

	ASH_TRY(folder_of(sink->path, &folder));
	if (access("/proc/self/fd", X_OK) == 0)
		sink->fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (sink->fd < 0) {
		ASH_TRY(text_new(sink->path, strlen(SUFFIX), &sink->temporary));
		strcat(sink->temporary, SUFFIX);
		sink->fd = mkostemp(sink->temporary, O_CLOEXEC);
		if (sink->fd < 0) {
			sink->temporary = ash_mem_free(sink->temporary);
			return tell(sink, "write");
		}
	}
	sink->owned = true;
	return ASH_DONE;
}

/* Where the opened file lies; without /proc, what its name leads to. False when that is another by now. */
static bool real_name(const struct ash_cli_sink *sink, int there, const struct stat *known,
		      char real[PATH_MAX])
{
	char link[sizeof("/proc/self/fd/") + 3 * sizeof(there)];
	struct stat info;
	ssize_t len = 0;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", there);
	len = readlink(link, real, PATH_MAX - 1);
	if (len >= 0)
		real[len] = '\0';
	else if (realpath(sink->name, real) == NULL)
		return false;
	return lstat(real, &info) == 0 && info.st_dev == known->st_dev && info.st_ino == known->st_ino;
}

/*
 * The file itself where --output names a link to it: links stay what they are. Asked of the file
 * that was opened: the name may be somebody's link by now, which the kernel would not follow.
 */
static ASH_STATUS resolve(struct ash_cli_sink *sink, int there, const struct stat *known)
{
	char real[PATH_MAX];

	if (there < 0 || known->st_nlink == 0)
		return text_new(sink->name, 0, &sink->path);
	if (!real_name(sink, there, known, real)) {
		errno = EAGAIN;
		return tell(sink, "write");
	}
	return text_new(real, 0, &sink->path);
}

/* What the umask lets through. */
static unsigned new_mode(void)
{
	const mode_t mask = umask(077);

	(void)umask(mask);
	return 0666 & ~mask;
}

/* It may be another by now; and behind somebody else's pipe somebody else reads. */
static ASH_STATUS check_special(struct ash_cli_sink *sink, bool secret)
{
	struct stat info;

	if (fstat(sink->fd, &info) != 0)
		return tell(sink, "write");
	if (S_ISREG(info.st_mode) ||
	    (secret && S_ISFIFO(info.st_mode) && info.st_uid != geteuid() && info.st_uid != 0)) {
		errno = EACCES;
		return tell(sink, "write");
	}
	return ASH_DONE;
}

static ASH_STATUS open_file(struct ash_cli_sink *sink, bool secret)
{
	const ASH_AUTO_FD there = open(sink->name, O_PATH | O_CLOEXEC);
	struct stat info = { .st_nlink = 0 };

	/* A link that the kernel does not follow for us, in a folder of everybody's, say. */
	if (there < 0 ? errno != ENOENT : fstat(there, &info) != 0)
		return tell(sink, "write");
	/* Of the mode of somebody else's file only what keeps others out: they may write to it, say. */
	sink->mode = secret ? 0600 : there < 0 ? new_mode() : info.st_mode & 0777;
	if (there >= 0 && info.st_uid != geteuid())
		sink->mode &= new_mode();
	if (there >= 0 && !S_ISREG(info.st_mode)) {
		sink->fd = open(sink->name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		sink->owned = sink->fd >= 0;
		return sink->fd >= 0 ? check_special(sink, secret) : tell(sink, "write");
	}
	ASH_TRY(resolve(sink, there, &info));
	return open_temporary(sink);
}

static ASH_STATUS open_standard(struct ash_cli_sink *sink, bool asked, bool text)
{
	struct ash_cli *cli = sink->cli;
	struct ash_status status;

	if (ash_cli_has(cli, ASH_CLI_OPT_JSON))
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--json needs --output FILE: standard output is for the JSON document");
	sink->fd = fileno(cli->out);
	if (sink->fd < 0 || asked || text || isatty(sink->fd) != 1)
		return ASH_DONE;
	status = ash_cli_refuse(cli, ASH_CLI_USAGE, "binary data is not for the terminal: say --output FILE");
	ash_cli_hint(cli, "--output - writes it there all the same");
	return status;
}

ASH_STATUS ash_cli_sink_open(struct ash_cli *cli, bool secret, bool text, struct ash_cli_sink *ret_sink)
{
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;
	const char *output = cli->values[ASH_CLI_OPT_OUTPUT];
	const bool standard = output == NULL || strcmp(output, "-") == 0;

	sink.cli = cli;
	sink.name = standard ? NULL : output;
	if (standard)
		ASH_TRY(open_standard(&sink, output != NULL, text));
	else
		ASH_TRY(open_file(&sink, secret));
	*ret_sink = sink;
	sink = ASH_CLI_SINK_NONE; /* handed over */
	return ASH_DONE;
}

ASH_STATUS ash_cli_sink_write(struct ash_cli_sink *sink, struct ash_span bytes)
{
	size_t done = 0;

	sink->bytes += bytes.len;
	if (sink->name == NULL && fflush(sink->cli->out) != 0)
		return tell(sink, "write to");
	if (sink->fd < 0) {
		done = bytes.len == 0 ? 0 : fwrite(bytes.data, 1, bytes.len, sink->cli->out);
		return done == bytes.len ? ASH_DONE : tell(sink, "write to");
	}
	while (done < bytes.len) {
		const ssize_t wrote = write(sink->fd, bytes.data + done, bytes.len - done);

		if (wrote < 0 && errno != EINTR)
			return tell(sink, sink->name == NULL ? "write to" : "write");
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	return ASH_DONE;
}

/* Gives the file without a name one beside its place, which nobody else has. */
static ASH_STATUS name_it(struct ash_cli_sink *sink)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", sink->fd);
	ASH_TRY(text_new(sink->path, 32, &sink->temporary));
	for (unsigned i = 0; i < NAME_TRIES; i++) {
		snprintf(sink->temporary + strlen(sink->path), 32, ".%ld.%u", (long)getpid(), i);
		if (linkat(AT_FDCWD, self, AT_FDCWD, sink->temporary, AT_SYMLINK_FOLLOW) == 0)
			return ASH_DONE;
		if (errno != EEXIST)
			break;
	}
	sink->temporary = ash_mem_free(sink->temporary);
	return tell(sink, "write");
}

/* Not every file system can sync a folder. */
static ASH_STATUS sync_name(struct ash_cli_sink *sink, const char *folder)
{
	const ASH_AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && fsync(fd) != 0 && errno != EINVAL)
		return tell(sink, "sync");
	return ASH_DONE;
}

ASH_STATUS ash_cli_sink_commit(struct ash_cli_sink *sink)
{
	ASH_AUTO_MEM char *folder = NULL;

	if (sink->path == NULL)
		return ASH_DONE;
	ASH_TRY(folder_of(sink->path, &folder));
	if (fchmod(sink->fd, sink->mode) != 0 || fsync(sink->fd) != 0)
		return tell(sink, "write");
	if (sink->temporary == NULL)
		ASH_TRY(name_it(sink));
	if (rename(sink->temporary, sink->path) != 0)
		return tell(sink, "write");
	sink->temporary = ash_mem_free(sink->temporary);
	sink->placed = true;
	return sync_name(sink, folder);
}

bool ash_cli_sink_is_file(const struct ash_cli_sink *sink)
{
	return sink->path != NULL;
}

void ash_cli_sink_done(struct ash_cli_sink *sink)
{
	if (sink->temporary != NULL)
		unlink(sink->temporary);
	sink->temporary = ash_mem_free(sink->temporary);
	sink->path = ash_mem_free(sink->path);
	if (sink->owned)
		close(sink->fd);
	*sink = ASH_CLI_SINK_NONE;
}
