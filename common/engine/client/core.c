#include "engine/client/core.h"

#include <stdlib.h>

enum rsp_err
rsp_client_core_init(struct client_core *core, const struct rsp_client_config *config,
		     const struct rsp_client_ops *ops, void *ctx, struct rsp_rng rng, uint64_t now_ms)
{
	core->ops = *ops;
	core->ctx = ctx;
	core->config = *config;
	core->config.max_elements = config->max_elements ? config->max_elements : 65536;
	core->config.max_resolutions = config->max_resolutions ? config->max_resolutions : 1024;
	core->config.max_reports = config->max_reports ? config->max_reports : 4096;
	core->rng = rng;
	core->key = (struct rsp_hash_key){ rsp_rng_u64(&core->rng), rsp_rng_u64(&core->rng) };
	core->instance = rsp_rng_id(&core->rng);
	core->now = now_ms;
	rsp_wheel_init(&core->wheel, now_ms);
	TAILQ_INIT(&core->news);
	core->scratch = malloc(RSP_MESSAGE_MAX + 1);
	return core->scratch ? RSP_OK : RSP_ENOMEM;
}

void
rsp_client_core_done(struct client_core *core)
{
	free(core->scratch);
}

void
rsp_client_core_note(struct client_core *core, struct client_news *news)
{
	if (news->listed)
		return;
	TAILQ_INSERT_TAIL(&core->news, news, list);
	news->listed = true;
}

struct client_news *
rsp_client_core_next_news(struct client_core *core)
{
	struct client_news *news = TAILQ_FIRST(&core->news);

	if (!news)
		return NULL;
	TAILQ_REMOVE(&core->news, news, list);
	news->listed = false;
	return news;
}

void
rsp_client_core_tell(struct client_core *core, const struct rsp_client_event *event)
{
	core->ops.event(core->ctx, event);
}

enum rsp_err
rsp_client_core_send(struct client_core *core, uint32_t link, const struct rsp_message *msg)
{
	size_t n;
	enum rsp_err err = rsp_message_encode(msg, core->scratch, RSP_MESSAGE_MAX + 1, &n);

	if (err)
		return err;
	core->sent++;
	core->ops.send(core->ctx, link, rsp_bytes_of(core->scratch, n));
	return RSP_OK;
}

void
rsp_client_core_arm(struct client_core *core, struct client_timer *timer, uint64_t in_ms)
{
	rsp_wheel_set(&core->wheel, &timer->timer, core->now + in_ms);
}

void
rsp_client_core_disarm(struct client_core *core, struct client_timer *timer)
{
	rsp_wheel_cancel(&core->wheel, &timer->timer);
}
