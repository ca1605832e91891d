/* rsp-peer run: runs a registrar. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "cli/main.h"
#include "cli/output.h"
#include "keys/scope.h"
#include "net/alarm.h"
#include "net/bind_wait.h"
#include "net/child.h"
#include "net/loop.h"
#include "net/signal.h"
#include "peer.h"
#include "record.h"
#include "serve/registrar_service.h"
#include "tool/signals.h"
#include "tool/startup.h"
#include "tool/systemd.h"
#include "warning.h"

struct run {
	struct rsp_loop *loop;
	struct rsp_registrar_service *serve;
	struct rsp_announcer *announcer;
	struct rsp_scope *scope; /* NULL: plain text without a scope */
	struct rsp_trace *trace;
	struct rsp_control *control; /* NULL: none */
	struct peer_expiry *expiry;
	int64_t started_ms; /* wall-clock time at which the registrar began to serve */
	struct rsp_signal *term, *interrupt, *quit, *hangup;
	struct rsp_alarm *leave_end, *watchdog;
	const char *name;
	char node[RSP_NAME_MAX + 1]; /* the node's name in keys.json, a copy: SIGHUP replaces the scope */
	bool leaving;
	struct peer_records *records;
};

/* Raise the number of open files to the system's limit: each connection needs one. */
static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void
on_record(void *ctx, const struct rsp_event *event)
{
	struct run *run = ctx;

	peer_record_event(run->records, event);
	if (event->kind == RSP_EVENT_SERVER_ID_DRAWN)
		rsp_announcer_set_id(run->announcer, event->by_id);
}

static void
on_refused(void *ctx, enum rsp_registrar_service_port port, bool dialled, const char *whom, const struct rsp_why *why)
{
	struct run *run = ctx;

	peer_record_refused(run->records, port, dialled, whom, why);
}

static const char *
control_path(const struct run *run)
{
	return run->control ? rsp_control_path(run->control) : NULL;
}

static void
on_ready(void *ctx)
{
	struct run *run = ctx;

	peer_record_state("listening", run->name, run->serve, control_path(run));
	rsp_announcer_now(run->announcer);
	tool_systemd_tell("READY=1\nSTATUS=serving");
}

static void
on_left(void *ctx)
{
	struct run *run = ctx;

	rsp_loop_stop(run->loop);
}

static void
on_leave_end(void *ctx)
{
	struct run *run = ctx;

	rsp_log(RSP_LOG_WARNING, run->name, "connections did not close in time: the process ends without them");
	rsp_loop_stop(run->loop);
}

static void
on_stop(void *ctx, int signum)
{
	struct run *run = ctx;

	if (run->leaving) { /* the second signal: end at once */
		rsp_loop_stop(run->loop);
		return;
	}
	run->leaving = true;
	rsp_log(RSP_LOG_INFO, run->name, "leaving on signal %d", signum);
	tool_systemd_tell("STOPPING=1");
	rsp_alarm_in(run->leave_end, peer_option.leave_ms);
	rsp_announcer_free(run->announcer);
	run->announcer = NULL;
	rsp_registrar_service_leave(run->serve, on_left);
}

static void
on_hangup(void *ctx, int signum)
{
	struct run *run = ctx;
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = NULL;
	struct rsp_why why = { 0 }, output = { 0 };
	enum rsp_err err = RSP_OK;

	(void)signum;
	if (run->leaving)
		return;
	tool_systemd_tell("RELOADING=1");
	enum rsp_err unopened = rsp_output_reopen(&output); /* the keys are read even if this fails */
	if (!rsp_cli.plaintext) {                           /* in plain text the registrar has no keys to read */
		err = peer_scope_load(run->name, &scope, &why);
		if (!err)
			err = rsp_registrar_service_reload(run->serve, scope, &why);
	}
	if (err) {
		peer_record_reload_failed(&why, false);
	} else if (scope) {
		struct rsp_scope *old = run->scope;
		run->scope = RSP_TAKE(scope);
		rsp_scope_free(old);
	}
	if (!err) {
		peer_record_reload(run->scope);
		peer_expiry_watch(run->expiry, run->scope);
	}
	if (unopened)
		peer_record_reload_failed(&output, !err);
	tool_systemd_tell("READY=1");
}

static char *
on_control(void *ctx)
{
	struct run *run = ctx;

	return peer_status_text(run->serve, run->expiry, run->name, run->started_ms);
}

