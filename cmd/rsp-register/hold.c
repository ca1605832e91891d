#include "hold.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../session.h"
#include "../systemd.h"
#include "base/log.h"
#include "base/rng.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/message_json.h"
#include "cli/options.h"
#include "net/loop.h"
#include "say.h"

enum phase {
	PREPARE, /* the command starts */
	JOIN,	 /* nothing is registered yet */
	HOLD,
	LEAVE, /* deregistrations are on their way */
	DRAIN, /* the command serves those who still know it */
	STOP,  /* the command is to end */
	DONE
};

struct hold {
	const struct hold_options *o;
	struct rsp_loop *loop;
	struct rsp_scope *scope, *newer; /* @newer: as read at the last SIGHUP */
	struct rsp_tls *tls;
	struct rsp_trace *trace;
	struct rsp_session *session;
	json_t *registrar; /* in the last record that had one */
	struct wrap *wrap;
	struct rsp_reader *reader;
	struct rsp_alarm *drain;
	struct rsp_signal *signals[3];
	struct rsp_rng rng;
	enum phase phase;
	int status;
	struct cmd_complaints complaints; /* of registrars, while there is none */
	bool missing;	  /* there is none, and that was said */
	bool failed;	  /* @status is a failure of ours, and said */
	bool registered;  /* something was, once */
	unsigned stop_signals;

	struct element_spec spec;
	struct rsp_pool_element pe; /* the one element, if it is no batch */
	uint8_t room[ELEMENT_ROOM];
	unsigned lines, held, bad, rejected; /* of a batch */
	struct batch_lines origins;
	bool read_all;
};

static void left(struct hold *h);

/* Records. */

/** What an event's record has beside the element: NULL and 0 where nothing is said. */
struct facts {
	const struct rsp_client_event *event;
	bool failed;
	const char *reason;
	bool ended; /* the command, with @status or by @signum */
	int status, signum;
};

/* The one in charge; the one that was, if it is lost now. */
static json_t *
registrar_json(struct hold *h, const struct rsp_client_event *event)
{
	json_t *now = h->session ? cmd_registrar_json(h->session, true) : json_null();
	bool gone = event && event->type == RSP_CLIENT_HOME_LOST;

	if (json_is_null(now) && gone && h->registrar) {
		json_decref(now);
		return json_incref(h->registrar);
	}
	if (!json_is_null(now)) {
		json_decref(h->registrar);
		h->registrar = json_incref(now);
	}
	return now;
}

static void
emit(struct hold *h, const char *name, const struct facts *facts)
{
	const struct rsp_client_event *event = facts->event;
	struct rsp_bytes handle = event && event->handle.n ? event->handle : h->o->handle;
	uint32_t pe_id = event && event->pe_id ? event->pe_id : h->pe.pe_id;
	uint16_t cause = event ? event->cause : RSP_CAUSE_NONE;
	json_t *record = rsp_json_record("rsp.register/1", !facts->failed);

	rsp_json_put(&record, "event", json_string(name));
	if (handle.n) {
		rsp_json_put_handle(&record, handle);
	} else {
		rsp_json_put(&record, "handle", json_null());
		rsp_json_put(&record, "handle_hex", json_null());
	}
	rsp_json_put(&record, "pe_id", pe_id ? rsp_json_id(pe_id) : json_null());
	rsp_json_put(&record, "registrar", registrar_json(h, event));
	int32_t lifetime_s = event && event->lifetime_s ? event->lifetime_s : h->pe.lifetime_s;
	rsp_json_put(&record, "lifetime_s", lifetime_s ? json_integer(lifetime_s) : json_null());
	rsp_json_put(&record, "rtt_ms", event && event->tries ? json_real(event->rtt_ms) : json_null());
	rsp_json_put(&record, "cause", rsp_cli_cause_json(cause));
	rsp_json_put(&record, "reason", rsp_json_text(facts->reason));
	bool exited = facts->ended && !facts->signum;
	rsp_json_put(&record, "exit_status", exited ? json_integer(facts->status) : json_null());
	rsp_json_put(&record, "signal", facts->signum ? json_integer(facts->signum) : json_null());
	(void)rsp_json_emit(record); /* an element does not leave its pool because a disk is full */
}

