/*
 * Negative space: every mechanism with every function family, every key and every
 * parameter. A call succeeds exactly where flags, key and parameter allow it; otherwise
 * it answers the code of what is wrong (one of several codes, when several things are),
 * and leaves no operation and no object.
 *
 *     negative MODULE CONSTANTS
 *
 * CONSTANTS is tests/pkcs11/constants.tsv: each CKM_ in it that is not on the token's
 * list has to be refused everywhere.
 */
#include "generation.h"
#include "targets.h"

#define MECHANISMS_MAX 512

static struct {
	CK_MECHANISM_TYPE type[MECHANISMS_MAX];
	CK_ULONG count;
} listed;

/* What is wrong with the key for this row and family. */
static void judge_key(const struct expected *row, const struct family *family, const struct key *key,
		      struct wanted *wanted)
{
	if (key->half == NOT_A_KEY) {
		want(wanted, family->bad_handle);
		return;
	}
	if ((row->keys & KEY(key->kind)) == 0) {
		want(wanted, family->bad_type);
	} else if ((family->halves & HALF(key->half)) == 0) {
		/* The other half is the wrong kind of key, and has no attribute that would permit it. */
		want(wanted, family->bad_type);
		want(wanted, CKR_KEY_FUNCTION_NOT_PERMITTED);
	}
	if (key->variant == USELESS || (family->halves & HALF(key->half)) == 0)
		want(wanted, CKR_KEY_FUNCTION_NOT_PERMITTED);
	if (key->variant == RESTRICTED)
		want(wanted, CKR_MECHANISM_INVALID);
}

static struct wanted judge(const struct expected *row, const struct family *family, const struct key *key,
			   const struct param *param)
{
	struct wanted wanted = { .count = 0 };

	if ((row->info.flags & family->flag) == 0)
		want(&wanted, CKR_MECHANISM_INVALID);
	if (!param->good && (param->what != ccm_too_long || (family->flag & (CKF_WRAP | CKF_UNWRAP)) == 0))
		want(&wanted, CKR_MECHANISM_PARAM_INVALID);
	if (key != NULL)
		judge_key(row, family, key, &wanted);
	return wanted;
}

/* What has to hold after the call; NULL, or what does not. */
static const char *look_after(const struct family *family, struct attempt *attempt, CK_RV rv)
{
	if (rv != CKR_OK && attempt->made != UNTOUCHED)
		return "the handle was written";
	if (rv == CKR_OK && attempt->made != UNTOUCHED &&
	    guest.p11->C_DestroyObject(world.session, attempt->made) != CKR_OK)
		return "there is no new object";
	if (rv == CKR_OK && family->cancel != NULL) {
		if (family->call(attempt) != CKR_OPERATION_ACTIVE)
			return "a second begin was not refused";
		if (family->cancel() != CKR_OK)
			return "it can't be cancelled";
	}
	return is_clean() ? NULL : "an operation is active";
}

static void attempt_one(const struct expected *row, const struct family *family, const struct key *key,
			const struct param *param)
{
	const struct wanted wanted = judge(row, family, key, param);
	struct attempt attempt = {
		.key = key,
		.mechanism = { row->type, param->bytes, param->len },
		.right = wanted.count == 0,
		.made = UNTOUCHED,
	};
	const CK_RV rv = family->call(&attempt);
	const char *why = is_wanted(&wanted, rv) ? look_after(family, &attempt, rv) : "another answer";

	tally.tried++;
	tally.good += why == NULL;
	tally.succeeded += rv == CKR_OK;
	tally.exact += wanted.count <= 1;
	if (why != NULL)
		complain(why, row->name, family->name, key, param->what, rv, &wanted);
	if (why != NULL && family->cancel != NULL)
		(void)family->cancel();
}

static void sweep(const struct expected *row, const struct family *family)
{
	const CK_ULONG before = count_objects();

	for (size_t i = 0; i < world.count; i++) {
		const struct key *key = family->halves != 0 ? &world.key[i] : NULL;
		const struct params params = params_of(row, key);

		for (size_t p = 0; p < params.count; p++)
			attempt_one(row, family, key, &params.list[p]);
		if (key == NULL)
			break;
	}
	if (count_objects() != before)
		complain("objects came or went", row->name, family->name, NULL, "", 0, NULL);
}

/* ---- the list ---- */

static const struct expected *expected_of(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < COUNT(expected_table); i++)
		if (expected_table[i].type == type)
			return &expected_table[i];
	return NULL;
}

static bool is_listed(CK_MECHANISM_TYPE type)
{
	for (CK_ULONG i = 0; i < listed.count; i++)
		if (listed.type[i] == type)
			return true;
	return false;
}

