/*
 * Random calls over the whole API, judged by the model (tests/model): the input's bytes are
 * the choices. Each input has a store in memory of its own.
 */
#include <stdio.h>
#include <unistd.h>

#include "model.h"

#define CALLS_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char config[] = "/tmp/ashlar-model-fuzz-XXXXXX";

static void remove_config(void)
{
	(void)unlink(config);
}

static CK_FUNCTION_LIST_3_2 *begin(void)
{
	static CK_FUNCTION_LIST_3_2 *functions;
	CK_VERSION version = { 3, 2 };
	CK_INTERFACE *interface = NULL;
	FILE *file = NULL;
	int fd = -1;

	if (functions != NULL)
		return functions;
	fd = mkstemp(config);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL || atexit(remove_config) != 0)
		abort();
	(void)fprintf(file, "store.backend = memory\npin.tries.user = %d\npin.tries.so = %d\n", PIN_TRIES,
		      PIN_TRIES);
	if (fclose(file) != 0 || setenv("ASHLAR_CONF", config, 1) != 0 ||
	    C_GetInterface(NULL, &version, &interface, 0) != CKR_OK)
		abort();
	functions = interface->pFunctionList;
	return functions;
}

static void end(void)
{
	(void)printf("# %s\n", report->failure);
	report_print_trace();
	(void)fflush(stdout);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	report_end = end;
	report->lines = 0;
	choice_bytes(data, len);
	play_begin(begin(), false);
	for (report->step = 0; report->step < CALLS_MAX && !choice_over(); report->step++)
		play_call();
	if (world.initialized && world.p11->C_Finalize(NULL) != CKR_OK)
		wrong("C_Finalize failed at the end");
	return 0;
}
