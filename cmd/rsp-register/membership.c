#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "batch_line.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/options.h"
#include "membership_priv.h"
#include "net/alarm.h"
#include "net/lines.h"
#include "say.h"
#include "tool/client_event.h"
#include "tool/systemd.h"

/* Phases and the exit status. */

/* Change the phase; no other function does. Only DRAIN has a time limit. */
static void
enter_phase(struct membership *m, enum membership_phase phase)
{
	assert(phase_may_follow(m->phase, phase));
	rsp_log(RSP_LOG_DEBUG, membership_object(m), "phase %s -> %s", phase_name(m->phase), phase_name(phase));
	m->phase = phase;
	if (phase == PHASE_DRAIN)
		rsp_alarm_in(m->watches.drain, m->options->drain_ms);
	else
		rsp_alarm_set(m->watches.drain, RSP_NEVER);
}

/* Set the exit status, unless it is that of a reported failure and @status is none (@final). */
static void
end_with(struct membership *m, int status, bool final)
{
	if (final || !m->status_final)
		m->status = status;
	m->status_final |= final;
}

/* A stop signal came before anything was registered or started: that is no success. */
static void
report_early_stop(struct membership *m)
{
	struct rsp_why why;

	(void)rsp_fail(&why, RSP_EUNREACHABLE, membership_object(m), "ended by signal %d (%s) before it was registered",
		       m->stop_signal, strsignal(m->stop_signal));
	end_with(m, rsp_cli_fail_attempts(&why, tool_object_attempts(m->access.session)), true);
}

static void
end_run(struct membership *m)
{
	if (m->stop_signal && !m->registered && !m->status_final && !m->wrap)
		report_early_stop(m);
	enter_phase(m, PHASE_DONE);
	rsp_loop_stop(m->watches.loop);
}

/* Stop the command: wrap_stop() sends SIGTERM, and SIGKILL at the second call. */
static void
stop_command(struct membership *m)
{
	enter_phase(m, PHASE_STOP);
	tool_systemd_status("stopping %s", rsp_cli.command[0]);
	wrap_stop(m->wrap);
}

static void
on_drained(void *ctx)
{
	stop_command(ctx);
}

/* All elements are deregistered, or no registrar is left to send DEREGISTRATION to. */
static void
end_leaving(struct membership *m)
{
	if (!wrap_running(m->wrap))
		end_run(m);
	else if (m->registered && m->options->drain_ms > 0)
		enter_phase(m, PHASE_DRAIN);
	else
		stop_command(m);
}

static bool
holds_no_element(const struct membership *m)
{
	struct rsp_client_stats stats;

	rsp_asap_client_stats(m->access.session, &stats);
	return stats.elements == 0;
}

static void
leave(struct membership *m)
{
	if (m->phase >= PHASE_LEAVE)
		return;
	enter_phase(m, PHASE_LEAVE);
	tool_systemd_tell("STOPPING=1");
	tool_systemd_status("%s: leaving the pool", membership_object(m));
	if (m->batch.reader)
		rsp_lines_pause(m->batch.reader, true);
	rsp_asap_client_set_timeout(m->access.session, rsp_cli.timeout_ms);
	rsp_asap_client_deregister_all(m->access.session);
	if (m->phase == PHASE_LEAVE && holds_no_element(m))
		end_leaving(m);
}

/* Report @why, unless a failure was reported before, deregister what is registered, and stop the command. */
static void
fail_run(struct membership *m, const struct rsp_why *why)
{
	if (!m->status_final)
		end_with(m, rsp_cli_fail_attempts(why, tool_object_attempts(m->access.session)), true);
	leave(m);
}

static void
end_empty_batch(struct membership *m)
{
	struct rsp_why why;

	if (m->phase < PHASE_LEAVE && membership_batch_is_empty(m, &why))
		fail_run(m, &why);
}

/* Print a record of @event, with the error that it has, if it has one. */
static void
emit_as(struct membership *m, const char *name, const struct rsp_client_event *event, bool failed)
{
	const struct rsp_why *why = event->why;

	membership_emit(m, name,
			&(struct membership_record){ .event = event,
						     .failed = failed,
						     .err = why ? why->err : RSP_OK,
						     .reason = why ? why->reason : NULL });
}

/* Without a registrar. */

/* No registrar can be used. A lost registration is a record; one that was not made yet is only written on stderr. */
static void
on_missing(void *ctx, const struct rsp_client_event *event)
{
	struct membership *m = ctx;

	if (event->type == RSP_CLIENT_HOME_LOST && m->registered) {
		emit_as(m, "lost", event, true);
		rsp_log(RSP_LOG_WARNING, membership_object(m), "lost %s: %s; looking for a registrar",
			event->why->object, event->why->reason);
	} else if (m->registered || rsp_cli.wait) {
		tool_complaints_add(&m->complaints, event->why);
	} else {
		return;
	}
	m->warned = true;
	tool_systemd_status("%s: no registrar: %s: %s", membership_object(m), event->why->object, event->why->reason);
}

