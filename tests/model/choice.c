#include "choice.h"

static struct {
	uint64_t seed, state;
	const uint8_t *bytes; /* NULL: the seed's */
	size_t left;
	bool over;
} source;

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void choice_seed(uint64_t seed)
{
	source.seed = source.state = seed;
	source.bytes = NULL;
	source.over = false;
}

void choice_bytes(const uint8_t *bytes, size_t len)
{
	source.bytes = bytes;
	source.left = len;
	source.over = len == 0;
}

void choice_call(uint64_t number)
{
	source.state = mix(source.seed) + mix(number + UINT64_C(0x9e3779b97f4a7c15));
}

bool choice_over(void)
{
	return source.over;
}

static uint8_t next_byte(void)
{
	if (source.left == 0) {
		source.over = true;
		return 0;
	}
	source.left--;
	return *source.bytes++;
}

uint64_t choose(uint64_t count)
{
	if (count < 2)
		return 0;
	if (source.bytes == NULL) {
		source.state += UINT64_C(0x9e3779b97f4a7c15);
		return mix(source.state) % count;
	}
	return (count <= 256 ? next_byte() : next_byte() | (uint64_t)next_byte() << 8) % count;
}

bool chance(unsigned percent)
{
	return choose(100) < percent;
}

void choose_bytes(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)choose(256);
}
