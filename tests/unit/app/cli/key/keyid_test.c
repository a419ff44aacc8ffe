#include "unit/app/cli/fake.h"

#include "app/cli/key/keyid.h"

TEST(both_halves_get_20_bytes_of_the_digest)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	static const uint8_t spki[] = { 0x30, 0x06, 0x30, 0x00, 0x03, 0x02, 0x00, 0x50 };

	hsm.objects[0].used = hsm.objects[1].used = hsm.session_open = true;
	fake_set(&hsm.objects[0], CKA_PUBLIC_KEY_INFO, SPAN(spki));
	EXPECT_OK(ash_cli_keyid_set(&cli, 7, 1, 2));
	for (size_t i = 0; i < 2; i++) {
		struct fake_attr *id = fake_attr(&hsm.objects[i], CKA_ID);

		EXPECT(id != NULL && id->len == 20 && id->value[0] == 0x50 && id->value[19] == 0x63);
	}
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, ash_cli_keyid_set(&cli, 7, 2, 1));
	fake_close(&cli);
}

TEST(a_random_id)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	ASH_AUTO(ash_buf) id = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_keyid_random(&cli, 7, &id));
	EXPECT_NUMBER(20, id.len);
	EXPECT_NUMBER(0xa0, id.data[0]);
	fake_close(&cli);
}
