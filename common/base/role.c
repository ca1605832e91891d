#include "base/role.h"

#include <string.h>

static const char *const names[RSP_ROLE_COUNT] = { "none", "user", "element", "peer", "monitor", "notify" };

const char *
rsp_role_name(enum rsp_role role)
{
	return names[role < RSP_ROLE_COUNT ? role : RSP_ROLE_NONE];
}

enum rsp_role
rsp_role_named(const char *name)
{
	enum rsp_role role = RSP_ROLE_NONE;

	while (role < RSP_ROLE_COUNT && strcmp(names[role], name) != 0)
		role++;
	return role;
}
