/* ashlar doctor */
#include "app/cli/doctor/doctor.h"
#include "app/cli/print/text.h"

/* In this order: the tokens last, as no other check may have the store open. */
static void (*const checks[])(struct ash_doctor *doctor) = {
	ash_doctor_versions,     ash_doctor_environment, ash_doctor_configuration, ash_doctor_user,
	ash_doctor_store,        ash_doctor_root_key,    ash_doctor_memory,        ash_doctor_tracing,
	ash_doctor_registration, ash_doctor_tokens,
};

static void print_advice(struct ash_cli *cli, const struct ash_cli_list *list)
{
	size_t index;
	json_t *row;
	bool first = true;

	json_array_foreach(list->rows, index, row)
	{
		const char *advice = json_string_value(json_object_get(row, "advice"));

		if (advice == NULL)
			continue;
		if (first)
			fputs("\nWhat to do:\n", cli->out);
		first = false;
		fprintf(cli->out, "  %s: %s\n", json_string_value(json_object_get(row, "check")),
			ash_cli_escaped(ash_span_text(advice)).text);
	}
}

static ASH_STATUS report(struct ash_doctor *doctor)
{
	struct ash_cli *cli = doctor->cli;

	ASH_TRY(doctor->status);
	ASH_TRY(ash_cli_print_list(cli, &doctor->list, ""));
	if (!ash_cli_has(cli, ASH_CLI_OPT_JSON))
		print_advice(cli, &doctor->list);
	if (doctor->bad == 0)
		return ASH_DONE;
	return ash_cli_refuse(cli, ASH_CLI_FAILED, "%u %s bad", doctor->bad,
			      doctor->bad == 1 ? "check is" : "checks are");
}

static ASH_STATUS doctor(struct ash_cli *cli)
{
	struct ash_doctor doctor = { .cli = cli, .status = ASH_DONE };
	struct ash_status status;

	ASH_TRY(ash_cli_list_init(&doctor.list, "checks", ash_doctor_columns));
	for (size_t i = 0; i < ASH_COUNT(checks); i++)
		checks[i](&doctor);
	status = report(&doctor);
	ash_cli_list_done(&doctor.list);
	ash_config_free(doctor.config);
	return status;
}

const struct ash_cli_command ash_cli_cmd_doctor = {
	.name = "doctor",
	.summary = "look for what keeps Ashlar from working, and say what to do",
	.details =
		"Looks at versions, environment, configuration, user, store, root key, memory lock, p11-kit\n"
		"and tokens, and changes nothing. It works with a broken configuration, too. Run it as the\n"
		"user whose program has trouble. It ends with 1 if something is bad, after the report; a\n"
		"warning is for what works, but could be better.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar doctor", NULL },
			{ "sudo -u www-data ashlar doctor", "as a server will see it" },
			{ "ashlar doctor --json | jq '.checks[] | select(.state == \"bad\")'", NULL },
			{ NULL, NULL },
		},
	.run = doctor,
	.alone = true,
};
