/*
 * A small HSM for the tests of the command line: tokens, PINs and objects that keep
 * what they are given, behind the api table. Its digest and its random numbers count.
 *
 *     struct ash_hsm hsm = FAKE_HSM;
 *     EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "key", "list", "--public"));
 *     EXPECT(strstr(fake_out, "web") != NULL);
 */
#pragma once

#include "unit/app/cli/fake_use.h"

static const struct ash_api fake_api = {
	.abi = ASH_API_ABI,
	.name = "fake",
	.info = fake_info,
	.slots = fake_slots,
	.slot_info = fake_slot_info,
	.token_info = fake_token_info,
	.mechanisms = fake_mechanisms,
	.mechanism_info = fake_mechanism_info,
	.engine = fake_engine,
	.init_token = fake_init_token,
	.make_token = fake_make_token,
	.delete_token = fake_delete_token,
	.init_pin = fake_init_pin,
	.set_pin = fake_set_pin,
	.check_store = fake_check_store,
	.compact_store = fake_compact_store,
	.backup_store = fake_backup_store,
	.open_session = fake_open_session,
	.close_session = fake_close_session,
	.login = fake_login,
	.copy_object = fake_copy_object,
	.object_size = fake_object_size,
	.create_object = fake_create_object,
	.destroy_object = fake_destroy_object,
	.get_attributes = fake_get_attributes,
	.set_attributes = fake_set_attributes,
	.find_begin = fake_find_begin,
	.find_next = fake_find_next,
	.find_end = fake_find_end,
	.op_init = fake_op_init,
	.op_single = fake_op_single,
	.op_update = fake_op_update,
	.op_final = fake_op_final,
	.verify_single = fake_verify_single,
	.verify_final = fake_verify_final,
	.import_keys = fake_import_keys,
	.generate_key = fake_generate_key,
	.generate_pair = fake_generate_pair,
	.wrap_key = fake_wrap_key,
	.unwrap_key = fake_unwrap_key,
	.derive_key = fake_derive_key,
	.encapsulate_key = fake_encapsulate_key,
	.decapsulate_key = fake_decapsulate_key,
	.random = fake_random,
};

/* A CLI whose output goes to memory; fake_close() puts it into fake_out and fake_err. */
static char *fake_out, *fake_err;
static size_t fake_out_len, fake_err_len;

static struct ash_status fake_open(struct ash_cli *cli)
{
	FAKE_ENTER(cli->hsm, "open");
	return ASH_DONE;
}

ASH_UNUSED static struct ash_cli fake_cli(struct ash_hsm *hsm)
{
	free(fake_out);
	free(fake_err);
	fake_out = fake_err = NULL;
	return (struct ash_cli){
		.out = open_memstream(&fake_out, &fake_out_len),
		.err = open_memstream(&fake_err, &fake_err_len),
		.open = fake_open,
		.api = &fake_api,
		.hsm = hsm,
	};
}

ASH_UNUSED static void fake_close(struct ash_cli *cli)
{
	EXPECT(fclose(cli->out) == 0);
	EXPECT(fclose(cli->err) == 0);
}

/* Runs `ashlar WORD...`, each time as a process of its own would find the HSM: logged out. */
ASH_UNUSED static enum ash_cli_exit fake_run(struct ash_hsm *hsm, const char *const *words)
{
	char *copies[32], *argv[32] = { (char[]){ "ashlar" } }; /* of which options are sorted out */
	struct ash_cli cli = fake_cli(hsm);
	enum ash_cli_exit code;
	int argc = 1;

	hsm->session_open = hsm->user = hsm->so = hsm->searching = false;
	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = copies[argc] = strdup(words[argc - 1]);
	code = ash_cli_run(&cli, argc, argv);
	for (int i = 1; i < argc; i++)
		free(copies[i]);
	fake_close(&cli);
	return code;
}
#define RUN(hsm, ...) fake_run((hsm), (const char *const[]){ __VA_ARGS__, NULL })

/* A new file; its name is lent until the next call. The test unlinks it. */
ASH_UNUSED static const char *fake_file_of(struct ash_span content, mode_t mode)
{
	static char name[] = "/tmp/ashlar-test-XXXXXX";
	int fd;

	memcpy(name + sizeof(name) - 7, "XXXXXX", 6);
	fd = mkstemp(name);
	EXPECT(fd >= 0 && fchmod(fd, mode) == 0);
	EXPECT(write(fd, content.data, content.len) == (ssize_t)content.len);
	close(fd);
	return name;
}

ASH_UNUSED static const char *fake_file(const char *content, mode_t mode)
{
	return fake_file_of(ash_span_text(content), mode);
}
