#include "store/findings.h"

#include <stdio.h>

void ash_findings_begin(struct ash_findings *findings, const char *part, struct ash_record_name place)
{
	findings->part = part;
	findings->place = place;
	findings->checked = 0;
	findings->damaged = 0;
	findings->unchecked = 0;
}

static void tell_one(struct ash_findings *findings, enum ash_verdict verdict, uint64_t id, const char *format,
		     va_list args)
{
	struct ash_finding finding = {
		.part = findings->part,
		.place = findings->place,
		.verdict = verdict,
		.checked = findings->checked,
	};
	char text[400];

	(void)vsnprintf(text, sizeof(text), format, args);
	finding.place.id = id;
	finding.text = text;
	findings->tell(findings->context, &finding);
}

void ash_findings_damage(struct ash_findings *findings, uint64_t id, const char *format, ...)
{
	va_list args;

	if (findings->damaged++ >= ASH_FINDINGS_TOLD)
		return;
	va_start(args, format);
	tell_one(findings, ASH_VERDICT_DAMAGED, id, format, args);
	va_end(args);
}

void ash_findings_unchecked(struct ash_findings *findings, uint64_t id, const char *format, ...)
{
	va_list args;

	if (findings->unchecked++ >= ASH_FINDINGS_TOLD)
		return;
	va_start(args, format);
	tell_one(findings, ASH_VERDICT_UNCHECKED, id, format, args);
	va_end(args);
}

void ash_findings_end(struct ash_findings *findings)
{
	const struct ash_finding summary = {
		.part = findings->part,
		.place = findings->place,
		.verdict = findings->damaged != 0     ? ASH_VERDICT_DAMAGED
			   : findings->unchecked != 0 ? ASH_VERDICT_UNCHECKED
						      : ASH_VERDICT_SOUND,
		.checked = findings->checked,
		.damaged = findings->damaged,
	};

	findings->tell(findings->context, &summary);
}