/* The registrar removed the element without being asked. */
static void
on_removed(void *ctx, const struct rsp_client_event *event)
{
	struct membership *m = ctx;
	char home[RSP_CLIENT_SERVER_TEXT_MAX], reason[RSP_REASON_MAX];

	say_removal(event->cause, tool_session_home_text(m->access.session, home), reason);
	membership_emit(m, "lost", &(struct membership_record){ .event = event, .failed = true, .reason = reason });
	rsp_log(RSP_LOG_WARNING, membership_object(m), "%s; registering again", reason);
	m->warned = true;
}

/* Send systemd the name of the home registrar. Write it on stderr if a warning said that the element is not registered. */
static void
announce_home(struct membership *m)
{
	char home[RSP_CLIENT_SERVER_TEXT_MAX];

	tool_session_home_text(m->access.session, home);
	tool_systemd_status("%s: registered with %s", membership_object(m), home);
	if (!m->warned)
		return;
	rsp_log(RSP_LOG_WARNING, membership_object(m), "registered with %s", home);
	m->warned = false;
	m->complaints.n = 0;
}

/* The command. */

static void
on_command_ended(void *ctx, int status, int signum)
{
	struct membership *m = ctx;
	bool early = !m->registered, unasked = early && m->phase < PHASE_LEAVE;
	int own_status = signum ? 128 + signum : status;
	struct rsp_why why;

	(void)rsp_fail(&why, RSP_ELOST, rsp_cli.command[0], "ended before it was registered");
	membership_emit(m, "child-exit",
			&(struct membership_record){ .ended = true,
						     .status = status,
						     .signum = signum,
						     .failed = early,
						     .err = early ? why.err : RSP_OK,
						     .reason = early ? why.reason : NULL });
	if (!early && m->phase < PHASE_LEAVE) {
		char how[RSP_REASON_MAX];
		say_ended(status, signum, how);
		rsp_log(RSP_LOG_WARNING, rsp_cli.command[0], "%s", how);
	}
	if (unasked) /* a command that ends so early with status 0 is a failure as well */
		fail_run(m, &why);
	end_with(m, own_status, unasked && own_status != 0);
	if (m->phase < PHASE_LEAVE)
		leave(m);
	else if (m->phase == PHASE_DRAIN || m->phase == PHASE_STOP)
		end_run(m);
}

static void
on_command_late(void *ctx)
{
	struct membership *m = ctx;
	char reason[RSP_REASON_MAX];
	struct rsp_why why;

	say_late(m->options, reason);
	(void)rsp_fail(&why, RSP_ETIMEOUT, rsp_cli.command[0], "%s", reason);
	fail_run(m, &why);
}

static void join(struct membership *m);

static void
on_command_ready(void *ctx)
{
	struct membership *m = ctx;

	if (m->phase == PHASE_PREPARE)
		join(m);
}

/* The exit statuses 125, 126 and 127 are those of shells, env(1) and timeout(1). */
static void
start_command(struct membership *m)
{
	static const struct wrap_events events = { .ready = on_command_ready,
						   .ended = on_command_ended,
						   .late = on_command_late };
	struct rsp_why why;

	if (!membership_start_command(m, &events, &why))
		return;
	fail_run(m, &why);
	end_with(m, why.err == RSP_ENOTFOUND ? 127 : why.err == RSP_EPERMS ? 126 : 125, true);
}

/* Joining. */

static void
on_read_all(void *ctx, const struct rsp_why *why)
{
	struct membership *m = ctx;

	m->batch.read_all = true;
	if (why && why->err)
		fail_run(m, why);
	end_empty_batch(m);
}

static void
join(struct membership *m)
{
	struct rsp_why why = { 0 };

	enter_phase(m, PHASE_JOIN);
	rsp_asap_client_set_timeout(m->access.session, rsp_cli.wait && !rsp_cli.timeout_given ? 0 : rsp_cli.timeout_ms);
	if (m->options->batch) {
		if (membership_read_batch(m, on_read_all, &why))
			fail_run(m, &why);
		return;
	}
	membership_add(m, m->options->handle, &m->element.pe, m->element.random_id, &why);
	(void)snprintf(why.object, sizeof(why.object), "%s", membership_object(m));
	if (why.err)
		fail_run(m, &why);
}

