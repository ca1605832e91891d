#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/systemd.h"
#include "base/log.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/options.h"
#include "hold_priv.h"
#include "net/bind_wait.h"
#include "say.h"

/* Without a registrar. */

/* No registrar is of use. What was registered is lost, which is a record; what waits to be is told of to people only. */
static void
on_missing(struct hold *h, const struct rsp_client_event *event)
{
	if (event->type == RSP_CLIENT_HOME_LOST && h->registered) {
		hold_emit(h, "lost", &(struct facts){ .event = event, .failed = true, .reason = event->why->reason });
		rsp_log(RSP_LOG_WARNING, hold_object(h), "lost %s: %s; looking for a registrar", event->why->object,
			event->why->reason);
	} else if (h->registered || rsp_cli.wait) {
		cmd_complain(&h->complaints, event->why);
	} else {
		return;
	}
	h->missing = true;
	cmd_status_systemd("%s: no registrar: %s: %s", hold_object(h), event->why->object, event->why->reason);
}

/* The registrar removed the element, and nobody asked it to. */
static void
on_expired(struct hold *h, const struct rsp_client_event *event)
{
	char home[RSP_CLIENT_SERVER_TEXT_MAX], reason[RSP_REASON_MAX];

	say_removal(event->cause, cmd_home_text(h->session, home), reason);
	hold_emit(h, "lost", &(struct facts){ .event = event, .failed = true, .reason = reason });
	rsp_log(RSP_LOG_WARNING, hold_object(h), "%s; registering again", reason);
	h->missing = true;
}

/* After all that was said of its absence, that there is one again. */
static void
found(struct hold *h)
{
	char home[RSP_CLIENT_SERVER_TEXT_MAX];

	cmd_home_text(h->session, home);
	cmd_status_systemd("%s: registered with %s", hold_object(h), home);
	if (!h->missing)
		return;
	rsp_log(RSP_LOG_WARNING, hold_object(h), "registered with %s", home);
	h->missing = false;
	h->complaints.n = 0;
}

/* The end. */

/* Nothing was registered, nothing was started, and it is asked to end: what it was to do is not done. */
static void
asked_too_early(struct hold *h)
{
	struct rsp_why why;

	(void)rsp_fail(&why, RSP_EUNREACHABLE, hold_object(h), "ended by signal %d (%s) before it was registered",
		       h->stop_signal, strsignal(h->stop_signal));
	h->status = rsp_cli_fail_attempts(&why, cmd_attempts_json(h->session));
	h->failed = true;
}

static void
finish(struct hold *h)
{
	if (h->stop_signal && !h->registered && !h->failed && !h->wrap)
		asked_too_early(h);
	h->phase = DONE;
	rsp_loop_stop(h->loop);
}

static void
stop_command(struct hold *h)
{
	h->phase = STOP;
	cmd_status_systemd("stopping %s", rsp_cli.command[0]);
	wrap_stop(h->wrap);
}

static void
drained(void *ctx)
{
	stop_command(ctx);
}

/* Out of the pool. */
static void
left(struct hold *h)
{
	h->phase = DRAIN;
	if (!wrap_running(h->wrap))
		finish(h);
	else if (h->registered && h->o->drain_ms > 0)
		rsp_alarm_in(h->drain, h->o->drain_ms);
	else
		stop_command(h);
}

static bool
all_left(const struct hold *h)
{
	struct rsp_client_stats stats;

	rsp_session_stats(h->session, &stats);
	return stats.elements == 0;
}

static void
leave(struct hold *h)
{
	if (h->phase >= LEAVE)
		return;
	h->phase = LEAVE;
	cmd_tell_systemd("STOPPING=1");
	cmd_status_systemd("%s: leaving the pool", hold_object(h));
	if (h->reader)
		rsp_reader_pause(h->reader, true);
	rsp_session_set_timeout(h->session, rsp_cli.timeout_ms);
	rsp_session_deregister_all(h->session);
	if (h->phase == LEAVE && all_left(h))
		left(h);
}