static void check_list(CK_SLOT_ID slot)
{
	bool all = true, none = true, same = true;

	listed.count = MECHANISMS_MAX;
	guest_check_rv("C_GetMechanismList", CKR_OK,
		       guest.p11->C_GetMechanismList(slot, listed.type, &listed.count));
	for (size_t i = 0; i < COUNT(expected_table); i++) {
		const struct expected *row = &expected_table[i];
		CK_MECHANISM_INFO info = { 0, 0, 0 };

		if (!is_listed(row->type)) {
			guest_note("%s is not there", row->name);
			all = false;
		} else if (guest.p11->C_GetMechanismInfo(slot, row->type, &info) != CKR_OK ||
			   memcmp(&info, &row->info, sizeof(info)) != 0) {
			guest_note("%s: %lu to %lu, flags %#lx; wanted %lu to %lu, %#lx", row->name,
				   info.ulMinKeySize, info.ulMaxKeySize, info.flags, row->info.ulMinKeySize,
				   row->info.ulMaxKeySize, row->info.flags);
			same = false;
		}
	}
	for (CK_ULONG i = 0; i < listed.count; i++) {
		if (expected_of(listed.type[i]) != NULL)
			continue;
		guest_note("nobody expects %#lx", listed.type[i]);
		none = false;
	}
	guest_check("every expected mechanism is listed", all);
	guest_check("no other one is", none);
	guest_check("sizes and flags are as expected", same);
}

/* ---- mechanisms that the token lacks ---- */

static void refuse_everywhere(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, const char *name)
{
	const struct wanted wanted = { { CKR_MECHANISM_INVALID }, 1 };
	CK_MECHANISM_INFO info = { 1, 2, 3 };
	CK_RV rv = guest.p11->C_GetMechanismInfo(slot, type, &info);

	tally.tried++;
	tally.exact++;
	tally.good += rv == CKR_MECHANISM_INVALID && info.flags == 3;
	if (rv != CKR_MECHANISM_INVALID)
		complain("C_GetMechanismInfo knows it", name, "", NULL, "", rv, &wanted);
	for (size_t f = 0; f < FAMILIES; f++) {
		for (size_t i = 0; i < world.count; i++) {
			const struct key *key = &world.key[i];
			struct attempt attempt = { key, { type, NULL, 0 }, false, UNTOUCHED };

			if (key->variant != USABLE || key->half == NOT_A_KEY)
				continue;
			rv = families[f].call(&attempt);
			tally.tried++;
			tally.exact++;
			tally.good += rv == CKR_MECHANISM_INVALID && attempt.made == UNTOUCHED;
			if (rv != CKR_MECHANISM_INVALID)
				complain("not refused", name, families[f].name, key, "", rv, &wanted);
		}
		if (!is_clean())
			complain("an operation is active", name, families[f].name, NULL, "", 0, NULL);
	}
	for (size_t g = 0; g < 2; g++) {
		rv = generate_with(g == 1, type, NULL, 0);
		tally.tried++;
		tally.exact++;
		tally.good += rv == CKR_MECHANISM_INVALID;
		if (rv != CKR_MECHANISM_INVALID)
			complain("not refused", name, g == 1 ? "generate pair" : "generate", NULL, "", rv,
				 &wanted);
	}
}

static void check_foreign(CK_SLOT_ID slot, const char *path)
{
	static const CK_MECHANISM_TYPE unknown[] = { CKM_VENDOR_DEFINED, CKM_VENDOR_DEFINED | 0x1087,
						     0x0000ffff, (CK_MECHANISM_TYPE)-1 };
	FILE *file = fopen(path, "re");
	char line[256], name[128];
	unsigned long count = 0, type = 0;

	if (file == NULL)
		guest_bail(path);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "CKM_%127s 0x%lx", name, &type) != 2 || is_listed(type) ||
		    type == CKM_VENDOR_DEFINED)
			continue;
		refuse_everywhere(slot, type, name);
		count++;
	}
	(void)fclose(file);
	for (size_t i = 0; i < COUNT(unknown); i++)
		refuse_everywhere(slot, unknown[i], "a number of nobody's");
	guest_note("%lu mechanisms of the standard are not on the list", count);
	guest_check("the standard has mechanisms that the token lacks", count > 200);
}

int main(int argc, char **argv)
{
	CK_SLOT_ID slot = 0;
	unsigned long shown = 0;

	if (argc != 3)
		return 2;
	guest_begin(2, argv);
	if (!guest_load())
		guest_bail("dlopen");
	make_world();
	must("a slot", guest_first_slot(CK_TRUE, &slot));
	check_list(slot);
	for (size_t i = 0; i < COUNT(expected_table); i++)
		for (size_t f = 0; f < FAMILIES; f++)
			sweep(&expected_table[i], &families[f]);
	guest_check("each operation with each key and parameter", tally.shown == 0);
	shown = tally.shown;
	for (size_t i = 0; i < COUNT(expected_table); i++)
		sweep_generation(&expected_table[i]);
	guest_check("each generation with each template and parameter", tally.shown == shown);
	shown = tally.shown;
	for (size_t i = 0; i < COUNT(expected_table); i++)
		sweep_targets(&expected_table[i]);
	guest_check("each wrapping with each object", tally.shown == shown);
	shown = tally.shown;
	check_foreign(slot, argv[2]);
	guest_check("mechanisms that the token lacks are refused", tally.shown == shown);
	guest_note("%zu keys, %zu mechanisms, %zu families and two of generation", world.count,
		   COUNT(expected_table), FAMILIES);
	guest_note("%lu combinations tried, %lu right; %lu of them succeeded", tally.tried, tally.good,
		   tally.succeeded);
	guest_note("%lu have one right answer, of %lu several things are wrong at once", tally.exact,
		   tally.tried - tally.exact);
	guest_check("every combination is right", tally.good == tally.tried);
	guest_check_rv("C_Finalize", CKR_OK, guest.p11->C_Finalize(NULL));
	return guest_end();
}
