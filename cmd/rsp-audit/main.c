#include "base/attr.h"

#include "audit.h"

int
main(int argc, const char **argv)
{
	static const struct rsp_cli_tool *const verbs[] = { &audit_decode };

	return rsp_cli_main_verbs(verbs, RSP_COUNT(verbs), argc, argv);
}
