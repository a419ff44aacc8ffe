#include "token/root_key.h"

#include "token/record.h"
#include "unit/token/fixture.h"

static void write_bytes(const char *path, struct ash_span bytes, mode_t mode)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	EXPECT(fd >= 0);
	EXPECT(write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
	EXPECT(close(fd) == 0 && chmod(path, mode) == 0);
}

static size_t read_bytes(const char *path, uint8_t *room, size_t cap)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;

	EXPECT(fd >= 0);
	got = read(fd, room, cap);
	EXPECT(got >= 0 && close(fd) == 0);
	return (size_t)got;
}

/* The answer of a new process on that folder. */
static enum ash_code look(char *folder)
{
	struct ash_hsm *hsm = new_hsm_at(folder);
	struct ash_token_info info;
	const enum ash_code code = ash_hsm_token_info(hsm, 0, &info).code;

	ash_hsm_free(hsm);
	return code;
}

TEST(the_first_token_makes_the_key_and_the_second_takes_it)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = new_token_at(folder);
	uint8_t before[64], after[64];
	struct stat facts;
	size_t len = read_bytes(root_key_at(folder), before, sizeof(before));

	EXPECT_NUMBER(40, len);
	EXPECT(memcmp(before, "ASHROOT1", 8) == 0);
	EXPECT(stat(root_key_at(folder), &facts) == 0);
	EXPECT_NUMBER(0600, facts.st_mode & 07777);
	EXPECT_OK(ash_hsm_init_token(hsm, 1, SO_PIN, fixture_label));
	EXPECT_NUMBER(40, read_bytes(root_key_at(folder), after, sizeof(after)));
	EXPECT(memcmp(before, after, 40) == 0);
	ash_hsm_free(hsm);
	EXPECT_NUMBER(ASH_OK, look(folder));
}

TEST(a_missing_key_is_not_made_anew)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = NULL;
	struct ash_slot_info slot;
	ash_handle session = 0;
	uint64_t ids[4];
	size_t count = 0;

	ash_hsm_free(new_token_at(folder));
	EXPECT(unlink(root_key_at(folder)) == 0);
	hsm = new_hsm_at(folder);
	EXPECT_NUMBER(ASH_E_TOKEN_NOT_RECOGNIZED, look(folder));
	EXPECT_CODE(ASH_E_TOKEN_NOT_RECOGNIZED, ash_hsm_open_session(hsm, 0, true, &session));
	EXPECT_CODE(ASH_E_TOKEN_NOT_RECOGNIZED, ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_CODE(ASH_E_TOKEN_NOT_RECOGNIZED, ash_hsm_init_token(hsm, 1, SO_PIN, fixture_label));
	EXPECT(strstr(ash_status_explanation(), "root.key") != NULL);
	EXPECT_OK(ash_hsm_slots(hsm, true, ids, 4, &count));
	EXPECT_NUMBER(2, count);
	EXPECT_OK(ash_hsm_slot_info(hsm, 0, &slot));
	EXPECT(access(root_key_at(folder), F_OK) != 0);
	ash_hsm_free(hsm);
}

TEST(a_key_that_comes_back_is_taken_by_a_running_process)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = NULL;
	struct ash_token_info info;
	uint8_t key[64];
	size_t len = 0;

	ash_hsm_free(new_token_at(folder));
	len = read_bytes(root_key_at(folder), key, sizeof(key));
	EXPECT(unlink(root_key_at(folder)) == 0);
	hsm = new_hsm_at(folder);
	EXPECT_CODE(ASH_E_TOKEN_NOT_RECOGNIZED, ash_hsm_token_info(hsm, 0, &info));
	write_bytes(root_key_at(folder), ash_span(key, len), 0600);
	EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
	ash_hsm_free(hsm);
}

TEST(keys_that_are_not_this_stores_are_refused)
{
	char *folder = new_folder(), *other = new_folder();
	uint8_t key[64], foreign[64];
	size_t len = 0;

	ash_hsm_free(new_token_at(folder));
	len = read_bytes(root_key_at(folder), key, sizeof(key));
	ash_hsm_free(new_token_at(other));
	EXPECT_NUMBER(len, read_bytes(root_key_at(other), foreign, sizeof(foreign)));
	EXPECT(memcmp(key, foreign, len) != 0);

	write_bytes(root_key_at(folder), ash_span(foreign, len), 0600);
	EXPECT_NUMBER(ASH_E_TOKEN_NOT_RECOGNIZED, look(folder));
	write_bytes(root_key_at(folder), ash_span(key, len - 1), 0600);
	EXPECT_NUMBER(ASH_E_TOKEN_NOT_RECOGNIZED, look(folder));
	write_bytes(root_key_at(folder), ASH_SPAN_NONE, 0600);
	EXPECT_NUMBER(ASH_E_TOKEN_NOT_RECOGNIZED, look(folder));
	write_bytes(root_key_at(folder), TEXT("garbage that is exactly forty bytes long"), 0600);
	EXPECT_NUMBER(ASH_E_TOKEN_NOT_RECOGNIZED, look(folder));
	write_bytes(root_key_at(folder),
		    TEXT("garbage that is longer than a root key file may ever be at all"), 0600);
	EXPECT_NUMBER(ASH_E_TOKEN_NOT_RECOGNIZED, look(folder));
	write_bytes(root_key_at(folder), ash_span(key, len), 0644);
	EXPECT_NUMBER(ASH_E_ACCESS, look(folder));
	write_bytes(root_key_at(folder), ash_span(key, len), 0600);
	EXPECT_NUMBER(ASH_OK, look(folder));
}

TEST(a_key_left_by_a_first_token_that_never_was_is_taken)
{
	char *folder = new_folder();
	uint8_t key[64];

	EXPECT(chmod(folder, 0700) == 0);
	write_bytes(root_key_at(folder), TEXT("ASHROOT10123456789abcdef0123456789abcdef"), 0600);
	ash_hsm_free(new_token_at(folder));
	EXPECT_NUMBER(40, read_bytes(root_key_at(folder), key, sizeof(key)));
	EXPECT_SPAN(TEXT("ASHROOT10123456789abcdef0123456789abcdef"), ash_span(key, 40));
	EXPECT_NUMBER(ASH_OK, look(folder));
}

TEST(processes_that_begin_at_once_get_one_key)
{
	for (int round = 0; round < 5; round++) {
		char *folder = new_folder();
		pid_t child[4];
		int wins = 0;

		for (size_t i = 0; i < ASH_COUNT(child); i++) {
			child[i] = fork();
			EXPECT(child[i] >= 0);
			if (child[i] == 0) {
				struct ash_hsm *hsm = new_hsm_at(folder);
				const enum ash_code code =
					ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label).code;

				/* The losers: somebody was faster, before or after they looked. */
				ash_hsm_free(hsm);
				_exit(code == ASH_OK ? 0 : code == ASH_E_FAILED ? 1 : 100 + (int)code);
			}
		}
		for (size_t i = 0; i < ASH_COUNT(child); i++) {
			int status = -1;

			EXPECT(waitpid(child[i], &status, 0) == child[i] && WIFEXITED(status));
			wins += WEXITSTATUS(status) == 0 ? 1 : 0;
			if (WEXITSTATUS(status) > 1)
				test_fail(__FILE__, __LINE__, "a loser answered %s",
					  ash_code_name((enum ash_code)(WEXITSTATUS(status) - 100)));
		}
		/* Who comes when the token is there already and has the right PIN makes it anew. */
		EXPECT(wins >= 1);
		EXPECT_NUMBER(ASH_OK, look(folder));
	}
}
