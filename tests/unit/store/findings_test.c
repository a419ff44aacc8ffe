#include "store/findings.h"

#include "unit/test.h"

static struct {
	int told;
	struct ash_finding last;
	char text[500];
} heard;

static void hear(void *context, const struct ash_finding *finding)
{
	EXPECT(context == &heard);
	heard.told++;
	heard.last = *finding;
	(void)snprintf(heard.text, sizeof(heard.text), "%s", finding->text != NULL ? finding->text : "-");
}

static struct ash_findings begin(void)
{
	struct ash_findings findings = { .tell = hear, .context = &heard };

	heard.told = 0;
	ash_findings_begin(&findings, "part", (struct ash_record_name){ 4, 9, 0 });
	return findings;
}

TEST(a_sound_part_is_one_summary)
{
	struct ash_findings findings = begin();

	findings.checked = 12;
	ash_findings_end(&findings);
	EXPECT_NUMBER(1, heard.told);
	EXPECT_NUMBER(ASH_VERDICT_SOUND, heard.last.verdict);
	EXPECT_NUMBER(12, heard.last.checked);
	EXPECT_TEXT("part", heard.last.part);
	EXPECT(heard.last.text == NULL);
}

TEST(damage_is_told_with_its_place)
{
	struct ash_findings findings = begin();

	ash_findings_damage(&findings, 17, "byte %d", 3);
	EXPECT_NUMBER(17, heard.last.place.id);
	EXPECT_NUMBER(4, heard.last.place.space);
	EXPECT_NUMBER(9, heard.last.place.owner);
	EXPECT_NUMBER(ASH_VERDICT_DAMAGED, heard.last.verdict);
	EXPECT_TEXT("byte 3", heard.text);
	ash_findings_end(&findings);
	EXPECT_NUMBER(ASH_VERDICT_DAMAGED, heard.last.verdict);
	EXPECT_NUMBER(1, heard.last.damaged);
	EXPECT_NUMBER(0, heard.last.place.id);
}

TEST(what_was_not_looked_at_is_not_sound)
{
	struct ash_findings findings = begin();

	ash_findings_unchecked(&findings, 0, "no PIN");
	EXPECT_NUMBER(ASH_VERDICT_UNCHECKED, heard.last.verdict);
	ash_findings_end(&findings);
	EXPECT_NUMBER(ASH_VERDICT_UNCHECKED, heard.last.verdict);
	/* And damage outweighs it. */
	findings = begin();
	ash_findings_unchecked(&findings, 0, "no PIN");
	ash_findings_damage(&findings, 0, "hurt");
	ash_findings_end(&findings);
	EXPECT_NUMBER(ASH_VERDICT_DAMAGED, heard.last.verdict);
}

TEST(many_findings_are_counted_not_all_told)
{
	struct ash_findings findings = begin();

	for (unsigned i = 0; i < 3 * ASH_FINDINGS_TOLD; i++)
		ash_findings_damage(&findings, i + 1, "hurt");
	EXPECT_NUMBER(ASH_FINDINGS_TOLD, heard.told);
	ash_findings_end(&findings);
	EXPECT_NUMBER(3 * ASH_FINDINGS_TOLD, heard.last.damaged);
}
