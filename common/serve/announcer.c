#include "serve/announcer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "net/alarm.h"
#include "net/loop.h"
#include "proto/message.h"

#define T6_MS  1000
#define JITTER 10 /* percent */

/* N of RFC 5352 s.3.6: with more registrars, each announces itself less often. RFC deviation: N is three at most,
 * because an announcement has to come before T7, which is five times T6, makes clients forget the last one; and because
 * any host can invent registrars and could so delay the announcements of real registrars (RFC 5355 s.2.12). */
#define OTHERS_MAX    3
#define OTHERS_FOR_T6 5 /* another registrar counts for so many T6 after its last announcement */

enum state { STATE_NEW, STATE_GOOD, STATE_BAD };

struct rsp_announcer {
	struct rsp_announcer_config config;
	struct rsp_alarm *t6;
	struct rsp_rng rng;
	struct rsp_announce_sender *sender[RSP_ANNOUNCER_TO_MAX];
	/* listen to the multicast groups, to count other registrars */
	struct rsp_announce_listener *ears[RSP_ANNOUNCER_TO_MAX];
	enum state state[RSP_ANNOUNCER_TO_MAX];
	struct {
		uint32_t server_id;
		uint64_t heard_ms;
	} other[OTHERS_MAX];
};

static unsigned
add(struct rsp_ip *list, unsigned n, const struct rsp_ip *ip)
{
	for (unsigned i = 0; i < n; i++)
		if (rsp_ip_equal(&list[i], ip))
			return n;
	list[n] = *ip;
	return n + 1;
}

/* The addresses to announce to destination @i: where we listen, or our source address on the route there. */
static enum rsp_err
addresses(struct rsp_announcer *a, unsigned i, struct rsp_ip *ret, unsigned *ret_n, struct rsp_why *why)
{
	const struct rsp_announcer_config *config = &a->config;
	struct rsp_ip ip = config->ip;
	char object[RSP_ANNOUNCE_TEXT_MAX];
	unsigned n = 0;

	if (rsp_ip_kind(&ip) == RSP_IP_UNSPECIFIED) {
		enum rsp_err err = rsp_announce_source(a->sender[i], &ip, why);

		if (err)
			return err;
	}
	bool served = ip.family == 4 || config->ip.family == 6; /* [::] takes IPv4 as well */
	if (served && !rsp_ip_unfit(&ip))
		n = add(ret, n, &ip);
	for (unsigned k = 0; k < config->n_more; k++)
		n = add(ret, n, &config->more[k]);
	*ret_n = n;
	if (n > 0)
		return RSP_OK;
	rsp_announce_format(&config->to[i], object);
	return rsp_fail(why, RSP_EUNREACHABLE, object, "this host has no address to announce there");
}

/* RFC 5352 s.2.2.10 */
static enum rsp_err
compose(const struct rsp_announcer *a, const struct rsp_ip *ip, unsigned n, uint8_t *out, size_t *ret_size)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_SERVER_ANNOUNCE,
				   .has = RSP_HAS_LIST,
				   .server_id = a->config.server_id,
				   .n_list = n };
	uint8_t list[RSP_ANNOUNCE_MAX], room[RSP_ADDRS_ROOM(1)];
	struct rsp_wr wr = rsp_wr_init(list, sizeof(list));
	size_t size = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rsp_transport transport = { .type = RSP_PARAM_TCP, .port = a->config.port };

		rsp_transport_set_ips(&transport, &ip[i], 1, room);
		rsp_transport_encode(&wr, &transport);
	}
	enum rsp_err err = rsp_wr_end(&wr, &size);
	if (err)
		return err;
	msg.list = rsp_bytes_of(list, size);
	return rsp_message_encode(&msg, out, RSP_ANNOUNCE_MAX, ret_size);
}

static void
announce(struct rsp_announcer *a, unsigned i)
{
	struct rsp_ip ip[RSP_ANNOUNCER_ADDRESSES_MAX];
	uint8_t octets[RSP_ANNOUNCE_MAX];
	struct rsp_why why = { 0 };
	unsigned n = 0;
	size_t size = 0;
	enum rsp_err err = addresses(a, i, ip, &n, &why);

	if (!err) {
		err = compose(a, ip, n, octets, &size);
		if (err)
			(void)rsp_fail(&why, err, "announcement", "%s", rsp_err_text(err));
	}
	if (!err)
		err = rsp_announce_send(a->sender[i], rsp_bytes_of(octets, size), &why);
	enum state now = err ? STATE_BAD : STATE_GOOD;
	if (now == a->state[i])
		return;
	a->state[i] = now;
	a->config.state(a->config.ctx, &a->config.to[i], ip, err ? 0 : n, err ? &why : NULL);
}