static const char *
object_of(const struct hold *h)
{
	return h->o->pool ? h->o->pool : "batch";
}

/* Without a registrar. */

/* No registrar is of use. What was registered is lost, which is a record; what waits to be is told of to people only. */
static void
on_missing(struct hold *h, const struct rsp_client_event *event)
{
	if (event->type == RSP_CLIENT_HOME_LOST && h->registered) {
		emit(h, "lost", &(struct facts){ .event = event, .failed = true, .reason = event->why->reason });
		rsp_log(RSP_LOG_WARNING, object_of(h), "lost %s: %s; looking for a registrar", event->why->object,
			event->why->reason);
	} else if (h->registered || rsp_cli.wait) {
		cmd_complain(&h->complaints, event->why);
	} else {
		return;
	}
	h->missing = true;
}

/* The registrar removed the element, and nobody asked it to. */
static void
on_expired(struct hold *h, const struct rsp_client_event *event)
{
	char home[RSP_CLIENT_SERVER_TEXT_MAX];

	emit(h, "lost", &(struct facts){ .event = event, .failed = true, .reason = "removed by the registrar" });
	rsp_log(RSP_LOG_WARNING, object_of(h), "removed by %s; registering again", cmd_home_text(h->session, home));
	h->missing = true;
}

/* After all that was said of its absence, that there is one again. */
static void
found(struct hold *h)
{
	char home[RSP_CLIENT_SERVER_TEXT_MAX];

	if (!h->missing)
		return;
	rsp_log(RSP_LOG_WARNING, object_of(h), "registered with %s", cmd_home_text(h->session, home));
	h->missing = false;
	h->complaints.n = 0;
}

/* The end. */

static void
finish(struct hold *h)
{
	h->phase = DONE;
	rsp_loop_stop(h->loop);
}

static void
stop_command(struct hold *h)
{
	h->phase = STOP;
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
	if (h->reader)
		rsp_reader_pause(h->reader, true);
	rsp_session_set_timeout(h->session, rsp_cli.timeout_ms);
	rsp_session_deregister_all(h->session);
	if (h->phase == LEAVE && all_left(h))
		left(h);
}

/* Say @why, once, and end: what is registered is deregistered, the command is stopped. */
static void
fail(struct hold *h, const struct rsp_why *why)
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
	emit(h, "child-exit",
	     &(struct facts){ .ended = true, .status = status, .signum = signum, .failed = early,
			      .reason = early ? why.reason : NULL });
	if (!early && h->phase < LEAVE) {
		char how[RSP_REASON_MAX];
		say_ended(status, signum, how);
		rsp_log(RSP_LOG_WARNING, rsp_cli.command[0], "%s", how);
	}
	if (unasked) /* and if it says that all is well, that is still no success */
		fail(h, &why);
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
	fail(h, &why);
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
	fail(h, why);
	h->status = why->err == RSP_ENOTFOUND ? 127 : why->err == RSP_EPERMS ? 126 : 125;
}

/* Joining. */

static void
add(struct hold *h, struct rsp_bytes handle, const struct rsp_pool_element *pe, struct rsp_why *why)
{
	enum rsp_err err = rsp_session_register(h->session, handle, pe);

	if (!err)
		h->held++;
	else
		(void)rsp_fail(why, err, "", "cannot register: %s",
			       err == RSP_EEXISTS ? "the identifier is taken in this batch" : rsp_err_text(err));
}

