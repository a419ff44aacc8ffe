/*
 * The PKCS#11 module: the front-end over an HSM in this process.
 */
#include "app/app.h"
#include "front/pkcs11/host.h"

static struct ash_status start(struct ash_p11_instance *ret_instance)
{
	struct ash_app *app = NULL;

	ASH_TRY(ash_app_new(&app));
	*ret_instance = (struct ash_p11_instance){ .api = app->api, .hsm = app->hsm, .owner = app };
	return ASH_DONE;
}

static void stop(struct ash_p11_instance *instance)
{
	ash_app_free(instance->owner);
}

static void abandon(struct ash_p11_instance *instance)
{
	ash_app_abandon(instance->owner);
}

const struct ash_p11_host ash_p11_host = {
	.start = start,
	.stop = stop,
	.abandon = abandon,
};
