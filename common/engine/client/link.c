#include "engine/client/link.h"

#include <string.h>

void
rsp_client_link_init(struct client_links *links, struct client_core *core)
{
	links->core = core;
}

static void
link_enter(struct client_link *link, enum client_link_state state)
{
	rsp_client_state_check(MACHINE_LINK, link->state, state);
	link->state = state;
}

static bool
is_open(const struct client_link *link)
{
	return link->state == LINK_DIALLED || link->state == LINK_UP;
}

struct client_link *
rsp_client_link_new(struct client_links *links, uint32_t id, enum client_link_state state)
{
	for (size_t i = 0; i < RSP_COUNT(links->slot); i++) {
		struct client_link *link = &links->slot[i];

		if (link->state != LINK_FREE)
			continue;
		*link = (struct client_link){ .id = id, .candidate = CLIENT_NO_CANDIDATE };
		link->news.kind = NEWS_LINK;
		link_enter(link, state);
		return link;
	}
	return NULL;
}

struct client_link *
rsp_client_link_find(struct client_links *links, uint32_t id)
{
	for (size_t i = 0; i < RSP_COUNT(links->slot); i++)
		if (is_open(&links->slot[i]) && links->slot[i].id == id)
			return &links->slot[i];
	return NULL;
}

bool
rsp_client_link_is_attempt(const struct client_link *link)
{
	return link->state == LINK_DIALLED;
}

bool
rsp_client_link_uses(const struct client_links *links, uint32_t candidate)
{
	for (size_t i = 0; i < RSP_COUNT(links->slot); i++)
		if (is_open(&links->slot[i]) && links->slot[i].candidate == candidate)
			return true;
	return false;
}

unsigned
rsp_client_link_count(const struct client_links *links)
{
	unsigned n = 0;

	for (size_t i = 0; i < RSP_COUNT(links->slot); i++)
		n += is_open(&links->slot[i]);
	return n;
}

void
rsp_client_link_rise(struct client_links *links, struct client_link *link, const struct rsp_link_info *info)
{
	link_enter(link, LINK_UP);
	link->up_ms = link->heard_ms = links->core->now;
	link->local = info->local;
}

void
rsp_client_link_accept(struct client_links *links, uint32_t id, const struct rsp_link_info *info)
{
	const struct rsp_client_config *config = &links->core->config;
	bool may = config->role == RSP_ROLE_ELEMENT ? info->role == RSP_ROLE_NOTIFY : config->role == RSP_ROLE_NONE;
	struct client_link *oldest = NULL, *link = NULL;
	unsigned n = 0;

	for (size_t i = 0; i < RSP_COUNT(links->slot); i++) {
		struct client_link *other = &links->slot[i];

		if (!is_open(other) || other->candidate != CLIENT_NO_CANDIDATE)
			continue;
		n++;
		if (other != links->home && (!oldest || other->up_ms < oldest->up_ms))
			oldest = other;
	}
	if (may && config->asap_port) {
		if (n >= CLIENT_NOTIFY_MAX && oldest)
			rsp_client_link_close(links, oldest);
		link = rsp_client_link_new(links, id, LINK_UP);
	}
	if (!link) {
		links->core->ops.close(links->core->ctx, id);
		return;
	}
	link->up_ms = link->heard_ms = links->core->now;
	link->local = info->local;
	rsp_client_link_set_name(link, info->identity);
}

void
rsp_client_link_close(struct client_links *links, struct client_link *link)
{
	if (!is_open(link))
		return;
	link_enter(link, LINK_CLOSED);
	links->core->ops.close(links->core->ctx, link->id);
}

void
rsp_client_link_lost(struct client_links *links, struct client_link *link)
{
	(void)links;
	link_enter(link, LINK_CLOSED);
}

void
rsp_client_link_reap(struct client_links *links)
{
	for (size_t i = 0; i < RSP_COUNT(links->slot); i++)
		if (links->slot[i].state == LINK_CLOSED && !links->slot[i].news.listed)
			link_enter(&links->slot[i], LINK_FREE);
}

void
rsp_client_link_set_name(struct client_link *link, const char *name)
{
	size_t n = name ? strnlen(name, sizeof link->name - 1) : 0;

	if (n)
		memcpy(link->name, name, n);
	link->name[n] = '\0';
}

struct rsp_client_event
rsp_client_link_event(const struct client_links *links, enum rsp_client_event_type type)
{
	struct rsp_client_event event = {
		.type = type,
		.now_ms = links->core->now,
		.cause = RSP_CAUSE_NONE,
		.server = "",
	};

	if (links->told_home)
		rsp_client_link_event_from(&event, links->told_home);
	return event;
}

void
rsp_client_link_event_from(struct rsp_client_event *event, const struct client_link *link)
{
	event->link = link->id;
	event->server = link->name;
	event->server_id = link->server_id;
}
