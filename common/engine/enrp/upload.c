#include "engine/enrp/upload.h"

#include <stdlib.h>

#include "engine/enrp/message.h"
#include "engine/enrp/takeover.h"

void
rsp_upload_end(struct rsp_enrp *n, struct rsp_upload *upload)
{
	rsp_walk_end(&upload->walk);
	rsp_wheel_cancel(&n->wheel, &upload->timer.timer);
	upload->link->upload = NULL;
	upload->link->account->downloads--;
	n->n_uploads--;
	free(upload);
}

/* Whether the identity has its share of uploads: at most half of max_downloads. So a slow receiver, such as a monitor,
 * cannot keep other registrars from joining. In plain text there are no identities. */
static bool
is_over_quota(const struct rsp_core *core, const struct rsp_account *account)
{
	return !core->config.insecure && account->downloads >= (core->config.max_downloads + 1) / 2;
}

static struct rsp_upload *
begin_upload(struct rsp_enrp *n, struct rsp_link *link, bool own)
{
	struct rsp_core *core = n->core;
	bool room = n->n_uploads < core->config.max_downloads && !is_over_quota(core, link->account);
	struct rsp_upload *upload = room ? calloc(1, sizeof(*upload)) : NULL;

	if (!upload)
		return NULL;
	link->account->downloads++;
	upload->own = own;
	upload->link = link;
	upload->timer.kind = RSP_ENRP_TIMER_UPLOAD;
	rsp_walk_begin(core->space, &upload->walk, own ? core->config.server_id : 0);
	link->upload = upload;
	n->n_uploads++;
	return upload;
}

/* Write as many elements as fit. The handle of each pool precedes its elements. */
static void
write_page(struct rsp_wr *wr, struct rsp_walk *walk)
{
	const struct rsp_pool *pool = NULL;
	struct rsp_element *e;

	while ((e = rsp_walk_peek(walk))) {
		struct rsp_wr before = *wr;

		if (e->pool != pool)
			rsp_bytes_param_encode(wr, RSP_PARAM_POOL_HANDLE, rsp_pool_handle(e->pool));
		rsp_element_write(wr, e, true);
		if (wr->err) {
			*wr = before;
			return;
		}
		pool = e->pool;
		(void)rsp_walk_next(walk);
	}
}

void
rsp_upload_requested(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_core *core = n->core;
	bool own = msg->flags & ENRP_FLAG_OWN;
	struct rsp_upload *upload = link->upload;
	struct rsp_wr wr;

	if (!upload && msg->flags & ENRP_FLAG_CONTINUE)
		return; /* the last page has been sent: this is a further request of the pipeline */
	if (upload && upload->own != own) {
		rsp_upload_end(n, upload);
		upload = NULL;
	}
	if (!upload && core->state == RSP_REGISTRAR_SERVING && !rsp_takeover_is_moving(n))
		upload = begin_upload(n, link, own);
	if (!upload) {
		struct rsp_message answer = { .type = ENRP_HANDLE_TABLE_RESPONSE,
					      .flags = ENRP_FLAG_REJECT,
					      .receiver_id = msg->sender_id };

		rsp_enrp_send(n, link->id, &answer);
		return;
	}
	struct rsp_mark whole = rsp_enrp_open(n, &wr, ENRP_HANDLE_TABLE_RESPONSE, 0, msg->sender_id);
	write_page(&wr, &upload->walk);
	struct rsp_bytes page = rsp_enrp_close(&wr, whole);
	if (rsp_walk_peek(&upload->walk)) {
		core->out[1] |= ENRP_FLAG_MORE; /* RFC 5354 s.4: octet 1 holds the flags */
		rsp_enrp_set(n, &upload->timer, core->config.max_time_no_response_ms);
	} else {
		rsp_upload_end(n, upload);
	}
	core->stats.pages_sent++;
	rsp_core_send_octets(core, link->id, page);
}
