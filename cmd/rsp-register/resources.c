#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/fail.h"
#include "cli/options.h"
#include "membership_priv.h"
#include "net/alarm.h"
#include "net/bind_wait.h"
#include "net/child.h"
#include "net/lines.h"
#include "net/signal.h"
#include "tool/systemd.h"

static enum rsp_err
set_up_watches(struct membership *m, const struct membership_callbacks *callbacks, struct rsp_why *why)
{
	static const int signums[RSP_COUNT(m->watches.signals)] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	unsigned n = RSP_COUNT(signums) - (rsp_cli.command ? 1 : 0);
	struct membership_watches *w = &m->watches;
	enum rsp_err err = rsp_loop_new(&w->loop);

	if (!rsp_cli.command)
		tool_signals_ignore();
	else if (!err)
		err = tool_signals_catch(w->loop, callbacks->other_signal, m, &w->forwarded);
	for (unsigned i = 0; !err && i < n; i++)
		err = rsp_signal_new(w->loop, signums[i], callbacks->signal, m, &w->signals[i]);
	if (!err)
		err = rsp_alarm_new(w->loop, callbacks->drained, m, &w->drain);
	if (!err)
		err = rsp_child_reap_all(w->loop);
	if (!err)
		err = tool_systemd_watchdog(w->loop, &w->watchdog);
	return err ? tool_startup_fail(err, why) : RSP_OK;
}

/* element_make() names the member of a batch's line; here the same word is an option. Returns the error of @why. */
static enum rsp_err
name_option(struct rsp_why *why)
{
	struct rsp_why was = *why;

	(void)snprintf(why->object, sizeof(why->object), "--%.200s", was.object);
	return why->err;
}

static enum rsp_err
set_up_element(struct membership *m, struct rsp_why *why)
{
	struct membership_element *e = &m->element;
	enum rsp_err err = element_read_load(&e->spec, m->options->load_file, why);

	e->random_id = !e->spec.pe_id && !m->options->pe_id_file;
	if (!err && element_make(&e->spec, e->room, &e->pe, why))
		err = name_option(why);
	if (!err)
		err = element_choose_id(&e->spec, m->options->pe_id_file, &m->rng, why);
	e->pe.pe_id = e->spec.pe_id;
	return err;
}

static enum rsp_err
set_up_access(struct membership *m, const struct membership_callbacks *callbacks, struct rsp_why *why)
{
	struct membership_access *access = &m->access;
	struct rsp_asap_client_config config;
	enum rsp_err err = tool_access_scope(true, &access->scope, why);

	if (!err)
		err = membership_make_tls(access->scope, &access->tls, why);
	if (err)
		return err;
	tool_session_config(access->scope, true, &config);
	config.tls = access->tls;
	config.timeout_ms = 0; /* set when the registration begins */
	config.max_outage_ms = m->options->max_outage_ms;
	config.persistent = true;
	config.listen = !m->options->no_listen;
	config.listen_on = m->options->listen_on;
	config.refused = membership_emit_refusal;
	config.refused_ctx = m;
	err = tool_startup_trace(&config.trace, why);
	if (err)
		return err;
	access->trace = config.trace;
	rsp_bind_wait(m->options->bind_wait_ms);
	err = rsp_asap_client_new(m->watches.loop, &config, callbacks->event, m, &access->session, why);
	if (!err)
		tool_session_log_listening(access->session);
	return err;
}

enum rsp_err
membership_set_up(struct membership *m, const struct membership_callbacks *callbacks, struct rsp_why *why)
{
	enum rsp_err err = set_up_watches(m, callbacks, why);

	if (!err && rsp_rng_os(&m->rng))
		err = rsp_fail(why, RSP_EIO, "random numbers", "the kernel gives none (getrandom)");
	if (!err && !m->options->batch)
		err = set_up_element(m, why);
	return err ? err : set_up_access(m, callbacks, why);
}

int
membership_clean_up(struct membership *m)
{
	struct membership_watches *w = &m->watches;
	struct membership_access *access = &m->access;

	json_decref(access->registrar);
	free(m->batch.origins.origin);
	wrap_free(m->wrap);
	rsp_lines_free(m->batch.reader);
	rsp_alarm_free(w->drain);
	rsp_alarm_free(w->watchdog);
	tool_signals_free(w->forwarded);
	if (access->session) {
		tool_session_log_heard(access->session);
		rsp_asap_client_free(access->session);
	}
	for (unsigned i = 0; i < RSP_COUNT(w->signals); i++)
		rsp_signal_free(w->signals[i]);
	if (w->loop)
		rsp_loop_run(w->loop); /* sends the queued output, then closes */
	rsp_loop_free(w->loop);
	int status = tool_startup_end_trace(access->trace, m->status);
	rsp_tls_unref(access->tls);
	rsp_scope_free(access->reloaded);
	rsp_scope_free(access->scope);
	return status;
}