/* A line that is no good is said, and the others go on. */
static void
on_line(void *ctx, struct rsp_bytes line)
{
	struct hold *h = ctx;
	struct element_spec spec = h->o->spec;
	struct rsp_pool_element pe;
	uint8_t room[ELEMENT_ROOM], *octets = NULL;
	struct rsp_why why = { 0 };
	size_t size = 0;

	h->lines++;
	if (line.n == 0 || h->phase >= LEAVE)
		return;
	if (h->held >= BATCH_MAX)
		(void)rsp_fail(&why, RSP_ELIMIT, NULL, "more than %d elements", BATCH_MAX);
	else if (batch_line(line, &spec, h->o->handle, &octets, &size, &why) == RSP_OK) {
		if (!spec.pe_id)
			spec.pe_id = rsp_rng_id(&h->rng);
		if (element_make(&spec, room, &pe, &why) == RSP_OK) {
			batch_note(&h->origins, rsp_bytes_of(octets, size), pe.pe_id, h->lines);
			add(h, rsp_bytes_of(octets, size), &pe, &why);
		}
	}
	free(octets);
	if (why.err) {
		struct rsp_why place;
		(void)rsp_fail(&place, why.err == RSP_EUSAGE ? RSP_ECONFIG : why.err, "", "%s%s%s", why.object,
			       *why.object ? ": " : "", why.reason);
		(void)snprintf(place.object, sizeof(place.object), "stdin:%u", h->lines);
		(void)rsp_cli_fail(&place);
		h->bad++;
	}
}

/* Whether a batch has anything left to hold once it was read. */
static void
check_batch(struct hold *h)
{
	struct rsp_why why;

	if (!h->read_all || h->phase >= LEAVE || h->held > h->rejected)
		return;
	if (h->rejected > 0)
		(void)rsp_fail(&why, RSP_EREJECTED, "stdin", "all elements were rejected or displaced");
	else
		(void)rsp_fail(&why, RSP_ECONFIG, "stdin", "no element to register");
	why.cause = RSP_CAUSE_NONE;
	fail(h, &why);
}

static void
on_read_all(void *ctx, const struct rsp_why *why)
{
	struct hold *h = ctx;

	h->read_all = true;
	if (why && why->err)
		fail(h, why);
	check_batch(h);
}

static void
join(struct hold *h)
{
	static const struct rsp_reader_events events = { .line = on_line, .end = on_read_all };
	struct rsp_why why = { 0 };
	enum rsp_err err;

	h->phase = JOIN;
	rsp_session_set_timeout(h->session, rsp_cli.wait && !rsp_cli.timeout_given ? 0 : rsp_cli.timeout_ms);
	if (h->o->batch) {
		err = rsp_reader_new(h->loop, STDIN_FILENO, BATCH_LINE_MAX, &events, h, &h->reader);
		if (err)
			(void)rsp_fail(&why, err, "stdin", "cannot read: %s", rsp_err_text(err));
	} else {
		add(h, h->o->handle, &h->pe, &why);
		(void)snprintf(why.object, sizeof(why.object), "%s", object_of(h));
	}
	if (why.err)
		fail(h, &why);
}

static void
on_registered(struct hold *h, const struct rsp_client_event *event)
{
	bool first = !h->registered;
	struct rsp_why why;

	h->registered = true;
	emit(h, "registered", &(struct facts){ .event = event });
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
	emit(h, "rejected", &(struct facts){ .event = event, .failed = true, .reason = reason });
	h->rejected++;
	if (h->o->batch) {
		batch_complain(&h->origins, event->handle, event->pe_id, reason);
		check_batch(h);
		return;
	}
	(void)rsp_fail(&why, RSP_EREJECTED, object_of(h), "the registrar answers: %.200s%s",
		       reason, /* and no more: RFC 5354 has no room for it */
		       event->cause == RSP_CAUSE_SECURITY ? " (its record tells which rule; see REFUSALS in rsp-register(1))"
							  : "");
	why.cause = event->cause;
	fail(h, &why);
}

