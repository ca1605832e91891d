#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

struct rsp_link *
rsp_link_new(struct rsp_registrar *r, uint32_t id)
{
	struct rsp_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->id = id;
	link->next = r->link[id % RSP_LINK_BUCKETS];
	r->link[id % RSP_LINK_BUCKETS] = link;
	r->n_links++;
	return link;
}

void
rsp_link_forget(struct rsp_registrar *r, struct rsp_link *link)
{
	struct rsp_link **slot = &r->link[link->id % RSP_LINK_BUCKETS];

	while (*slot != link)
		slot = &(*slot)->next;
	*slot = link->next;
	while (link->elements)
		rsp_element_attach(link->elements, NULL);
	while (link->subscriptions)
		rsp_subscription_end(r, link->subscriptions);
	if (link->giving)
		rsp_giving_end(r, link->giving);
	rsp_looks_link_forget(r, link);
	rsp_held_forget(r, link);
	if (link->dialled && link->info.protocol == RSP_ASAP) {
		rsp_table_remove(&r->reach, &link->reach, rsp_reach_hash_of(r, &link->reach));
		if (!link->up)
			r->n_dialling--;
	}
	if (link->account)
		link->account->links--;
	free((void *)(uintptr_t)link->info.identity);
	free(link);
	r->n_links--;
}

void
rsp_links_forget(struct rsp_registrar *r, bool close)
{
	for (unsigned i = 0; i < RSP_LINK_BUCKETS; i++)
		while (r->link[i]) {
			uint32_t id = r->link[i]->id;

			rsp_link_forget(r, r->link[i]);
			if (close)
				r->ops->close(r->ctx, id);
		}
}

struct rsp_link *
rsp_registrar_link(const struct rsp_registrar *r, uint32_t id)
{
	struct rsp_link *link = r->link[id % RSP_LINK_BUCKETS];

	while (link && link->id != id)
		link = link->next;
	return link;
}

enum rsp_err
rsp_link_authenticated(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_link_info *info)
{
	char address[1 + RSP_IP_TEXT_MAX] = "@"; /* no identity begins so */
	char *identity = info->identity ? strdup(info->identity) : NULL;
	struct rsp_ip source = rsp_ip_source(&info->remote);

	rsp_ip_format(&source, address + 1);
	struct rsp_account *account = rsp_account_get(&r->accounts, &r->key,
						      rsp_bytes_str(info->identity ? info->identity : address));
	if (!account || (info->identity && !identity)) {
		free(identity);
		return RSP_ENOMEM;
	}
	if (link->dialled && info->protocol == RSP_ASAP) { /* it is known by whom and where we dialled */
		r->n_dialling--;
		free(identity);
	} else {
		free((void *)(uintptr_t)link->info.identity);
		link->info.identity = identity;
		link->info.remote = info->remote;
		link->info.remote_port = info->remote_port;
	}
	link->info.protocol = info->protocol;
	link->info.role = info->role;
	link->info.secure = info->secure;
	link->info.local = info->local;
	link->account = account;
	account->links++;
	link->up = true;
	return RSP_OK;
}

/* The connection that @e registered over before: what it sent over the one that it left may come after what it sent over
 * the other, and have bound it to the wrong one. */
static struct rsp_link *
link_before(const struct rsp_registrar *r, const struct rsp_element *e, const struct rsp_link *gone)
{
	struct rsp_link *link = rsp_registrar_link(r, e->link_before);
	bool same = link && link != gone && link->up && !link->dialled && link->account == gone->account;

	return same && link->info.protocol == RSP_ASAP ? link : NULL;
}

/* A closed connection is not a dead element: it has a grace time to come back, here or elsewhere; or it is there. */
void
rsp_link_orphan(struct rsp_registrar *r, struct rsp_link *link)
{
	rsp_looks_link_down(r, link);
	while (link->elements) {
		struct rsp_element *e = link->elements;
		struct rsp_link *other = link_before(r, e, link);
		const struct rsp_rival *rival = e->rival;

		if (other && !e->adopting && !rival) { /* its answer will tell */
			rsp_element_attach(e, other);
			rsp_asap_keep_alive(r, r->now_ms, e, false);
			continue;
		}
		if (!rival && rsp_adopt_otherwise(r, e))
			continue; /* it registered while we dialled it, and has closed one of the two */
		rsp_element_attach(e, NULL);
		e->waiting = e->adopting = false;
		if (rival && !rival->gone)
			rsp_rival_lost(r, e);
		else
			rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.reconnect_grace_ms);
	}
}

void
rsp_link_drop(struct rsp_registrar *r, struct rsp_link *link)
{
	uint32_t id = link->id;

	rsp_link_orphan(r, link);
	rsp_link_forget(r, link);
	r->ops->close(r->ctx, id);
}