/* Say @why, once, and end: what is registered is deregistered, the command is stopped. */
void
hold_fail(struct hold *h, const struct rsp_why *why)
{
	if (!h->failed)
		h->status = rsp_cli_fail_attempts(why, cmd_attempts_json(h->session));
	h->failed = true;
	leave(h);
}

/* The command. */

static void
on_ended(void *ctx, int status, int signum)
{
	struct hold *h = ctx;

	bool early = !h->registered, unasked = early && h->phase < LEAVE;
	struct rsp_why why;

	(void)rsp_fail(&why, RSP_ELOST, rsp_cli.command[0], "ended before it was registered");
	hold_emit(h, "child-exit",
		  &(struct facts){ .ended = true,
				   .status = status,
				   .signum = signum,
				   .failed = early,
				   .reason = early ? why.reason : NULL });
	if (!early && h->phase < LEAVE) {
		char how[RSP_REASON_MAX];
		say_ended(status, signum, how);
		rsp_log(RSP_LOG_WARNING, rsp_cli.command[0], "%s", how);
	}
	if (unasked) /* and if it says that all is well, that is still no success */
		hold_fail(h, &why);
	if (!h->failed || (unasked && (signum || status)))
		h->status = signum ? 128 + signum : status;
	if (h->phase < LEAVE)
		leave(h);
	else if (h->phase == DRAIN || h->phase == STOP)
		finish(h);
}

static void
on_late(void *ctx)
{
	struct hold *h = ctx;
	char reason[RSP_REASON_MAX];
	struct rsp_why why;

	say_late(h->o, reason);
	(void)rsp_fail(&why, RSP_ETIMEOUT, rsp_cli.command[0], "%s", reason);
	hold_fail(h, &why);
}

static void join(struct hold *h);

static void
on_ready(void *ctx)
{
	struct hold *h = ctx;

	if (h->phase == PREPARE)
		join(h);
}

static enum rsp_err
start_command(struct hold *h, struct rsp_why *why)
{
	static const struct wrap_events events = { .ready = on_ready, .ended = on_ended, .late = on_late };
	json_auto_t *facts = json_object(), *registrar = cmd_registrar_json(h->session, true);
	const struct hold_options *o = h->o;
	char id[16];

	rsp_json_put_handle(&facts, o->handle);
	(void)snprintf(id, sizeof(id), "0x%08x", (unsigned)h->pe.pe_id);
	const struct wrap_variable env[] = {
		{ "RSP_PE_ID", id },
		{ "RSP_POOL_HEX", json_string_value(json_object_get(facts, "handle_hex")) },
		{ "RSP_POOL", json_string_value(json_object_get(facts, "handle")) },
		{ "RSP_REGISTRAR", json_string_value(json_object_get(registrar, "address")) },
		{ "RSP_REGISTRAR_ID", json_string_value(json_object_get(registrar, "id")) },
		{ NULL, NULL },
	};
	struct wrap_config config = {
		.command = rsp_cli.command,
		.out = rsp_cli.output ? STDOUT_FILENO : STDERR_FILENO, /* stdout is for records */
		.env = env,
		.ready = o->ready,
		.exec = o->ready_exec,
		.ip = h->spec.n_ips ? h->spec.ip[0] : (struct rsp_ip){ 0 },
		.port = h->spec.port,
		.ready_timeout_ms = o->ready_timeout_ms,
		.kill_after_ms = o->kill_after_ms,
	};
	return wrap_start(h->loop, &config, &events, h, &h->wrap, why);
}

/* 126 and 127 as shells, env(1) and timeout(1) have them. */
static void
no_command(struct hold *h, const struct rsp_why *why)
{
	hold_fail(h, why);
	h->status = why->err == RSP_ENOTFOUND ? 127 : why->err == RSP_EPERMS ? 126 : 125;
}

