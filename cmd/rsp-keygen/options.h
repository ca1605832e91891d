#ifndef CMD_RSP_KEYGEN_OPTIONS_H
#define CMD_RSP_KEYGEN_OPTIONS_H

#include "base/err.h"

/* The options of all verbs. main.c lists the options of each verb. */

enum keygen_option {
	OPT_NAME = 1,
	OPT_ED25519,
	OPT_DAYS,
	OPT_NOT_BEFORE,
	OPT_NOT_AFTER,
	OPT_FORCE,
	OPT_ASAP,
	OPT_ENRP,
	OPT_DNS,
	OPT_IP,
	OPT_POOL,
	OPT_ADDRESS,
	OPT_USER,
	OPT_OUTPUT,
	OPT_PSKTOOL,
	OPT_REVOKE,
	OPT_EXPIRES_IN,
	OPT_MAX,
	OPT_OPAQUE,
	OPT_END,
	OPT_FINISH,
};

/** Store the option @opt in `keygen`. RSP_EUSAGE with @why. */
enum rsp_err keygen_take(int opt, const char *arg, struct rsp_why *why) RSP_NODISCARD;

/** Free the texts in `keygen`. */
void keygen_options_done(void);

#endif
