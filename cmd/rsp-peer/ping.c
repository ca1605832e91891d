/* rsp-peer ping: whether registrars answer, and how fast. */
#include "ask.h"
#include "base/log.h"
#include "cli/message_json.h"

enum { OPT_COUNT = 1, OPT_INTERVAL };

static struct poptOption options[] = {
	{ "count", 'n', POPT_ARG_STRING, NULL, OPT_COUNT, "how often; 0: without end (1)", "N" },
	{ "interval", 0, POPT_ARG_STRING, NULL, OPT_INTERVAL, "from an answer to the next question (1s)", "DUR" },
	POPT_TABLEEND
};

static struct {
	uint64_t count, interval_ms;
} option = { .count = 1, .interval_ms = 1000 };

struct ping {
	unsigned answered, failed; /* number of registrars */
	struct rsp_why why;        /* the failure of the first registrar that failed */
};

static enum rsp_err
take(int opt, const char *arg, struct rsp_why *why)
{
	if (opt == OPT_COUNT)
		return rsp_cli_number(arg, 0, UINT32_MAX, &option.count, why);
	enum rsp_err err = rsp_cli_duration(arg, &option.interval_ms, why);
	if (!err && option.interval_ms > UINT32_MAX)
		err = rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is too long: at most %u ms", arg, UINT32_MAX);
	return err;
}

static enum rsp_err
record(const struct rsp_inquiry_server *server, const struct rsp_monitor_event *event, uint64_t rtt_us)
{
	const struct rsp_message *msg = event->message;
	bool checksum = msg && msg->has & RSP_HAS_CHECKSUM, info = msg && msg->has & RSP_HAS_SERVER_INFO;
	json_t *record = rsp_json_record("rsp.peer.ping/1", msg != NULL);

	rsp_json_put(&record, "registrar", peer_registrar_json(server));
	rsp_json_put(&record, "seq", json_integer(msg ? event->n : event->n + 1));
	rsp_json_put(&record, "rtt_ms", msg ? json_real((double)rtt_us / 1000) : json_null());
	rsp_json_put(&record, "checksum_told", checksum ? rsp_json_code(msg->checksum) : json_null());
	rsp_json_put(&record, "server_info", info ? rsp_server_info_json(&msg->server_info) : json_null());
	rsp_json_put(&record, "step", msg ? json_null() : json_string(rsp_inquiry_step_name(server->step)));
	rsp_json_put(&record, "error", msg ? json_null() : rsp_cli_error_json(event->why));
	return rsp_json_emit(record);
}

static enum rsp_err
on_event(void *ctx, const struct rsp_inquiry_server *server, const struct rsp_monitor_event *event, uint64_t rtt_us)
{
	struct ping *ping = ctx;

	ping->answered += event->type == RSP_MONITOR_DONE;
	if (event->type == RSP_MONITOR_FAILED) {
		rsp_log(RSP_LOG_ERROR, server->name, "%s",
			*event->why->reason ? event->why->reason : rsp_err_text(event->why->err));
		if (ping->failed++ == 0)
			ping->why = *event->why;
	} else if (event->type != RSP_MONITOR_PRESENT) {
		return RSP_OK;
	}
	return record(server, event, rtt_us);
}

static int
run(unsigned n, const char *const *operand)
{
	struct ping ping = { 0 };
	struct peer_question question = {
		.ask = { .ask = RSP_MONITOR_PRESENCE,
			 .count = (unsigned)option.count,
			 .interval_ms = (uint32_t)option.interval_ms },
		.each = true,
		.event = on_event,
		.ctx = &ping,
	};

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one operand too many");
	int status = peer_ask(&question);
	if (status || ping.failed == 0)
		return status;
	return rsp_err_exit(ping.answered ? RSP_EPARTIAL : ping.why.err);
}

const struct rsp_cli_tool peer_ping = {
	.name = "rsp-peer",
	.verb = "ping",
	.operands = "",
	.summary = "ask registrars for a sign of life",
	.options = options,
	.groups = PEER_ASK_GROUPS,
	.take = take,
	.run = run,
};
