#include "engine/client/keepalive.h"

#include <string.h>

#define LEARNED_AFTER 4	      /* after this number of keep-alives, their interval is considered known */
/* the keep-alives have stopped, if none arrived within so many times the longest interval */
#define SILENCE_FACTOR 4
#define SILENCE_INTERVAL_MS 1000 /* least value that is used for the longest interval */

/* Beyond the RFC: a connection can be dead without any sign, and a registrar that cannot reach this client removes its
 * elements. When the keep-alives of the home stop, the elements register again. Without a response, the client then
 * closes the connection to the home. */
static void
watch_silence(struct client_elements *elements, struct client_link *home)
{
	struct client_core *core = elements->core;
	uint64_t since_ms = core->now - home->keepalive_ms;

	if (home->n_keepalives++ > 0 && since_ms > home->longest_ms)
		home->longest_ms = since_ms;
	home->keepalive_ms = core->now;
	if (home->n_keepalives > LEARNED_AFTER)
		rsp_client_core_arm(core, &elements->silence,
				    SILENCE_FACTOR * (home->longest_ms > SILENCE_INTERVAL_MS ? home->longest_ms
											     : SILENCE_INTERVAL_MS));
}

/* RFC 5352 s.3.4 KA2.4: whether the sender of @msg is not the home, and wants to become the home (H flag). */
static bool
wants_us(const struct client_links *links, const struct client_link *link, const struct rsp_message *msg)
{
	const struct client_link *home = links->home;

	if (!(msg->flags & ASAP_FLAG_HOME) || link == home)
		return false;
	if (!home)
		return true;
	if (home->server_id)
		return home->server_id != msg->server_id;
	/* The server id of the home is unknown. A sender with the same name is the home, over another connection. */
	return !*link->name || strcmp(link->name, home->name) != 0;
}

static void
send_ack(struct client_elements *elements, const struct client_link *link, const struct client_element *e)
{
	struct rsp_message ack = {
		.protocol = RSP_ASAP,
		.type = ASAP_ENDPOINT_KEEP_ALIVE_ACK,
		.has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
		.handle = e->handle,
		.pe_id = e->pe_id,
	};

	(void)rsp_client_core_send(elements->core, link->id, &ack);
}

static void
keep_alive(struct client_elements *elements, struct client_link *link, const struct rsp_message *msg,
	   struct client_element *e)
{
	struct client_core *core = elements->core;
	struct client_links *links = elements->links;
	bool leaving = rsp_client_element_is_leaving(e), known = rsp_client_element_is_known(e);
	bool adopt = wants_us(links, link, msg) && !leaving && e->state != ELEMENT_REJECTED;

	/* KA1: answer only for an element that is registered, or whose registration is under way. While an element leaves,
	 * answer only its home. Answer at most once in min_ack_ms (RFC 5355 s.2.13), except a sender that becomes the home. */
	if ((!known && e->state != ELEMENT_REGISTERING) || (leaving && link != links->home) ||
	    (core->now < e->next_ack_ms && !adopt)) {
		core->dropped++;
		return;
	}
	e->next_ack_ms = core->now + core->config.timers.min_ack_ms;
	elements->keepalives++;
	send_ack(elements, link, e); /* KA2.3: answer the sender, which need not be the home */
	if (adopt) {
		rsp_client_core_disarm(core, &elements->silence); /* the timer is for the former home */
		rsp_client_hunt_adopt(elements->hunt, link);	  /* the elements follow at the end of the turn */
	}
	if (link == links->home && msg->flags & ASAP_FLAG_HOME) {
		e->named_by = links->homes;
		if (links->home == links->settled_home && !e->removed && rsp_client_element_is_current(e) &&
		    (e->state == ELEMENT_WAITING || e->state == ELEMENT_QUEUED))
			rsp_client_element_adopted(elements, e);
	}
	if (link == links->home)
		watch_silence(elements, link);
	rsp_client_element_note(elements, e, RSP_CLIENT_KEEPALIVE, RSP_CAUSE_NONE, 0);
	e->told.changed = adopt;
}

void
rsp_client_keepalive_received(struct client_elements *elements, struct client_link *link,
			      const struct rsp_message *msg)
{
	struct client_element *e, *next;
	bool any = false;

	elements->sender = link;
	link->server_id = msg->server_id;
	if (msg->has & RSP_HAS_PE_ID) {
		e = rsp_client_element_find(elements, msg->handle, msg->pe_id);
		if (e)
			keep_alive(elements, link, msg, e);
		else
			elements->core->dropped++;
		return;
	}
	/* The message has no PE identifier, as in RFC 5352 s.2.2.7: answer for each element of the pool. */
	for (e = TAILQ_FIRST(&elements->all); e; e = next) {
		next = TAILQ_NEXT(e, all);
		if (!rsp_bytes_equal(e->handle, msg->handle))
			continue;
		any = true;
		keep_alive(elements, link, msg, e);
	}
	if (!any)
		elements->core->dropped++;
}
