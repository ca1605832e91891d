#include "tool/object.h"

#include <stdio.h>

#include "cli/fail.h"
#include "cli/json.h"
#include "serve/asap_client.h"

static json_t *
text_or_null(const char *text)
{
	return rsp_json_text(text && *text ? text : NULL);
}

json_t *
tool_object_registrar(const struct tool_registrar *registrar)
{
	json_t *object = json_object();

	rsp_json_put(&object, "id", rsp_json_id_or_null(registrar->id));
	rsp_json_put(&object, "name", text_or_null(registrar->name));
	rsp_json_put(&object, "address", text_or_null(registrar->address));
	rsp_json_put(&object, "auth", json_string(registrar->secure ? registrar->auth : "none"));
	rsp_json_put(&object, "tls", text_or_null(registrar->tls));
	rsp_json_put(&object, "secure", json_boolean(registrar->secure));
	return object;
}

json_t *
tool_object_home(const struct rsp_asap_client *s, bool element)
{
	struct rsp_client_stats stats;
	struct rsp_asap_client_home home;

	rsp_asap_client_home(s, &home);
	rsp_asap_client_stats(s, &stats);
	if (!home.up)
		return json_null();
	return tool_object_registrar(&(struct tool_registrar){ .id = stats.home_server_id,
							       .name = home.server,
							       .address = home.address,
							       .tls = home.tls_version,
							       .auth = element ? "psk" : "certificate",
							       .secure = home.secure });
}

/* "ADDR:PORT" or "[V6]:PORT"; while no address is known, "HOST:PORT" as it was given. */
static void
format_address(const struct rsp_client_attempt *attempt, char *out, size_t room)
{
	char ip[RSP_IP_TEXT_MAX];

	rsp_ip_format(&attempt->ip, ip);
	(void)snprintf(out, room, attempt->ip.family == 6 ? "[%s]:%u" : "%s:%u", *ip ? ip : attempt->host,
		       (unsigned)attempt->port);
}

json_t *
tool_object_attempts(const struct rsp_asap_client *s)
{
	json_t *list = json_array();
	unsigned n = 0;
	const struct rsp_client_attempt *attempt = s ? rsp_asap_client_attempts(s, &n) : NULL;

	for (unsigned i = 0; i < n; i++) {
		char address[RSP_HOST_MAX + 16];

		format_address(&attempt[i], address, sizeof(address));
		rsp_json_append(&list, rsp_cli_attempt(attempt[i].name, address, rsp_client_step_name(attempt[i].step),
						       attempt[i].err, attempt[i].reason));
	}
	return list;
}

json_t *
tool_object_sockaddr(const struct rsp_sockaddr *address)
{
	char text[RSP_SOCKADDR_TEXT_MAX];

	if (!address)
		return json_null();
	rsp_sockaddr_format(address, text);
	return json_string(text);
}

json_t *
tool_object_address(const struct rsp_ip *ip, uint16_t port)
{
	char text[RSP_SOCKADDR_TEXT_MAX];

	if (ip->family == 0)
		return json_null();
	rsp_sockaddr_format_ip(ip, port, text);
	return json_string(text);
}

void
tool_object_put_handle(json_t **object, struct rsp_bytes handle)
{
	if (handle.n) {
		rsp_json_put_handle(object, handle);
		return;
	}
	rsp_json_put(object, "handle", json_null());
	rsp_json_put(object, "handle_hex", json_null());
}

void
tool_object_put_refusal(json_t **object, const char *remote, const struct rsp_why *why, uint64_t suppressed)
{
	rsp_json_put(object, "remote", rsp_json_text(remote));
	rsp_json_put(object, "key", json_string(rsp_err_key(why->err)));
	rsp_json_put(object, "reason", rsp_json_text(*why->reason ? why->reason : rsp_err_text(why->err)));
	rsp_json_put(object, "suppressed", rsp_json_count(suppressed));
}