/* Another process took the place. It is not taken back, or this would go on for ever; nor is it given up for the other. */
static void
on_displaced(struct hold *h, const struct rsp_client_event *event)
{
	static const char reason[] = "another process has registered this identifier with the same key";
	struct rsp_why why;

	emit(h, "displaced", &(struct facts){ .event = event, .failed = true, .reason = reason });
	if (h->o->batch) {
		batch_complain(&h->origins, event->handle, event->pe_id, reason);
		h->rejected++;
		check_batch(h);
		return;
	}
	(void)rsp_fail(&why, RSP_ELOST, object_of(h), "%s", reason);
	why.cause = event->cause;
	fail(h, &why);
}

/* What was asked for is done as far as it can be: RFC 5352 s.3.2. */
static void
expires(struct hold *h, const struct rsp_client_event *event)
{
	const char *reason = event->why->reason;

	if (!h->registered)
		return;
	rsp_log(RSP_LOG_WARNING, object_of(h), "not deregistered, it expires: %s", reason);
	emit(h, "deregistered", &(struct facts){ .event = event, .failed = true, .reason = reason });
}

static void
on_gave_up(struct hold *h, const struct rsp_client_event *event)
{
	const struct rsp_why *why = event->why;
	struct rsp_why lost;

	if (h->phase == JOIN) {
		fail(h, why);
		if (h->phase == LEAVE)
			left(h); /* who did not answer the registration is told, if he is there, but not waited for again */
		return;
	}
	if (h->phase == LEAVE) {
		expires(h, event);
		left(h);
		return;
	}
	(void)rsp_fail(&lost, RSP_ELOST, object_of(h), "no registrar for too long: %s", why->reason);
	h->status = rsp_cli_fail_attempts(&lost, cmd_attempts_json(h->session));
	h->failed = true;
	h->phase = LEAVE;
	left(h); /* there is nobody to tell */
}

