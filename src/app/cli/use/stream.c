#include "app/cli/use/stream.h"

#include "app/cli/print/progress.h"
#include "util/config.h"

#define PIECE         65536u
#define PIECE_MORE    64u /* what a cipher may hold back of the piece before */
#define LIMIT_DEFAULT ((uint64_t)64 << 20)
#define MIB           20 /* as a shift */

/* A stream under way. */
struct run {
	const struct ash_cli_stream *stream;
	struct ash_cli_sink *sink; /* of what comes out on the way; NULL: nothing does */
	struct ash_buf piece, out;
	struct ash_cli_progress progress;
	uint64_t done;
};

static void run_auto(struct run *run)
{
	ash_cli_progress_end(&run->progress);
	ash_buf_done(&run->piece);
	ash_buf_done(&run->out);
}

static const char *const verbs[ASH_OPS] = {
	[ASH_OP_DIGEST] = "hash",
	[ASH_OP_SIGN] = "sign",
	[ASH_OP_VERIFY] = "verify",
	[ASH_OP_ENCRYPT] = "encrypt",
	[ASH_OP_DECRYPT] = "decrypt",
	[ASH_OP_SIGN_RECOVER] = "sign",
	[ASH_OP_VERIFY_RECOVER] = "verify",
	[ASH_OP_DERIVE] = "derive",
	[ASH_OP_ENCAPSULATE] = "encapsulate",
	[ASH_OP_DECAPSULATE] = "decapsulate",
};

uint64_t ash_cli_stream_limit(const struct ash_cli *cli)
{
	return cli->config != NULL ? ash_config_number(cli->config, ASH_CONFIG_LIMIT_MULTIPART)
				   : LIMIT_DEFAULT;
}

/* What the code's text alone does not explain. */
static void hint(struct ash_cli *cli, const struct ash_cli_stream *stream, enum ash_code code)
{
	if (code == ASH_E_LIMIT)
		ash_cli_hint(
			cli,
			"%s does not work in parts: the token keeps at most limits.multipart bytes of it "
			"(now %llu)",
			stream->row->name, (unsigned long long)ash_cli_stream_limit(cli));
	else if (code == ASH_E_DATA_LEN && stream->row->alg.scheme == ASH_SCHEME_RSA_OAEP)
		ash_cli_hint(
			cli,
			"RSA encrypts a few hundred bytes at most: encrypt with an AES key and wrap that");
	else if (code == ASH_E_DATA_LEN && stream->row->whole)
		ash_cli_hint(cli, "%s takes what it is given as it is: it does not hash it",
			     stream->row->name);
	else if (code == ASH_E_AUTHENTICATION)
		ash_cli_hint(cli, "the data was changed, or key, IV, --aad or --tag-length are others");
	else if (code == ASH_E_KEY_USAGE)
		ash_cli_hint(cli, "see what it may be used for: ashlar key list");
	else if (code == ASH_E_MECHANISM_PARAM && stream->row->param == ASH_PARAM_CCM)
		ash_cli_hint(
			cli,
			"AES-CCM: --iv has 7 to 13 bytes, and 12 leave room for less than 16 MiB of data");
	else if (code == ASH_E_MECHANISM_PARAM)
		ash_cli_hint(cli, "have --iv, --tag-length and the like the lengths that it wants?");
}

static ASH_STATUS tell(const struct ash_cli_stream *stream, struct ash_status status)
{
	struct ash_cli *cli = stream->use->cli;

	if (cli->exit != ASH_CLI_DONE)
		return status; /* it was told where it happened */
	status = ash_cli_fail(cli, status, "can't %s %s with %s", verbs[stream->op],
			      stream->source->name.text, stream->row->name);
	hint(cli, stream, status.code);
	return status;
}

static ASH_STATUS begin(const struct ash_cli_stream *stream)
{
	struct ash_cli_use *use = stream->use;

	ASH_TRY(use->cli->api->op_init(use->cli->hsm, use->session, stream->op, stream->mechanism,
				       stream->key != NULL ? stream->key->key.handle : 0));
	return stream->key != NULL ? ash_cli_use_prove(use, stream->key) : ASH_DONE;
}

