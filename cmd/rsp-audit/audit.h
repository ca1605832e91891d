#ifndef RSP_CMD_AUDIT_H
#define RSP_CMD_AUDIT_H

#include "cli/main.h"

/* The verbs of rsp-audit, one in each file. */
extern const struct rsp_cli_tool audit_decode;

#endif
