#include "engine/enrp/duplicate.h"

#include <string.h>

#include "engine/enrp/message.h"
#include "engine/enrp/server_id.h"

#define RECORD_DISTANCE_MS 60000 /* least time between two records about the same two registrars */

static struct rsp_same_name *
find_same_name(struct rsp_enrp *n, uint32_t id, uint32_t by)
{
	for (unsigned i = 0; i < RSP_SAME_NAMES_MAX; i++)
		if (n->same_name[i].id == id && n->same_name[i].by == by)
			return &n->same_name[i];
	return NULL;
}

void
rsp_duplicate_replaced(struct rsp_enrp *n, const struct rsp_peer *former, const struct rsp_peer *now)
{
	if (find_same_name(n, former->server_id, now->server_id))
		return;
	struct rsp_same_name *oldest = &n->same_name[n->n_same_names++ % RSP_SAME_NAMES_MAX];

	*oldest = (struct rsp_same_name){
		.id = former->server_id, .by = now->server_id, .since_ms = n->core->now_ms
	};
}

bool
rsp_duplicate_both_run(const struct rsp_enrp *n, const struct rsp_peer *a, const struct rsp_peer *b)
{
	for (unsigned i = 0; i < RSP_SAME_NAMES_MAX; i++) {
		const struct rsp_same_name *one = &n->same_name[i];

		if (one->both_run && ((one->id == a->server_id && one->by == b->server_id) ||
				      (one->id == b->server_id && one->by == a->server_id)))
			return true;
	}
	return false;
}

static bool
may_record(struct rsp_enrp *n, struct rsp_same_name *one)
{
	uint64_t subject = (uint64_t)one->id << 32 | one->by;

	one->both_run = true;
	return rsp_limiter_pass(&n->once, subject, RSP_ENRP_ONCE_SAME_NAME, RECORD_DISTANCE_MS, n->core->now_ms);
}

static void
record_peers(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_peer *peer, uint32_t by_id)
{
	struct rsp_event event = { .kind = RSP_EVENT_DUPLICATE_NAME,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = RSP_REASON_NAME_OF_ANOTHER,
				   .peer_id = peer->server_id,
				   .peer_name = peer->name,
				   .by_id = by_id };

	rsp_core_record(n->core, link, event);
}

/* Whether all messages have arrived that the first registrar sent before its server id was declared dead. */
static bool
last_messages_arrived(const struct rsp_enrp *n, const struct rsp_same_name *one)
{
	return n->core->now_ms - one->since_ms >= 2 * (uint64_t)n->core->config.max_time_no_response_ms;
}

void
rsp_duplicate_heard(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer)
{
	for (unsigned i = 0; i < RSP_SAME_NAMES_MAX; i++) {
		struct rsp_same_name *one = &n->same_name[i];

		if (one->id != peer->server_id || !last_messages_arrived(n, one))
			continue;
		const struct rsp_peer *other = rsp_peer_find(n, one->by);
		if (!other || !rsp_peer_link(other))
			continue;
		if (!link->dialled && !peer->link_in)
			/* retire_old_ids() cleared it, because the other peer seemed to be this one after a restart */
			peer->link_in = link->id;
		if (may_record(n, one))
			record_peers(n, link, peer, other->server_id);
	}
}

static bool
is_local_of(const struct rsp_core *core, uint32_t link_id, const struct rsp_ip *ip)
{
	const struct rsp_link *link = link_id ? rsp_link_find(core, link_id) : NULL;

	return link && rsp_ip_equal(ip, &link->info.local);
}

/* Whether @ip is the local address of a connection to another registrar. A walk over all links would take too long for
 * each message. */
static bool
is_local(const struct rsp_enrp *n, const struct rsp_ip *ip)
{
	for (unsigned i = 0; i < n->n_peers; i++)
		if (is_local_of(n->core, n->peer[i]->link_in, ip))
			return true;
	for (unsigned i = 0; i < n->n_contacts; i++)
		if (is_local_of(n->core, n->contact[i]->link, ip))
			return true;
	return false;
}

/* Whether this registrar says of itself that it can be dialled at @ip and @port. */
static bool
is_our_address(const struct rsp_enrp *n, const struct rsp_ip *ip, uint16_t port)
{
	const struct rsp_registrar_config *config = &n->core->config;

	return port == config->enrp_port &&
	       (config->enrp_ip.family ? rsp_ip_equal(ip, &config->enrp_ip) : is_local(n, ip));
}

/* Whether a registrar with our server id, of that @name, @ip and @port, is this one. In plain text, names are not
 * authenticated. */
static bool
is_us(const struct rsp_enrp *n, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port)
{
	const struct rsp_core *core = n->core;

	if (core->name && !core->config.insecure)
		return name.n == 0 || rsp_bytes_equal(name, rsp_bytes_str(core->name));
	return is_our_address(n, ip, port);
}

