#ifndef RSP_REGISTRAR_STATE_H
#define RSP_REGISTRAR_STATE_H

#include "engine/enrp/enrp.h"
#include "engine/registrar/hold.h"
#include "engine/registrar/registrar.h"

/* The whole registrar: for registrar.c, and for tests that read its state. */

struct rsp_registrar {
	struct rsp_core core;
	struct rsp_resolver resolver;
	struct rsp_hold hold;
	struct rsp_enrp *enrp;
};

#endif
