#include "app/bench/machine.h"

#include "app/bench/watch.h"
#include "unit/test.h"

TEST(facts_are_there_and_none_is_a_path)
{
	static const char *const texts[] = { "processor", "kernel", "system" };
	ASH_BENCH_AUTO_JSON *facts = NULL;

	EXPECT_OK(ash_bench_machine(&facts));
	EXPECT(json_integer_value(json_object_get(facts, "cores")) >= 1);
	EXPECT(json_integer_value(json_object_get(facts, "memory_mib")) >= 100);
	for (size_t i = 0; i < ASH_COUNT(texts); i++) {
		const char *text = json_string_value(json_object_get(facts, texts[i]));

		EXPECT(text != NULL && text[0] != '\0' && strpbrk(text, "\"\n") == NULL && text[0] != '/');
	}
}
