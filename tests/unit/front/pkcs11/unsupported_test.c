#include "front/pkcs11/unsupported.h"

#include "fake_api.h"

/*
 * Called with more arguments than any of them has, all 0. Not what C promises, but
 * what the machine does; the functions look at none.
 */
typedef CK_RV any(CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG,
		  CK_ULONG);

#define ASH_LACKING(name, parameters) { #name, (any *)(void (*)(void))name },

static const struct {
	const char *name;
	any *function;
} lacking[] = {
	/* clang-format off */
	CK_FUNCTIONS_2_40(ASH_FOR_LACKING)
	CK_FUNCTIONS_3_0(ASH_FOR_LACKING)
	CK_FUNCTIONS_3_2(ASH_FOR_LACKING)
	/* clang-format on */
};

static void check(CK_RV want)
{
	for (size_t i = 0; i < ASH_COUNT(lacking); i++) {
		CK_RV got = lacking[i].function(FAKE_SESSION, 0, 0, 0, 0, 0, 0, 0, 0, 0);

		if (got != want)
			test_fail(__FILE__, __LINE__, "%s: wanted %#lx, got %#lx", lacking[i].name, want,
				  got);
	}
}

TEST(each_answers_that_it_is_not_there)
{
	EXPECT(ASH_COUNT(lacking) > 20);
	check(CKR_CRYPTOKI_NOT_INITIALIZED);
	fresh();
	check(CKR_FUNCTION_NOT_SUPPORTED);
	EXPECT_NUMBER(0, fake.calls);
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
	check(CKR_CRYPTOKI_NOT_INITIALIZED);
}