static ASH_STATUS run_init(const struct ash_cli_stream *stream, struct ash_cli_sink *sink, struct run *run)
{
	struct ash_mut room;

	run->stream = stream;
	run->sink = sink;
	run->piece = run->out = ASH_BUF_SECRET;
	ash_cli_progress_begin(&run->progress, stream->use->cli, "MiB", stream->source->size);
	ASH_TRY(ash_buf_extend(&run->piece, PIECE, &room));
	return ash_buf_extend(&run->out, PIECE + PIECE_MORE, &room);
}

/*
 * AES-GCM encrypts in parts, but nothing of it may come out before the tag was checked: what
 * is longer than the token keeps, nobody could decrypt here.
 */
static ASH_STATUS check_length(const struct ash_cli_stream *stream, uint64_t len)
{
	struct ash_cli *cli = stream->use->cli;
	const uint64_t limit = ash_cli_stream_limit(cli);
	struct ash_status status;

	if (stream->op != ASH_OP_ENCRYPT || stream->row->alg.scheme != ASH_SCHEME_AES_GCM || len <= limit)
		return ASH_DONE;
	status = ash_cli_refuse(cli, ASH_CLI_FAILED,
				"%s is too long for %s: more than %llu bytes can't be decrypted again",
				stream->source->name.text, stream->row->name, (unsigned long long)limit);
	ash_cli_hint(cli, "limits.multipart allows more, at most 1 GiB, where it is set for decrypting too; "
			  "or take --mechanism aes-ctr and sign the result");
	return status;
}

static ASH_STATUS update(struct run *run, struct ash_span in)
{
	const struct ash_cli_stream *stream = run->stream;
	struct ash_cli *cli = stream->use->cli;
	struct ash_out out = { run->out.data, run->out.len, 0 };

	ASH_TRY(check_length(stream, run->done + in.len));
	ASH_TRY(cli->api->op_update(cli->hsm, stream->use->session, stream->op, in, &out));
	if (run->sink != NULL && out.len != 0)
		ASH_TRY(ash_cli_sink_write(run->sink, ash_span(out.data, out.len)));
	run->done += in.len;
	ash_cli_progress_show(&run->progress, run->done, run->done >> MIB);
	return ASH_DONE;
}

/* Everything but the end. */
static ASH_STATUS feed(struct run *run)
{
	size_t got = PIECE;

	while (got == PIECE) {
		ASH_TRY(ash_cli_source_read(run->stream->source, ash_mut(run->piece.data, PIECE), &got));
		if (got != 0)
			ASH_TRY(update(run, ash_span(run->piece.data, got)));
	}
	return ASH_DONE;
}

/* Appends the end of an operation: asks how long it is, then for it. */
static ASH_STATUS finish(const struct ash_cli_stream *stream, struct ash_buf *out)
{
	struct ash_cli *cli = stream->use->cli;
	struct ash_out end = { NULL, 0, 0 };
	const size_t before = out->len;
	struct ash_mut room;

	ASH_TRY(cli->api->op_final(cli->hsm, stream->use->session, stream->op, &end));
	ASH_TRY(ash_buf_extend(out, end.len + 1, &room)); /* without room it would be asked again */
	end = (struct ash_out){ room.data, room.len, 0 };
	ASH_TRY(cli->api->op_final(cli->hsm, stream->use->session, stream->op, &end));
	out->len = before + end.len;
	return ASH_DONE;
}

/* The same for all of it at once. */
static ASH_STATUS single(const struct ash_cli_stream *stream, struct ash_span in, struct ash_buf *out)
{
	struct ash_cli *cli = stream->use->cli;
	struct ash_out end = { NULL, 0, 0 };
	const size_t before = out->len;
	struct ash_mut room;

	ASH_TRY(cli->api->op_single(cli->hsm, stream->use->session, stream->op, in, &end));
	ASH_TRY(ash_buf_extend(out, end.len + 1, &room));
	end = (struct ash_out){ room.data, room.len, 0 };
	ASH_TRY(cli->api->op_single(cli->hsm, stream->use->session, stream->op, in, &end));
	out->len = before + end.len;
	return ASH_DONE;
}

/* CCM does, too: its parameter says how long the data is. */
static bool is_whole(const struct ash_cli_stream *stream)
{
	return stream->row->whole || stream->row->param == ASH_PARAM_CCM;
}

