#include "app/cli/file/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 65536u

ASH_STATUS ash_cli_source_open(struct ash_cli *cli, const char *path, struct ash_cli_source *ret_source)
{
	const bool standard = strcmp(path, "-") == 0;
	struct ash_cli_source source = {
		.cli = cli,
		.name = ash_cli_escaped(ash_span_text(standard ? "standard input" : path)),
		.fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY),
	};
	struct stat info;

	if (standard && cli->input_taken)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "standard input can be read once only, and is asked for twice");
	cli->input_taken = cli->input_taken || standard;
	if (source.fd < 0)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't open %s: %s", source.name.text,
				      strerror(errno));
	if (fstat(source.fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0)
		source.size = (uint64_t)info.st_size;
	*ret_source = source;
	return ASH_DONE;
}

void ash_cli_source_close(struct ash_cli_source *source)
{
	if (source->fd > STDERR_FILENO)
		close(source->fd);
	source->fd = -1;
}

ASH_STATUS ash_cli_source_read(struct ash_cli_source *source, struct ash_mut room, size_t *ret_len)
{
	size_t len = 0;

	while (len < room.len) {
		const ssize_t got = read(source->fd, room.data + len, room.len - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ash_cli_refuse(source->cli, ASH_CLI_FAILED, "can't read %s: %s",
					      source->name.text, strerror(errno));
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*ret_len = len;
	return ASH_DONE;
}

/* The next piece; on failure nothing is appended. */
static ASH_STATUS add_piece(struct ash_cli_source *source, struct ash_buf *out, size_t *ret_got)
{
	const size_t before = out->len;
	struct ash_mut room;
	struct ash_status status;
	size_t got = 0;

	ASH_TRY(ash_buf_extend(out, PIECE, &room));
	status = ash_cli_source_read(source, room, &got);
	out->len = before + got;
	*ret_got = got;
	return status;
}

ASH_STATUS ash_cli_source_all(struct ash_cli_source *source, size_t max, const char *what,
			      struct ash_buf *out)
{
	const size_t before = out->len;
	size_t got = PIECE;

	while (got == PIECE) {
		ASH_TRY(add_piece(source, out, &got));
		if (out->len - before > max)
			return ash_cli_refuse(source->cli, ASH_CLI_FAILED,
					      "%s is too long for %s: at most %zu bytes will do",
					      source->name.text, what, max);
	}
	return ASH_DONE;
}

ASH_STATUS ash_cli_source_file(struct ash_cli *cli, const char *path, size_t max, const char *what,
			       struct ash_buf *out)
{
	ASH_AUTO(ash_cli_source) source = ASH_CLI_SOURCE_NONE;

	ASH_TRY(ash_cli_source_open(cli, path, &source));
	return ash_cli_source_all(&source, max, what, out);
}