/* Joining. */

static void
join(struct hold *h)
{
	struct rsp_why why = { 0 };

	h->phase = JOIN;
	rsp_session_set_timeout(h->session, rsp_cli.wait && !rsp_cli.timeout_given ? 0 : rsp_cli.timeout_ms);
	if (h->o->batch) {
		if (hold_read(h, &why))
			hold_fail(h, &why);
		return;
	}
	hold_add(h, h->o->handle, &h->pe, &why);
	(void)snprintf(why.object, sizeof(why.object), "%s", hold_object(h));
	if (why.err)
		hold_fail(h, &why);
}

static void
on_registered(struct hold *h, const struct rsp_client_event *event)
{
	bool first = !h->registered;
	struct rsp_why why;

	h->registered = true;
	hold_emit(h, "registered", &(struct facts){ .event = event });
	found(h);
	if (h->phase != JOIN)
		return;
	h->phase = HOLD;
	rsp_session_set_timeout(h->session, 0);
	if (first)
		cmd_tell_systemd("READY=1");
	if (rsp_cli.command && !h->wrap && start_command(h, &why))
		no_command(h, &why);
}

/* Holding. */

static void
on_rejected(struct hold *h, const struct rsp_client_event *event)
{
	char reason[RSP_REASON_MAX];
	struct rsp_why why;

	say_rejection(event, h->o->batch ? NULL : &h->spec, reason);
	hold_emit(h, "rejected", &(struct facts){ .event = event, .failed = true, .reason = reason });
	h->rejected++;
	if (h->o->batch) {
		batch_complain(&h->origins, event->handle, event->pe_id, reason);
		hold_check_batch(h);
		return;
	}
	(void)rsp_fail(&why, RSP_EREJECTED, hold_object(h), "the registrar answers: %.200s%s",
		       reason, /* and no more: RFC 5354 has no room for it */
		       event->cause == RSP_CAUSE_SECURITY
			       ? " (its record tells which rule; see REFUSALS in rsp-register(1))"
			       : "");
	why.cause = event->cause;
	hold_fail(h, &why);
}

/* Another process took the place. It is not taken back, or this would go on for ever; nor is it given up for the other. */
static void
on_displaced(struct hold *h, const struct rsp_client_event *event)
{
	static const char reason[] = "another process has registered this identifier with the same key";
	struct rsp_why why;

	hold_emit(h, "displaced", &(struct facts){ .event = event, .failed = true, .reason = reason });
	if (h->o->batch) {
		batch_complain(&h->origins, event->handle, event->pe_id, reason);
		h->rejected++;
		hold_check_batch(h);
		return;
	}
	(void)rsp_fail(&why, RSP_ELOST, hold_object(h), "%s", reason);
	why.cause = event->cause;
	hold_fail(h, &why);
}

/* What was asked for is done as far as it can be: RFC 5352 s.3.2. */
static void
expires(struct hold *h, const struct rsp_client_event *event)
{
	const char *reason = event->why->reason;

	if (!h->registered)
		return;
	rsp_log(RSP_LOG_WARNING, hold_object(h), "not deregistered, it expires: %s", reason);
	hold_emit(h, "deregistered", &(struct facts){ .event = event, .failed = true, .reason = reason });
}

static void
on_gave_up(struct hold *h, const struct rsp_client_event *event)
{
	const struct rsp_why *why = event->why;
	struct rsp_why lost;

	if (h->phase == JOIN) {
		hold_fail(h, why);
		if (h->phase == LEAVE)
			left(h); /* who did not answer the registration is told, if he is there, but not waited for again */
		return;
	}
	if (h->phase == LEAVE) {
		expires(h, event);
		left(h);
		return;
	}
	(void)rsp_fail(&lost, RSP_ELOST, hold_object(h), "no registrar for too long: %s", why->reason);
	h->status = rsp_cli_fail_attempts(&lost, cmd_attempts_json(h->session));
	h->failed = true;
	h->phase = LEAVE;
	left(h); /* there is nobody to tell */
}

