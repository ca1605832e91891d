#include "tool/startup.h"

#include <errno.h>
#include <string.h>

#include "cli/fail.h"
#include "cli/options.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/trace.h"

enum rsp_err
tool_startup_fail(enum rsp_err err, struct rsp_why *why)
{
	return rsp_fail(why, err, "event loop", "%s", strerror(errno));
}

enum rsp_err
tool_startup_loop(struct rsp_loop **ret, struct rsp_why *why)
{
	enum rsp_err err = rsp_loop_new(ret);

	return err ? tool_startup_fail(err, why) : RSP_OK;
}

enum rsp_err
tool_startup_trace(struct rsp_trace **ret, struct rsp_why *why)
{
	return rsp_cli.trace_pcap ? rsp_trace_open(rsp_cli.trace_pcap, ret, why) : RSP_OK;
}

int
tool_startup_end_trace(struct rsp_trace *trace, int status)
{
	enum rsp_err lost = rsp_trace_close(trace);
	bool whole = rsp_tls_keylog_whole();
	struct rsp_why why;

	if (status || (!lost && whole))
		return status;
	(void)rsp_fail(&why, RSP_EOUTPUT, lost ? rsp_cli.trace_pcap : rsp_cli.keylog,
		       "incomplete: part of it could not be written (disk full?)");
	return rsp_cli_fail(&why);
}