static void
record_our_name(struct rsp_enrp *n, uint32_t id, const struct rsp_ip *ip, uint16_t port)
{
	const struct rsp_core *core = n->core;
	struct rsp_same_name *one = &n->named_like_us;
	struct rsp_event event = { .kind = RSP_EVENT_DUPLICATE_NAME,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = RSP_REASON_NAME_OURS,
				   .remote = *ip,
				   .remote_port = port,
				   .peer_id = id,
				   .peer_name = core->name,
				   .by_id = core->config.server_id };

	/* one server id at a time */
	if (one->id != id && (!one->id || core->now_ms - one->since_ms >= RECORD_DISTANCE_MS))
		*one = (struct rsp_same_name){ .id = id, .since_ms = core->now_ms };
	/* Other registrars may list the server id that this registrar had before its own
	 * restart, until its last messages have arrived. */
	if (one->id == id && last_messages_arrived(n, one) && may_record(n, one))
		core->ops->record(core->ctx, &event);
}

static bool
may_record_id(struct rsp_enrp *n, struct rsp_bytes who, uint32_t id)
{
	uint64_t subject = rsp_hash(&n->core->key, who) ^ id;

	return rsp_limiter_pass(&n->once, subject, RSP_ENRP_ONCE_SAME_ID, RECORD_DISTANCE_MS, n->core->now_ms);
}

/* Another registrar has sent that the registrar @name at @ip and @port, which is not this one, has the server id of this one. */
static void
our_id_is_listed(struct rsp_enrp *n, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port)
{
	const struct rsp_core *core = n->core;
	char identity[RSP_OWNER_MAX + 1] = "";
	struct rsp_event event = { .kind = RSP_EVENT_DUPLICATE_SERVER_ID,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = RSP_REASON_SERVER_ID_OURS,
				   .remote = *ip,
				   .remote_port = port,
				   .peer_id = core->config.server_id,
				   .peer_name = core->name };

	if (name.n && name.n < sizeof(identity) && !memchr(name.p, 0, name.n)) {
		memcpy(identity, name.p, name.n);
		event.identity = identity;
		event.role = RSP_ROLE_PEER;
	}
	if (may_record_id(n, name, event.peer_id))
		core->ops->record(core->ctx, &event);
	rsp_server_id_is_shared(n, rsp_bytes_str(identity));
}

void
rsp_duplicate_of_our_name(struct rsp_enrp *n, struct rsp_bytes name, uint32_t id, const struct rsp_ip *ip, uint16_t port)
{
	const struct rsp_core *core = n->core;

	if (id == 0)
		return;
	if (id == core->config.server_id && port && !is_us(n, name, ip, port))
		our_id_is_listed(n, name, ip, port);
	else if (id != core->config.server_id && core->name && rsp_bytes_equal(name, rsp_bytes_str(core->name)))
		record_our_name(n, id, ip, port);
}

bool
rsp_duplicate_sent_by_other(const struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_message *msg)
{
	const struct rsp_core *core = n->core;
	const struct rsp_transport *at = &msg->server_info.transport;
	struct rsp_ip ip = rsp_transport_ip(at, 0);

	if (link->info.identity || !core->config.insecure)
		return link->info.identity && link->info.role == RSP_ROLE_PEER;
	if (msg->has & RSP_HAS_SERVER_INFO)
		return at->port != core->config.enrp_port ||
		       !(rsp_ip_equal(&ip, &link->info.local) || is_our_address(n, &ip, at->port));
	return link->contact && (link->contact->port != core->config.enrp_port ||
				 !rsp_ip_equal(&link->info.local, &link->info.remote));
}

/* Tell the registrar at the other end of @link which registrar has the server id @id, which it uses too: it draws another one. */
static void
tell_holder(struct rsp_enrp *n, const struct rsp_link *link, uint32_t id)
{
	const struct rsp_peer *holder = rsp_peer_find(n, id);
	struct rsp_wr wr;
	struct rsp_mark whole = rsp_enrp_open(n, &wr, ENRP_LIST_RESPONSE, 0, id);

	if (holder && rsp_enrp_write_info(&wr, holder))
		rsp_core_send_octets(n->core, link->id, rsp_enrp_close(&wr, whole));
}

void
rsp_duplicate_id(struct rsp_enrp *n, const struct rsp_link *link, uint32_t id, const char *holder)
{
	struct rsp_core *core = n->core;
	struct rsp_bytes name = rsp_bytes_str(link->info.identity ? link->info.identity : "");
	struct rsp_event event = { .kind = RSP_EVENT_DUPLICATE_SERVER_ID,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = holder ? RSP_REASON_SERVER_ID_OF_ANOTHER : RSP_REASON_SERVER_ID_OURS,
				   .peer_id = id,
				   .peer_name = !holder   ? core->name
						: *holder ? holder
							  : NULL };

	if (may_record_id(n, name, id))
		rsp_core_record(core, link, event);
	if (holder)
		tell_holder(n, link, id);
	else if (!link->peer) /* else it has sent messages with another id over this link: it is in error, but has that id */
		rsp_server_id_is_shared(n, name);
}

void
rsp_duplicate_moved(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer, const struct rsp_ip *ip,
		    uint16_t port)
{
	uint64_t now_ms = n->core->now_ms;
	bool back = peer->former_port == port && rsp_ip_equal(&peer->former_ip, ip) &&
		    now_ms - peer->moved_ms < RECORD_DISTANCE_MS;

	if (link->info.identity || !peer->port || (peer->port == port && rsp_ip_equal(&peer->ip, ip)))
		return;
	if (back)
		rsp_duplicate_id(n, link, peer->server_id, "");
	peer->former_ip = peer->ip;
	peer->former_port = peer->port;
	peer->moved_ms = now_ms;
}
