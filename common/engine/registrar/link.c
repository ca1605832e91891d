#include "engine/registrar/link.h"

#include <assert.h>
#include <stdlib.h>

#include "base/moves.h"
#include "engine/registrar/member.h"

#define MOVE(from, to, event) { RSP_LINK_##from, RSP_LINK_##to },
static const struct rsp_move link_moves[] = { RSP_LINK_MOVES(MOVE) };
#undef MOVE

bool
rsp_link_may(enum rsp_link_state from, enum rsp_link_state to)
{
	return rsp_moves_list(link_moves, RSP_COUNT(link_moves), from, to);
}

static void
enter_state(struct rsp_link *link, enum rsp_link_state state)
{
	rsp_moves_check("link", link->state, state, rsp_link_may(link->state, state));
	link->state = state;
}

enum rsp_err
rsp_link_init(struct rsp_core *core)
{
	LIST_INIT(&core->all_links);
	TAILQ_INIT(&core->closing);
	return rsp_table_init(&core->links, 64) || rsp_table_init(&core->dials, 64) ? RSP_ENOMEM : RSP_OK;
}

struct rsp_link *
rsp_link_new(struct rsp_core *core, uint32_t id)
{
	struct rsp_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->id = id;
	LIST_INIT(&link->members);
	LIST_INIT(&link->subscriptions);
	rsp_table_add(&core->links, &link->node, id);
	LIST_INSERT_HEAD(&core->all_links, link, of_all);
	core->n_links++;
	return link;
}

struct rsp_link *
rsp_link_find(const struct rsp_core *core, uint32_t id)
{
	struct rsp_table_node *node = *rsp_table_chain(&core->links, id);

	for (; node; node = node->next) {
		struct rsp_link *link = RSP_CONTAINER(node, struct rsp_link, node);

		if (link->id == id)
			return link->state != RSP_LINK_CLOSING ? link : NULL;
	}
	return NULL;
}

enum rsp_err
rsp_link_up(struct rsp_core *core, struct rsp_link *link, const struct rsp_link_info *info)
{
	char address[1 + RSP_IP_TEXT_MAX] = "@"; /* an identity never begins with "@" */
	struct rsp_ip source = rsp_ip_source(&info->remote);
	bool to_element = link->dialled && info->protocol == RSP_ASAP;
	char *identity = info->identity && !to_element ? strdup(info->identity) : NULL;
	struct rsp_ip *others = info->n_others ? calloc(info->n_others, sizeof(*others)) : NULL;

	rsp_ip_format(&source, address + 1);
	struct rsp_account *account = rsp_account_get(&core->accounts, &core->key,
						      rsp_bytes_str(info->identity ? info->identity : address));
	if (!account || (info->identity && !to_element && !identity) || (info->n_others && !others)) {
		free(identity);
		free(others);
		return RSP_ENOMEM;
	}
	if (to_element) { /* keep the identity and the address that this registrar dialled */
		core->n_dialling--;
	} else {
		free((void *)(uintptr_t)link->info.identity);
		link->info.identity = identity;
		link->info.remote = info->remote;
		link->info.remote_port = info->remote_port;
	}
	if (others)
		memcpy(others, info->others, info->n_others * sizeof(*others));
	link->info.others = others;
	link->info.n_others = info->n_others;
	link->info.protocol = info->protocol;
	link->info.carrier = info->carrier;
	link->info.role = info->role;
	link->info.secure = info->secure;
	link->info.local = info->local;
	link->account = account;
	account->links++;
	enter_state(link, RSP_LINK_UP);
	return RSP_OK;
}

static void
end_link(struct rsp_core *core, struct rsp_link *link, enum rsp_err err)
{
	link->was_up = link->state == RSP_LINK_UP;
	link->err = err;
	enter_state(link, RSP_LINK_CLOSING);
	TAILQ_INSERT_TAIL(&core->closing, link, closing);
	if (link->dialled && link->info.protocol == RSP_ASAP) {
		rsp_table_remove(&core->dials, &link->dial);
		if (!link->was_up)
			core->n_dialling--;
	}
}

void
rsp_link_lost(struct rsp_core *core, struct rsp_link *link, const struct rsp_why *why)
{
	if (*why->reason) {
		link->why = malloc(sizeof(*why));
		if (link->why)
			*link->why = *why;
	}
	end_link(core, link, why->err);
}

void
rsp_link_close(struct rsp_core *core, struct rsp_link *link, enum rsp_err err)
{
	if (link->state == RSP_LINK_CLOSING)
		return;
	link->we_close = true;
	end_link(core, link, err);
}

void
rsp_link_cut(struct rsp_core *core, struct rsp_link *link)
{
	link->peer = NULL;
	link->contact = NULL;
	rsp_link_close(core, link, RSP_ECLOSED);
}

void
rsp_link_refuse(struct rsp_core *core, struct rsp_link *link, const struct rsp_why *why)
{
	if (link->state == RSP_LINK_CLOSING)
		return;
	link->we_close = true;
	rsp_link_lost(core, link, why);
}

void
rsp_link_free(struct rsp_core *core, struct rsp_link *link)
{
	assert(link->state == RSP_LINK_CLOSING);
	assert(LIST_EMPTY(&link->members) && LIST_EMPTY(&link->subscriptions));
	TAILQ_REMOVE(&core->closing, link, closing);
	LIST_REMOVE(link, of_all);
	rsp_table_remove(&core->links, &link->node);
	core->n_links--;
	if (link->account)
		link->account->links--;
	free((void *)(uintptr_t)link->info.identity);
	free((void *)(uintptr_t)link->info.others);
	free(link->why);
	free(link);
}

void
rsp_link_detach(struct rsp_member *m)
{
	if (!m->link)
		return;
	LIST_REMOVE(m, of_link);
	m->link = 0;
}

void
rsp_link_attach(struct rsp_link *link, struct rsp_member *m)
{
	if (m->link) {
		LIST_REMOVE(m, of_link);
		if (m->link != link->id)
			m->link_before = m->link;
	}
	m->link = link->id;
	LIST_INSERT_HEAD(&link->members, m, of_link);
}

void
rsp_link_close_all(struct rsp_core *core)
{
	struct rsp_link *link;

	LIST_FOREACH(link, &core->all_links, of_all) {
		while (!LIST_EMPTY(&link->members))
			rsp_link_detach(LIST_FIRST(&link->members));
		rsp_link_cut(core, link);
	}
}