static void
on_deregistered(struct hold *h, const struct rsp_client_event *event)
{
	if (h->registered && event->tries > 0)
		hold_emit(h, "deregistered",
			  &(struct facts){ .event = event, .failed = event->cause != RSP_CAUSE_NONE });
	if (h->phase == LEAVE && all_left(h))
		left(h);
}

/* RFC 5352 s.3.1, s.3.2: MAX-REG-ATTEMPT is exceeded. */
static void
on_failed(struct hold *h, const struct rsp_client_event *event)
{
	if (h->phase != LEAVE) { /* the client tries on by itself */
		cmd_complain(&h->complaints, event->why);
		h->missing = true;
		return;
	}
	expires(h, event);
	if (all_left(h))
		left(h);
}

static void
on_event(void *ctx, const struct rsp_client_event *event)
{
	struct hold *h = ctx;
	struct facts facts = { .event = event, .reason = event->why ? event->why->reason : NULL };

	cmd_log_event(event);
	if (h->phase > LEAVE)
		return;
	switch ((int)event->type) {
	case RSP_CLIENT_REGISTERED:
		on_registered(h, event);
		break;
	case RSP_CLIENT_RENEWED:
		hold_emit(h, "renewed", &facts);
		break;
	case RSP_CLIENT_REREGISTERED:
		hold_emit(h, "reregistered", &facts);
		found(h);
		break;
	case RSP_CLIENT_KEEPALIVE:
		hold_emit(h, "keepalive", &facts);
		break;
	case RSP_CLIENT_HOME:
		if (event->changed && h->registered)
			hold_emit(h, "home-changed", &facts);
		break;
	case RSP_CLIENT_HOME_LOST:
	case RSP_CLIENT_ROUND_FAILED:
		on_missing(h, event);
		break;
	case RSP_CLIENT_EXPIRED:
		on_expired(h, event);
		break;
	case RSP_CLIENT_REJECTED:
		on_rejected(h, event);
		break;
	case RSP_CLIENT_DISPLACED:
		on_displaced(h, event);
		break;
	case RSP_CLIENT_FAILED:
		on_failed(h, event);
		break;
	case RSP_CLIENT_DEREGISTERED:
		on_deregistered(h, event);
		break;
	case RSP_CLIENT_GAVE_UP:
		on_gave_up(h, event);
		break;
	}
}

/* Signals. */

static void
on_signal(void *ctx, int signum)
{
	struct hold *h = ctx;

	if (signum == SIGHUP) {
		if (h->phase < LEAVE)
			hold_reload(h);
		return;
	}
	if (h->stop_signals++ == 0) {
		h->stop_signal = signum;
		leave(h);
	} else if (wrap_running(h->wrap)) {
		stop_command(h);
	} else if (h->phase != DONE) {
		h->status = 128 + signum;
		h->failed = true;
		finish(h);
	}
}

/* A signal that is not ours is the command's, if it runs. */
static void
on_other_signal(void *ctx, int signum)
{
	struct hold *h = ctx;

	if (wrap_running(h->wrap))
		wrap_signal(h->wrap, signum);
	else if (signum == SIGQUIT)
		on_signal(ctx, signum);
}

/* The beginning. */

/* What a batch has as a member is an option here. */
static enum rsp_err
of_option(struct rsp_why *why)
{
	struct rsp_why was = *why;

	(void)snprintf(why->object, sizeof(why->object), "--%.200s", was.object);
	return why->err;
}

