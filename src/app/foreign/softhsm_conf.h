/*
 * SoftHSM's configuration, as far as it says where its tokens are.
 */
#pragma once

#include "util/status.h"

struct ash_softhsm_conf {
	char *tokendir; /* its folder of tokens; or NULL */
	char *path;     /* the configuration that said so */
	bool database;  /* its objects are in a database, not in files */
};

/*
 * Reads the file that SoftHSM itself would: $SOFTHSM2_CONF, else ~/.config/softhsm2/softhsm2.conf if it
 * is there, else /etc/softhsm/softhsm2.conf. ASH_E_NOT_FOUND when there is none, or it names
 * no folder; ASH_E_IO; with an explanation. ASH_E_MEMORY.
 */
ASH_STATUS ash_softhsm_conf_read(struct ash_softhsm_conf *ret_conf);
void ash_softhsm_conf_done(struct ash_softhsm_conf *conf);

static inline void ash_softhsm_conf_auto(struct ash_softhsm_conf *conf)
{
	ash_softhsm_conf_done(conf);
}
