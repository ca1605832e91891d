#include "engine/registrar/view.h"

#include "base/bytes.h"

const char *
rsp_registrar_state_name(enum rsp_registrar_state state)
{
	static const char *const name[] = { "joining", "serving", "leaving" };

	return (unsigned)state < RSP_COUNT(name) ? name[state] : "";
}

const char *
rsp_peer_state_name(enum rsp_peer_state state)
{
	static const char *const name[] = { "active", "probed", "inactive", "dead" };

	return (unsigned)state < RSP_COUNT(name) ? name[state] : "";
}
