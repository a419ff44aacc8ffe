#include "front/pkcs11/return_priv.h"

#include <fcntl.h>

#include "fake_api.h"

TEST(success_is_ok_and_nothing_else_is)
{
	EXPECT_RV(CKR_OK, ash_return_of(ASH_OK));
	for (enum ash_code code = ASH_OK + 1; code < ASH_CODES; code++)
		EXPECT(ash_return_of(code) != CKR_OK);
}

TEST(codes_that_callers_act_on)
{
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, ash_return_of(ASH_E_BUFFER_TOO_SMALL));
	EXPECT_RV(CKR_PIN_INCORRECT, ash_return_of(ASH_E_PIN_INCORRECT));
	EXPECT_RV(CKR_USER_NOT_LOGGED_IN, ash_return_of(ASH_E_NOT_LOGGED_IN));
	EXPECT_RV(CKR_TOKEN_RESOURCE_EXCEEDED, ash_return_of(ASH_E_LIMIT));
	EXPECT_RV(CKR_ENCRYPTED_DATA_INVALID, ash_return_of(ASH_E_AUTHENTICATION));
	EXPECT_RV(CKR_HOST_MEMORY, ash_return_of(ASH_E_MEMORY));
	EXPECT_RV(CKR_GENERAL_ERROR, ash_return_of(ASH_E_BUG));
}

TEST(codes_of_key_transport_have_their_own_words)
{
	EXPECT_RV(CKR_WRAPPING_KEY_HANDLE_INVALID, ash_return_of(ASH_E_WRAPPING_KEY_HANDLE));
	EXPECT_RV(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, ash_return_of(ASH_E_WRAPPING_KEY_TYPE));
	EXPECT_RV(CKR_WRAPPING_KEY_SIZE_RANGE, ash_return_of(ASH_E_WRAPPING_KEY_SIZE));
	EXPECT_RV(CKR_UNWRAPPING_KEY_HANDLE_INVALID, ash_return_of(ASH_E_UNWRAPPING_KEY_HANDLE));
	EXPECT_RV(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, ash_return_of(ASH_E_UNWRAPPING_KEY_TYPE));
	EXPECT_RV(CKR_UNWRAPPING_KEY_SIZE_RANGE, ash_return_of(ASH_E_UNWRAPPING_KEY_SIZE));
	EXPECT_RV(CKR_WRAPPED_KEY_INVALID, ash_return_of(ASH_E_WRAPPED_KEY));
	EXPECT_RV(CKR_WRAPPED_KEY_LEN_RANGE, ash_return_of(ASH_E_WRAPPED_KEY_LEN));
	EXPECT_RV(CKR_KEY_UNEXTRACTABLE, ash_return_of(ASH_E_KEY_UNEXTRACTABLE));
	EXPECT_RV(CKR_KEY_NOT_WRAPPABLE, ash_return_of(ASH_E_KEY_NOT_WRAPPABLE));
	EXPECT_RV(CKR_KEY_INDIGESTIBLE, ash_return_of(ASH_E_KEY_INDIGESTIBLE));
	EXPECT_RV(CKR_PARAMETER_SET_NOT_SUPPORTED, ash_return_of(ASH_E_PARAMETER_SET));
}

TEST(a_number_that_is_no_code_is_a_general_error)
{
	EXPECT_RV(CKR_GENERAL_ERROR, ash_return_of(ASH_CODES));
	EXPECT_RV(CKR_GENERAL_ERROR, ash_return_of((enum ash_code)10000));
	EXPECT_NUMBER(ASH_LOG_DEBUG, ash_return_level((enum ash_code)10000));
}

TEST(what_an_operator_has_to_see_is_a_warning)
{
	EXPECT_NUMBER(ASH_LOG_WARNING, ash_return_level(ASH_E_IO));
	EXPECT_NUMBER(ASH_LOG_WARNING, ash_return_level(ASH_E_CORRUPT));
	EXPECT_NUMBER(ASH_LOG_WARNING, ash_return_level(ASH_E_CONFIG));
	EXPECT_NUMBER(ASH_LOG_DEBUG, ash_return_level(ASH_E_PIN_INCORRECT));
	EXPECT_NUMBER(ASH_LOG_DEBUG, ash_return_level(ASH_E_BUFFER_TOO_SMALL));
}

static struct ash_status fail_somewhere(void)
{
	ASH_FAIL_WITH(ASH_E_IO, "the disk is gone");
}

TEST(a_failure_is_logged_once_with_its_function)
{
	char path[] = "/tmp/ashlar-return-XXXXXX";
	char text[1000] = "";
	int fd = mkstemp(path);
	char *first = NULL;

	EXPECT(fd >= 0);
	EXPECT_OK(ash_log_open(path, ASH_LOG_WARNING));
	fresh();
	fake.answer = fail_somewhere();
	EXPECT_RV(CKR_DEVICE_ERROR, C_Logout(FAKE_SESSION));
	fake.answer.code = ASH_E_NOT_LOGGED_IN; /* a caller's own error: not at this level */
	EXPECT_RV(CKR_USER_NOT_LOGGED_IN, C_Logout(FAKE_SESSION));
	ash_log_close();
	EXPECT(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	(void)unlink(path);
	first = strstr(text, "C_Logout");
	EXPECT(first != NULL && strstr(first + 1, "C_Logout") == NULL);
	EXPECT(strstr(text, "E_IO") != NULL);
}
