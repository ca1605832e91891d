#include <stdio.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/options.h"
#include "membership_priv.h"

enum rsp_err
membership_start_command(struct membership *m, const struct wrap_events *events, struct rsp_why *why)
{
	json_auto_t *pool = json_object(), *registrar = tool_object_home(m->access.session, true);
	const struct register_options *options = m->options;
	const struct membership_element *element = &m->element;
	char id[16];

	rsp_json_put_handle(&pool, options->handle);
	(void)snprintf(id, sizeof(id), "0x%08x", (unsigned)element->pe.pe_id);
	const struct wrap_variable env[] = {
		{ "RSP_PE_ID", id },
		{ "RSP_POOL_HEX", json_string_value(json_object_get(pool, "handle_hex")) },
		{ "RSP_POOL", json_string_value(json_object_get(pool, "handle")) },
		{ "RSP_REGISTRAR", json_string_value(json_object_get(registrar, "address")) },
		{ "RSP_REGISTRAR_ID", json_string_value(json_object_get(registrar, "id")) },
		{ NULL, NULL },
	};
	struct wrap_config config = {
		.command = rsp_cli.command,
		.out = rsp_cli.output ? STDOUT_FILENO : STDERR_FILENO, /* without --output, stdout is for records */
		.env = env,
		.ready = options->ready,
		.exec = options->ready_exec,
		.ip = element->spec.n_ips ? element->spec.ip[0] : (struct rsp_ip){ 0 },
		.port = element->spec.port,
		.ready_timeout_ms = options->ready_timeout_ms,
		.kill_after_ms = options->kill_after_ms,
	};
	return wrap_start(m->watches.loop, &config, events, m, &m->wrap, why);
}
