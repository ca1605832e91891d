#ifndef TESTS_UNIT_NET_KEY_H
#define TESTS_UNIT_NET_KEY_H

#include "base/clock.h"
#include "keys/psk.h"
#include "net_world.h"

/* Two ends that share one key, for tests of what goes over a connection: "a" dials "b" as an element. */

static struct rsp_tls *client_tls, *server_tls;

static inline void
make_tls(void)
{
	struct rsp_keyring *client = rsp_keyring_new(), *server = rsp_keyring_new();
	struct rsp_key key;

	CHECK_EQ(rsp_key_make(RSP_ROLE_ELEMENT, "a", "b", rsp_clock_wall_ms(), RSP_TIME_NEVER, &key), RSP_OK);
	CHECK_EQ(rsp_keyring_add(client, &key), RSP_OK);
	CHECK_EQ(rsp_keyring_add(server, &key), RSP_OK);
	CHECK_EQ(rsp_tls_new(&(struct rsp_tls_config){ .keyring = client, .me = "a" }, &client_tls, NULL), RSP_OK);
	CHECK_EQ(rsp_tls_new(&(struct rsp_tls_config){ .keyring = server, .me = "b" }, &server_tls, NULL), RSP_OK);
	rsp_keyring_unref(client);
	rsp_keyring_unref(server);
}

#endif