static void
on_registered(void *ctx, const struct rsp_client_event *event)
{
	struct membership *m = ctx;
	bool first = !m->registered;

	m->registered = true;
	membership_emit(m, "registered", &(struct membership_record){ .event = event });
	announce_home(m);
	if (m->phase != PHASE_JOIN)
		return;
	enter_phase(m, PHASE_MEMBER);
	rsp_asap_client_set_timeout(m->access.session, 0);
	if (first)
		tool_systemd_tell("READY=1");
	if (rsp_cli.command && !m->wrap)
		start_command(m);
}

/* Being a member. */

/* An element that the registrar does not accept or keep. In a batch the other elements stay registered; @why is used
 * for a single element. */
static void
lose_element(struct membership *m, const struct rsp_client_event *event, const char *reason, const struct rsp_why *why)
{
	if (!m->options->batch) {
		fail_run(m, why);
		return;
	}
	m->batch.lost++;
	batch_origins_complain(&m->batch.origins, event->handle, event->pe_id, reason);
	end_empty_batch(m);
}

static void
on_rejected(void *ctx, const struct rsp_client_event *event)
{
	struct membership *m = ctx;
	bool security = event->cause == RSP_CAUSE_SECURITY;
	char reason[RSP_REASON_MAX];
	struct rsp_why why;

	say_rejection(event, m->options->batch ? NULL : &m->element.spec, reason);
	membership_emit(m, "rejected",
			&(struct membership_record){
				.event = event, .failed = true, .err = RSP_EREJECTED, .reason = reason });
	/* RFC 5354 has no room for more than a cause; the registrar's own record has the reason */
	(void)rsp_fail(&why, RSP_EREJECTED, membership_object(m), "the registrar answers: %.200s%s", reason,
		       security ? " (its record tells which rule; see REFUSALS in rsp-register(1))" : "");
	why.cause = event->cause;
	lose_element(m, event, reason, &why);
}

/* The session registers the element under a new identifier. */
static void
take_new_id(struct membership *m, const struct rsp_client_event *event, const char *cause)
{
	char reason[RSP_REASON_MAX];

	(void)snprintf(reason, sizeof(reason), "%.340s; registering again as 0x%08x", cause, (unsigned)event->new_pe_id);
	membership_emit(m, "displaced", &(struct membership_record){ .event = event, .failed = true, .reason = reason });
	rsp_log(RSP_LOG_WARNING, membership_object(m), "%s", reason);
	m->warned = true;
	if (m->options->batch)
		batch_origins_note(&m->batch.origins, event->handle, event->new_pe_id,
				   batch_origins_line(&m->batch.origins, event->handle, event->pe_id));
	else
		m->element.spec.pe_id = m->element.pe.pe_id = event->new_pe_id;
}

/* Another process or identity registered the same identifier, or its numbers are used up. An element with a configured identifier
 * ends: if both processes registered again, they would displace each other without end. */
static void
on_displaced(void *ctx, const struct rsp_client_event *event)
{
	char home[RSP_CLIENT_SERVER_TEXT_MAX], reason[RSP_REASON_MAX];
	struct membership *m = ctx;
	struct rsp_why why;

	say_displaced(event, tool_session_home_text(m->access.session, home), reason);
	if (event->new_pe_id) {
		take_new_id(m, event, reason);
		return;
	}
	membership_emit(m, "displaced",
			&(struct membership_record){ .event = event, .failed = true, .err = RSP_ELOST, .reason = reason });
	(void)rsp_fail(&why, RSP_ELOST, membership_object(m), "%s", reason);
	why.cause = event->cause;
	lose_element(m, event, reason, &why);
}

/* The deregistration failed: the registration ends with its lifetime. RFC 5352 s.3.2. */
static void
report_not_deregistered(struct membership *m, const struct rsp_client_event *event)
{
	if (!m->registered)
		return;
	rsp_log(RSP_LOG_WARNING, membership_object(m), "not deregistered, it expires: %s", event->why->reason);
	emit_as(m, "deregistered", event, true);
}

static void
on_gave_up(void *ctx, const struct rsp_client_event *event)
{
	struct membership *m = ctx;
	struct rsp_why lost;

	if (m->phase == PHASE_JOIN) {
		/* a registrar that never answered REGISTRATION is sent DEREGISTRATION, but its response is not
		 * awaited */
		fail_run(m, event->why);
		if (m->phase == PHASE_LEAVE)
			end_leaving(m);
		return;
	}
	if (m->phase == PHASE_LEAVE) {
		report_not_deregistered(m, event);
		end_leaving(m);
		return;
	}
	(void)rsp_fail(&lost, RSP_ELOST, membership_object(m), "no registrar for too long: %s", event->why->reason);
	end_with(m, rsp_cli_fail_attempts(&lost, tool_object_attempts(m->access.session)), true);
	enter_phase(m, PHASE_LEAVE);
	end_leaving(m); /* there is no registrar to send DEREGISTRATION to */
}