/* Reads all there is, for a mechanism that wants it whole, and begins. */
static ASH_STATUS begin_whole(const struct ash_cli_stream *stream, struct ash_buf *in)
{
	struct ash_params *params = &stream->mechanism->params;
	const size_t tag_len = stream->op == ASH_OP_DECRYPT ? params->tag_len : 0;

	ASH_TRY(ash_cli_source_all(stream->source, (size_t)ash_cli_stream_limit(stream->use->cli),
				   stream->row->name, in));
	if (stream->row->param == ASH_PARAM_CCM)
		params->data_len = in->len > tag_len ? in->len - tag_len : 0;
	return begin(stream);
}

static struct ash_buf secret_buf(const struct ash_cli_stream *stream)
{
	struct ash_buf buf = ASH_BUF_SECRET;

	/* As much as the token keeps, and what reading and encrypting adds. */
	buf.limit = (size_t)ash_cli_stream_limit(stream->use->cli) + 2 * (size_t)PIECE;
	return buf;
}

static ASH_STATUS crypt_whole(const struct ash_cli_stream *stream, struct ash_cli_sink *sink)
{
	ASH_AUTO(ash_buf) in = secret_buf(stream);
	ASH_AUTO(ash_buf) out = secret_buf(stream);

	ASH_TRY(begin_whole(stream, &in));
	ASH_TRY(single(stream, ash_buf_span(&in), &out));
	return ash_cli_sink_write(sink, ash_buf_span(&out));
}

static ASH_STATUS crypt_parts(const struct ash_cli_stream *stream, struct ash_cli_sink *sink)
{
	__attribute__((cleanup(run_auto))) struct run run = { .done = 0 };
	ASH_AUTO(ash_buf) end = secret_buf(stream);

	ASH_TRY(check_length(stream, stream->source->size));
	ASH_TRY(run_init(stream, sink, &run));
	ASH_TRY(begin(stream));
	ASH_TRY(feed(&run));
	ASH_TRY(finish(stream, &end));
	return ash_cli_sink_write(sink, ash_buf_span(&end));
}

ASH_STATUS ash_cli_stream_crypt(const struct ash_cli_stream *stream, struct ash_cli_sink *sink)
{
	const struct ash_status status =
		is_whole(stream) ? crypt_whole(stream, sink) : crypt_parts(stream, sink);

	return ash_is_ok(status) ? status : tell(stream, status);
}

static ASH_STATUS sum(const struct ash_cli_stream *stream, struct ash_buf *out)
{
	__attribute__((cleanup(run_auto))) struct run run = { .done = 0 };
	ASH_AUTO(ash_buf) in = secret_buf(stream);

	if (is_whole(stream)) {
		ASH_TRY(begin_whole(stream, &in));
		return single(stream, ash_buf_span(&in), out);
	}
	ASH_TRY(run_init(stream, NULL, &run));
	ASH_TRY(begin(stream));
	ASH_TRY(feed(&run));
	return finish(stream, out);
}

ASH_STATUS ash_cli_stream_sum(const struct ash_cli_stream *stream, struct ash_buf *out)
{
	const struct ash_status status = sum(stream, out);

	return ash_is_ok(status) ? status : tell(stream, status);
}

static ASH_STATUS verify(const struct ash_cli_stream *stream, struct ash_span signature)
{
	__attribute__((cleanup(run_auto))) struct run run = { .done = 0 };
	ASH_AUTO(ash_buf) in = secret_buf(stream);
	struct ash_cli *cli = stream->use->cli;

	if (is_whole(stream)) {
		ASH_TRY(begin_whole(stream, &in));
		return cli->api->verify_single(cli->hsm, stream->use->session, ash_buf_span(&in), signature);
	}
	ASH_TRY(run_init(stream, NULL, &run));
	ASH_TRY(begin(stream));
	ASH_TRY(feed(&run));
	return cli->api->verify_final(cli->hsm, stream->use->session, signature);
}

ASH_STATUS ash_cli_stream_verify(const struct ash_cli_stream *stream, struct ash_span signature,
				 bool *ret_valid)
{
	const struct ash_status status = verify(stream, signature);

	if (ash_is_ok(status) || status.code == ASH_E_SIGNATURE || status.code == ASH_E_SIGNATURE_LEN) {
		*ret_valid = ash_is_ok(status);
		return ASH_DONE;
	}
	return tell(stream, status);
}