static enum rsp_err
prepare(struct hold *h, struct rsp_why *why)
{
	struct rsp_session_config config;
	enum rsp_err err = rsp_rng_os(&h->rng);

	if (err)
		return rsp_fail(why, err, "random numbers", "the kernel has none");
	if (!h->o->batch) {
		err = element_read_load(&h->spec, h->o->load_file, why);
		if (!err && element_make(&h->spec, h->room, &h->pe, why))
			err = of_option(why);
		if (!err)
			err = element_choose_id(&h->spec, h->o->pe_id_file, &h->rng, why);
		h->pe.pe_id = h->spec.pe_id;
	}
	if (!err)
		err = cmd_scope_load(true, &h->scope, why);
	if (!err)
		err = hold_make_tls(h->scope, &h->tls, why);
	if (err)
		return err;
	cmd_session_config(h->scope, true, &config);
	config.tls = h->tls;
	config.timeout_ms = 0; /* it begins with the registration */
	config.max_outage_ms = h->o->max_outage_ms;
	config.persistent = true;
	config.listen = !h->o->no_listen;
	config.listen_on = h->o->listen_on;
	config.refused = hold_refused;
	config.refused_ctx = h;
	err = cmd_trace_open(&config.trace, why);
	if (err)
		return err;
	h->trace = config.trace;
	rsp_bind_wait(h->o->bind_wait_ms);
	err = rsp_session_new(h->loop, &config, on_event, h, &h->session, why);
	if (!err)
		cmd_log_listening(h->session);
	return err;
}

static enum rsp_err
watch(struct hold *h, struct rsp_why *why)
{
	static const int signums[RSP_COUNT(h->signals)] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	unsigned n = RSP_COUNT(signums) - (rsp_cli.command ? 1 : 0);
	enum rsp_err err = rsp_loop_new(&h->loop);

	if (!rsp_cli.command)
		cmd_signals_ignore();
	else if (!err)
		err = cmd_signals_catch(h->loop, on_other_signal, h, &h->passed_on);
	for (unsigned i = 0; !err && i < n; i++)
		err = rsp_signal_new(h->loop, signums[i], on_signal, h, &h->signals[i]);
	if (!err)
		err = rsp_alarm_new(h->loop, drained, h, &h->drain);
	if (!err)
		err = rsp_loop_reap(h->loop);
	if (!err)
		err = cmd_watchdog(h->loop, &h->watchdog);
	return err ? cmd_loop_fail(err, why) : RSP_OK;
}

static void
clean_up(struct hold *h)
{
	json_decref(h->registrar);
	free(h->origins.origin);
	wrap_free(h->wrap);
	rsp_reader_free(h->reader);
	rsp_alarm_free(h->drain);
	rsp_alarm_free(h->watchdog);
	cmd_signals_free(h->passed_on);
	if (h->session) {
		cmd_log_heard(h->session);
		rsp_session_free(h->session);
	}
	for (unsigned i = 0; i < RSP_COUNT(h->signals); i++)
		rsp_signal_free(h->signals[i]);
	if (h->loop)
		rsp_loop_run(h->loop); /* flushes and closes */
	rsp_loop_free(h->loop);
	h->status = cmd_trace_close(h->trace, h->status);
	rsp_tls_unref(h->tls);
	rsp_scope_free(h->newer);
	rsp_scope_free(h->scope);
}

int
hold(const struct hold_options *options)
{
	struct hold h = { .o = options, .spec = options->spec };
	struct rsp_why why = { 0 };

	if (watch(&h, &why) || prepare(&h, &why)) {
		h.status = rsp_cli_fail(&why);
		clean_up(&h);
		return h.status;
	}
	cmd_status_systemd(!rsp_cli.command || options->ready == WRAP_READY_NOW ? "looking for a registrar"
										: "waiting until the command is ready");
	if (!rsp_cli.command || options->ready == WRAP_READY_NOW)
		join(&h);
	else if (start_command(&h, &why))
		no_command(&h, &why);
	while (h.phase != DONE)
		rsp_loop_run(h.loop);
	clean_up(&h);
	return options->batch ? hold_partial(&h) : h.status;
}