static void
on_deregistered(struct hold *h, const struct rsp_client_event *event)
{
	if (h->registered && event->tries > 0)
		emit(h, "deregistered", &(struct facts){ .event = event, .failed = event->cause != RSP_CAUSE_NONE });
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
		emit(h, "renewed", &facts);
		break;
	case RSP_CLIENT_REREGISTERED:
		emit(h, "reregistered", &facts);
		found(h);
		break;
	case RSP_CLIENT_KEEPALIVE:
		emit(h, "keepalive", &facts);
		break;
	case RSP_CLIENT_HOME:
		if (event->changed && h->registered)
			emit(h, "home-changed", &facts);
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

static enum rsp_err
make_tls(const struct rsp_scope *scope, struct rsp_tls **ret, struct rsp_why *why)
{
	*ret = NULL;
	return scope && !rsp_cli.plaintext ? cmd_tls_new(scope, ret, why) : RSP_OK;
}

static enum rsp_err
reload_keys(struct hold *h, struct rsp_why *why)
{
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = NULL;
	RSP_AUTO(rsp_tls_unref) struct rsp_tls *tls = NULL;
	enum rsp_err err = cmd_scope_load(true, &scope, why);

	if (!err)
		err = make_tls(scope, &tls, why);
	if (!err && tls)
		err = rsp_session_reload(h->session, scope, tls, why);
	if (err)
		return err;
	rsp_scope_free(h->newer);
	h->newer = RSP_TAKE(scope);
	return RSP_OK;
}

/* What is wrong leaves what there was in force. */
static void
reload(struct hold *h)
{
	char reason[RSP_OBJECT_MAX + RSP_REASON_MAX + 2];
	struct rsp_why why = { 0 };
	enum rsp_err err = reload_keys(h, &why);

	if (!err)
		err = element_read_load(&h->spec, h->o->load_file, &why);
	if (!err && h->o->load_file)
		err = element_make(&h->spec, h->room, &h->pe, &why);
	if (!err && h->o->load_file && h->registered) {
		err = rsp_session_update(h->session, h->o->handle, &h->pe);
		if (err)
			(void)rsp_fail(&why, err, object_of(h), "cannot update: %s", rsp_err_text(err));
	}
	bool chosen = rsp_cli.n_servers > 0 || !h->scope || !h->newer; /* then the scope's are not asked anyway */
	bool hint = !err && !chosen && say_new_registrars(h->scope, h->newer, why.reason);
	(void)snprintf(reason, sizeof(reason), "%s%s%s", err ? why.object : "", err ? ": " : "", why.reason);
	if (err)
		rsp_log(RSP_LOG_ERROR, why.object, "%s: not reloaded", why.reason);
	else if (hint)
		rsp_log(RSP_LOG_WARNING, h->newer->dir, "registrars that are new in scope.json, or elsewhere, are %s",
			reason);
	emit(h, "reloaded", &(struct facts){ .failed = err != RSP_OK, .reason = err || hint ? reason : NULL });
}

static void
on_signal(void *ctx, int signum)
{
	struct hold *h = ctx;

	if (signum == SIGHUP) {
		if (h->phase < LEAVE)
			reload(h);
		return;
	}
	if (h->stop_signals++ == 0) {
		leave(h);
	} else if (wrap_running(h->wrap)) {
		stop_command(h);
	} else if (h->phase != DONE) {
		h->status = 128 + signum;
		h->failed = true;
		finish(h);
	}
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
		err = make_tls(h->scope, &h->tls, why);
	if (err)
		return err;
	cmd_session_config(h->scope, true, &config);
	config.tls = h->tls;
	config.timeout_ms = 0; /* it begins with the registration */
	config.max_outage_ms = h->o->max_outage_ms;
	config.persistent = true;
	config.listen = !h->o->no_listen;
	config.listen_on = h->o->listen_on;
	err = cmd_trace_open(&config.trace, why);
	if (err)
		return err;
	h->trace = config.trace;
	err = rsp_session_new(h->loop, &config, on_event, h, &h->session, why);
	if (!err)
		cmd_log_listening(h->session);
	return err;
}

static enum rsp_err
watch(struct hold *h, struct rsp_why *why)
{
	static const int signums[RSP_COUNT(h->signals)] = { SIGTERM, SIGINT, SIGHUP };
	enum rsp_err err = rsp_loop_new(&h->loop);

	for (unsigned i = 0; !err && i < RSP_COUNT(signums); i++)
		err = rsp_signal_new(h->loop, signums[i], on_signal, h, &h->signals[i]);
	if (!err)
		err = rsp_alarm_new(h->loop, drained, h, &h->drain);
	return err ? rsp_fail(why, err, "event loop", "%s", rsp_err_text(err)) : RSP_OK;
}

static void
clean_up(struct hold *h)
{
	json_decref(h->registrar);
	free(h->origins.origin);
	wrap_free(h->wrap);
	rsp_reader_free(h->reader);
	rsp_alarm_free(h->drain);
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

static int
partial(const struct hold *h)
{
	struct rsp_why why;

	if (h->failed || h->bad + h->rejected == 0)
		return h->status;
	char lines[64] = "", elements[64] = "";

	if (h->bad)
		(void)snprintf(lines, sizeof(lines), "%u line%s no good", h->bad, h->bad == 1 ? " was" : "s were");
	if (h->rejected)
		(void)snprintf(elements, sizeof(elements), "%u element%s refused or displaced", h->rejected,
			       h->rejected == 1 ? " was" : "s were");
	(void)rsp_fail(&why, RSP_EPARTIAL, "stdin", "%s%s%s", lines, *lines && *elements ? ", " : "", elements);
	return rsp_cli_fail(&why);
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
	if (!rsp_cli.command || options->ready == WRAP_READY_NOW)
		join(&h);
	else if (start_command(&h, &why))
		no_command(&h, &why);
	while (h.phase != DONE)
		rsp_loop_run(h.loop);
	clean_up(&h);
	return options->batch ? partial(&h) : h.status;
}
