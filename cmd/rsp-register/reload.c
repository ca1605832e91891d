#include <stdio.h>

#include "tool/systemd.h"
#include "base/log.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/output.h"
#include "membership_priv.h"
#include "say.h"

enum rsp_err
membership_make_tls(const struct rsp_scope *scope, struct rsp_tls **ret, struct rsp_why *why)
{
	*ret = NULL;
	return scope && !rsp_cli.plaintext ? tool_access_tls(scope, ret, why) : RSP_OK;
}

/* Read the scope again. @ret_added gets the names of registrars that are new or have a new address; "" for none. */
static enum rsp_err
reload_scope(struct membership *m, char ret_added[static RSP_REASON_MAX], struct rsp_why *why)
{
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = NULL;
	RSP_AUTO(rsp_tls_unref) struct rsp_tls *tls = NULL;
	const struct rsp_scope *before = m->access.reloaded ? m->access.reloaded : m->access.scope;
	enum rsp_err err = tool_access_scope(true, &scope, why);

	if (!err)
		err = membership_make_tls(scope, &tls, why);
	if (!err && scope)
		err = rsp_asap_client_reload(m->access.session, scope, tls, why);
	if (err)
		return err;
	if (scope && before && rsp_cli.n_servers == 0) /* with --server the registrars of the scope are not used */
		say_new_registrars(before, scope, ret_added);
	rsp_scope_free(m->access.reloaded);
	m->access.reloaded = RSP_TAKE(scope);
	return RSP_OK;
}

/* Read the scope, the load file and the output again. If a file cannot be read, its old content stays in force. */
void
membership_reload(struct membership *m)
{
	char reason[RSP_OBJECT_MAX + RSP_REASON_MAX + 2];
	char added[RSP_REASON_MAX] = "";
	struct rsp_why why = { 0 };

	tool_systemd_tell("RELOADING=1");
	struct rsp_why output = { 0 };
	enum rsp_err unopened = rsp_output_reopen(&output); /* the keys are read even if this fails */
	enum rsp_err err = reload_scope(m, added, &why);
	if (!err)
		err = element_read_load(&m->element.spec, m->options->load_file, &why);
	if (!err && m->options->load_file)
		err = element_make(&m->element.spec, m->element.room, &m->element.pe, &why);
	if (!err && m->options->load_file && m->registered) {
		err = rsp_asap_client_update(m->access.session, m->options->handle, &m->element.pe);
		if (err)
			(void)rsp_fail(&why, err, membership_object(m), "cannot update: %s", rsp_err_text(err));
	}
	if (!err && unopened) {
		err = unopened;
		why = output;
	}
	(void)snprintf(reason, sizeof(reason), "%s%s%s", err ? why.object : added, err ? ": " : "",
		       err ? why.reason : "");
	if (err)
		rsp_log(RSP_LOG_ERROR, why.object, "%s: not reloaded; what was read before stays in force", why.reason);
	else if (*added)
		rsp_log(RSP_LOG_INFO, m->access.reloaded->dir, "%s", added);
	membership_emit(m, "reloaded",
			&(struct membership_record){
				.failed = err != RSP_OK, .err = err, .reason = *reason ? reason : NULL });
	if (m->registered) /* before the first registration, READY=1 is still to come */
		tool_systemd_tell("READY=1");
}