static unsigned
count_others(const struct rsp_announcer *a)
{
	uint64_t now = rsp_clock_ms(), window_ms = (uint64_t)OTHERS_FOR_T6 * a->config.t6_ms;
	unsigned n = 0;

	for (size_t i = 0; i < OTHERS_MAX; i++)
		n += a->other[i].server_id && now - a->other[i].heard_ms < window_ms;
	return n;
}

static void
on_t6(void *ctx)
{
	struct rsp_announcer *a = ctx;
	uint64_t interval_ms = (uint64_t)(count_others(a) + 1) * a->config.t6_ms;

	rsp_alarm_in(a->t6, rsp_rng_jitter(&a->rng, interval_ms, JITTER));
	if (a->config.serves && !a->config.serves(a->config.ctx))
		return;
	for (unsigned i = 0; i < a->config.n_to; i++)
		announce(a, i);
}

/* Note an announcement of another registrar, which is not authenticated. Only OTHERS_MAX of them are counted. */
static void
on_heard(void *ctx, const struct rsp_sockaddr *from, struct rsp_bytes datagram)
{
	struct rsp_announcer *a = ctx;
	struct rsp_message msg;
	size_t at = 0;

	(void)from;
	if (rsp_message_decode(RSP_ASAP, datagram, &msg, NULL) || msg.type != ASAP_SERVER_ANNOUNCE ||
	    msg.server_id == 0 || msg.server_id == a->config.server_id)
		return;
	for (size_t i = 0; i < OTHERS_MAX; i++) {
		if (a->other[i].server_id == msg.server_id) {
			at = i;
			break;
		}
		if (a->other[i].heard_ms < a->other[at].heard_ms)
			at = i;
	}
	a->other[at].server_id = msg.server_id;
	a->other[at].heard_ms = rsp_clock_ms();
}

static enum rsp_err
begin(struct rsp_announcer *a, struct rsp_loop *loop, struct rsp_why *why)
{
	enum rsp_err err = rsp_rng_os(&a->rng);

	if (!err)
		err = rsp_alarm_new(loop, on_t6, a, &a->t6);
	if (err)
		return rsp_fail(why, err, "announcements", "%s", rsp_err_text(err));
	for (unsigned i = 0; !err && i < a->config.n_to; i++) {
		const struct rsp_announce_at *to = &a->config.to[i];

		err = rsp_announce_sender_new(to, &a->sender[i], why);
		if (!err && rsp_announce_is_group(to))
			err = rsp_announce_listen(loop, to, on_heard, a, &a->ears[i], why);
	}
	if (!err)
		rsp_alarm_in(a->t6, 0);
	return err;
}

enum rsp_err
rsp_announcer_new(struct rsp_loop *loop, const struct rsp_announcer_config *config, struct rsp_announcer **ret,
		  struct rsp_why *why)
{
	struct rsp_announcer *a = calloc(1, sizeof(*a));

	if (!a)
		return rsp_fail(why, RSP_ENOMEM, "announcements", "%s", rsp_err_text(RSP_ENOMEM));
	a->config = *config;
	a->config.t6_ms = config->t6_ms ? config->t6_ms : T6_MS;
	enum rsp_err err = begin(a, loop, why);
	if (err) {
		rsp_announcer_free(a);
		return err;
	}
	*ret = a;
	return RSP_OK;
}

void
rsp_announcer_now(struct rsp_announcer *a)
{
	if (a)
		rsp_alarm_in(a->t6, 0);
}

void
rsp_announcer_set_id(struct rsp_announcer *a, uint32_t server_id)
{
	if (a)
		a->config.server_id = server_id;
}

void
rsp_announcer_free(struct rsp_announcer *a)
{
	if (!a)
		return;
	for (unsigned i = 0; i < a->config.n_to; i++) {
		rsp_announce_sender_free(a->sender[i]);
		rsp_announce_listener_free(a->ears[i]);
	}
	rsp_alarm_free(a->t6);
	free(a);
}