/* Signals, the watchdog, and other alarms. */
static enum rsp_err
watch(struct run *run, struct rsp_why *why)
{
	enum rsp_err err = rsp_signal_new(run->loop, SIGTERM, on_stop, run, &run->term);

	if (!err)
		err = rsp_signal_new(run->loop, SIGINT, on_stop, run, &run->interrupt);
	if (!err)
		err = rsp_signal_new(run->loop, SIGQUIT, on_stop, run, &run->quit);
	if (!err)
		err = rsp_signal_new(run->loop, SIGHUP, on_hangup, run, &run->hangup);
	if (!err)
		err = rsp_child_reap_all(run->loop);
	if (!err)
		err = tool_systemd_watchdog(run->loop, &run->watchdog);
	if (!err)
		err = rsp_alarm_new(run->loop, on_leave_end, run, &run->leave_end);
	if (!err)
		err = peer_expiry_new(run->loop, &run->expiry);
	if (!err)
		peer_expiry_watch(run->expiry, run->scope);
	return err ? tool_startup_fail(err, why) : RSP_OK;
}

static enum rsp_err
start(struct run *run, struct rsp_why *why)
{
	static struct rsp_registrar_service_contact contacts[RSP_CONTACTS_MAX];
	struct rsp_registrar_service_config config;
	enum rsp_err err = tool_startup_loop(&run->loop, why);

	if (err)
		return err;
	err = peer_records_new(run->loop, &run->records);
	if (err)
		return rsp_fail(why, err, "records", "%s", rsp_err_text(err));
	peer_config(&config);
	peer_warning_timers(&config.engine);
	config.record = on_record;
	config.refused = on_refused;
	config.ready = on_ready;
	config.contacts = contacts;
	config.ctx = run;
	if (!rsp_cli.plaintext)
		err = peer_scope_load(peer_option.name, &run->scope, why);
	else if (rsp_cli.scope_option)
		err = rsp_scope_load_public(rsp_cli.scope, &run->scope, why);
	if (err)
		return err;
	if (run->scope)
		memcpy(run->node, run->scope->node, sizeof(run->node));
	run->name = peer_option.name ? peer_option.name : run->node;
	if (!*run->name)
		return rsp_fail(
			why, RSP_EUSAGE, "--name",
			"is missing, and the scope directory names no node (keys.json of a bundle does): give --name");
	err = peer_control_alone(run->loop, run->name, why);
	if (!err)
		err = peer_ports(run->loop, run->name, run->scope, &config, why);
	if (!err)
		err = peer_contacts(run->loop, run->name, run->scope, contacts, &config.n_contacts, why);
	if (!err)
		err = tool_startup_trace(&run->trace, why);
	config.trace = run->trace;
	if (!err)
		err = rsp_registrar_service_new(run->loop, &config, run->name, run->scope, &run->serve, why);
	run->started_ms = rsp_clock_wall_ms();
	if (!err)
		err = peer_control_open(run->loop, run->name, on_control, run, &run->control, why);
	if (!err)
		err = peer_announce(run->loop, run->name, run->scope, run->serve, &run->announcer, why);
	return err ? err : watch(run, why);
}

static void
stop(struct run *run)
{
	rsp_control_free(run->control);
	rsp_announcer_free(run->announcer);
	rsp_registrar_service_free(run->serve);
	rsp_signal_free(run->term);
	rsp_signal_free(run->interrupt);
	rsp_signal_free(run->quit);
	rsp_signal_free(run->hangup);
	rsp_alarm_free(run->leave_end);
	rsp_alarm_free(run->watchdog);
	peer_expiry_free(run->expiry);
	peer_records_free(run->records);
	rsp_loop_free(run->loop);
	rsp_scope_free(run->scope);
}

int
peer_run(unsigned n, const char *const *operand)
{
	struct run run = { 0 };
	struct rsp_why why = { 0 };
	int status = EXIT_SUCCESS;

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one operand too many");
	if (rsp_cli.plaintext)
		rsp_log(RSP_LOG_WARNING, "--insecure-plaintext",
			"any host can read and change all messages: for tests only");
	raise_file_limit();
	tool_signals_ignore();
	rsp_bind_wait(peer_option.bind_wait_ms);
	if (rsp_tls_init(rsp_cli.keylog, &why) || start(&run, &why)) {
		status = rsp_cli_fail(&why);
	} else {
		if (rsp_registrar_state(rsp_registrar_service_engine(run.serve)) == RSP_REGISTRAR_JOINING) {
			peer_record_state("joining", run.name, run.serve, control_path(&run));
			tool_systemd_tell("STATUS=joining");
		}
		rsp_loop_run(run.loop);
		peer_record_stopped(run.records, run.serve);
	}
	stop(&run);
	peer_options_done();
	return tool_startup_end_trace(run.trace, status);
}
