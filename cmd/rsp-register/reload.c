#include <stdio.h>

#include "tool/systemd.h"
#include "base/log.h"
#include "cli/json.h"
#include "cli/options.h"
#include "hold_priv.h"
#include "say.h"

enum rsp_err
hold_make_tls(const struct rsp_scope *scope, struct rsp_tls **ret, struct rsp_why *why)
{
	*ret = NULL;
	return scope && !rsp_cli.plaintext ? cmd_tls_new(scope, ret, why) : RSP_OK;
}

/* @ret_added has the names of registrars that were not there before, or elsewhere; "" for none. */
static enum rsp_err
reload_scope(struct hold *h, char ret_added[static RSP_REASON_MAX], struct rsp_why *why)
{
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = NULL;
	RSP_AUTO(rsp_tls_unref) struct rsp_tls *tls = NULL;
	const struct rsp_scope *before = h->newer ? h->newer : h->scope;
	enum rsp_err err = cmd_scope_load(true, &scope, why);

	if (!err)
		err = hold_make_tls(scope, &tls, why);
	if (!err && scope)
		err = rsp_session_reload(h->session, scope, tls, why);
	if (err)
		return err;
	if (scope && before && rsp_cli.n_servers == 0) /* else the scope's are not asked anyway */
		say_new_registrars(before, scope, ret_added);
	rsp_scope_free(h->newer);
	h->newer = RSP_TAKE(scope);
	return RSP_OK;
}

/* Read the scope, the load file and the output again. A file that cannot be read leaves what it said before in force. */
void
hold_reload(struct hold *h)
{
	char reason[RSP_OBJECT_MAX + RSP_REASON_MAX + 2];
	char added[RSP_REASON_MAX] = "";
	struct rsp_why why = { 0 };

	cmd_tell_systemd("RELOADING=1");
	struct rsp_why output = { 0 };
	enum rsp_err unopened = rsp_cli_output_reopen(&output); /* no reason to keep keys that were taken away */
	enum rsp_err err = reload_scope(h, added, &why);
	if (!err)
		err = element_read_load(&h->spec, h->o->load_file, &why);
	if (!err && h->o->load_file)
		err = element_make(&h->spec, h->room, &h->pe, &why);
	if (!err && h->o->load_file && h->registered) {
		err = rsp_session_update(h->session, h->o->handle, &h->pe);
		if (err)
			(void)rsp_fail(&why, err, hold_object(h), "cannot update: %s", rsp_err_text(err));
	}
	if (!err && unopened) {
		err = unopened;
		why = output;
	}
	(void)snprintf(reason, sizeof(reason), "%s%s%s", err ? why.object : added, err ? ": " : "",
		       err ? why.reason : "");
	if (err)
		rsp_log(RSP_LOG_ERROR, why.object, "%s: not reloaded", why.reason);
	else if (*added)
		rsp_log(RSP_LOG_INFO, h->newer->dir, "%s", added);
	hold_emit(h, "reloaded", &(struct facts){ .failed = err != RSP_OK, .reason = *reason ? reason : NULL });
	if (h->registered) /* else what it waits for is still to come */
		cmd_tell_systemd("READY=1");
}