static void
on_deregistered(void *ctx, const struct rsp_client_event *event)
{
	struct membership *m = ctx;

	if (m->registered && event->tries > 0)
		membership_emit(m, "deregistered",
				&(struct membership_record){ .event = event, .failed = event->cause != RSP_CAUSE_NONE });
	if (m->phase == PHASE_LEAVE && holds_no_element(m))
		end_leaving(m);
}

/* MAX-REG-ATTEMPT is exceeded: RFC 5352 s.3.1, s.3.2. Before LEAVE the client retries by itself. */
static void
on_failed(void *ctx, const struct rsp_client_event *event)
{
	struct membership *m = ctx;

	if (m->phase != PHASE_LEAVE) {
		tool_complaints_add(&m->complaints, event->why);
		m->warned = true;
		return;
	}
	report_not_deregistered(m, event);
	if (holds_no_element(m))
		end_leaving(m);
}

static void
on_renewed(void *ctx, const struct rsp_client_event *event)
{
	emit_as(ctx, "renewed", event, false);
}

static void
on_reregistered(void *ctx, const struct rsp_client_event *event)
{
	emit_as(ctx, "reregistered", event, false);
	announce_home(ctx);
}

static void
on_keepalive(void *ctx, const struct rsp_client_event *event)
{
	emit_as(ctx, "keepalive", event, false);
}

static void
on_home(void *ctx, const struct rsp_client_event *event)
{
	const struct membership *m = ctx;

	if (event->changed && m->registered)
		emit_as(ctx, "home-changed", event, false);
}

static void
on_event(void *ctx, const struct rsp_client_event *event)
{
	static const struct tool_client_event_handlers handlers = { .on = {
		[RSP_CLIENT_REGISTERED] = on_registered,
		[RSP_CLIENT_RENEWED] = on_renewed,
		[RSP_CLIENT_REREGISTERED] = on_reregistered,
		[RSP_CLIENT_KEEPALIVE] = on_keepalive,
		[RSP_CLIENT_HOME] = on_home,
		[RSP_CLIENT_HOME_LOST] = on_missing,
		[RSP_CLIENT_ROUND_FAILED] = on_missing,
		[RSP_CLIENT_EXPIRED] = on_removed,
		[RSP_CLIENT_REJECTED] = on_rejected,
		[RSP_CLIENT_DISPLACED] = on_displaced,
		[RSP_CLIENT_FAILED] = on_failed,
		[RSP_CLIENT_DEREGISTERED] = on_deregistered,
		[RSP_CLIENT_GAVE_UP] = on_gave_up,
	} };
	const struct membership *m = ctx;

	tool_client_event_handle(&handlers, m->phase <= PHASE_LEAVE, ctx, event);
}

/* Signals. */

static void
on_signal(void *ctx, int signum)
{
	struct membership *m = ctx;

	if (signum == SIGHUP) {
		if (m->phase < PHASE_LEAVE)
			membership_reload(m);
		return;
	}
	if (m->stop_signals++ == 0) {
		m->stop_signal = signum;
		leave(m);
	} else if (wrap_running(m->wrap)) {
		stop_command(m);
	} else if (m->phase != PHASE_DONE) {
		end_with(m, 128 + signum, true);
		end_run(m);
	}
}

/* A signal that rsp-register does not use itself is forwarded to the command while it runs. */
static void
on_other_signal(void *ctx, int signum)
{
	struct membership *m = ctx;

	if (wrap_running(m->wrap))
		wrap_signal(m->wrap, signum);
	else if (signum == SIGQUIT)
		on_signal(ctx, signum);
}

/* The run. */

int
membership_run(const struct register_options *options)
{
	static const struct membership_callbacks callbacks = { .event = on_event,
							       .signal = on_signal,
							       .other_signal = on_other_signal,
							       .drained = on_drained };
	struct membership m = { .options = options, .element.spec = options->spec };
	bool join_first = !rsp_cli.command || options->ready == WRAP_READY_NOW;
	struct rsp_why why = { 0 };

	if (membership_set_up(&m, &callbacks, &why)) {
		m.status = rsp_cli_fail(&why);
		return membership_clean_up(&m);
	}
	tool_systemd_status(join_first ? "looking for a registrar" : "waiting until the command is ready");
	if (join_first)
		join(&m);
	else
		start_command(&m);
	while (m.phase != PHASE_DONE)
		rsp_loop_run(m.watches.loop);
	m.status = membership_clean_up(&m);
	return options->batch ? membership_batch_status(&m) : m.status;
}
