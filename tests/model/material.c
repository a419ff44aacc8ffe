/* Which keys are the same key. */
#include "model.h"

enum {
	SECRET_MAX = 256,
	MATERIALS = 256
};

static struct {
	uint64_t material;
	CK_KEY_TYPE kind;
	size_t len;
	uint8_t secret[SECRET_MAX];
} known[MATERIALS];
static size_t known_count;

void material_forget(void)
{
	memset(known, 0, sizeof(known));
}

static void remember(uint64_t material, CK_KEY_TYPE kind, const void *secret, size_t len)
{
	const size_t at = known_count++ % MATERIALS;

	known[at].material = material;
	known[at].kind = kind;
	known[at].len = len;
	if (len != 0)
		memcpy(known[at].secret, secret, len);
}

uint64_t material_of(CK_KEY_TYPE kind, const void *secret, size_t len)
{
	uint64_t material = 0;

	for (size_t i = 0; i < MATERIALS; i++) {
		if (known[i].material != 0 && known[i].kind == kind && known[i].len == len &&
		    memcmp(known[i].secret, secret, len) == 0)
			return known[i].material;
	}
	material = ++world.last_material;
	if (len <= SECRET_MAX)
		remember(material, kind, secret, len);
	return material;
}

void material_seen(uint64_t material, const void *secret, size_t len)
{
	for (size_t i = 0; i < MATERIALS; i++) {
		if (known[i].material != material)
			continue;
		if (known[i].len != len || memcmp(known[i].secret, secret, len) != 0)
			wrong("two keys that have to be the same are not: %zu bytes, then %zu", known[i].len,
			      len);
		return;
	}
	if (len <= SECRET_MAX)
		remember(material, 0, secret, len);
}

bool material_secret(uint64_t material, const uint8_t **ret_secret, size_t *ret_len)
{
	for (size_t i = 0; i < MATERIALS; i++) {
		if (known[i].material == material && known[i].kind == 0) {
			*ret_secret = known[i].secret;
			*ret_len = known[i].len;
			return true;
		}
	}
	return false;
}
