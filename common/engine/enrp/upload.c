#include "engine/enrp/upload.h"

#include <stdlib.h>

#include "engine/enrp/message.h"
#include "engine/enrp/transfer.h"
#include "engine/enrp/update.h"

/* End @upload and free it. The caller serves those that wait. */
static void
end(struct rsp_enrp *n, struct rsp_upload *upload)
{
	rsp_walk_end(&upload->walk);
	rsp_tomb_walk_end(&upload->tombs);
	rsp_wheel_cancel(&n->wheel, &upload->timer.timer);
	upload->link->upload = NULL;
	upload->link->account->downloads--;
	if (upload->waits)
		TAILQ_REMOVE(&n->waiting, upload, of_waiting);
	else
		n->n_uploads--;
	free(upload);
}

/* Whether the identity has its share of uploads: at most half of max_downloads, with those that wait. So a slow receiver,
 * such as a monitor, cannot keep other registrars from joining. In plain text there are no identities. */
static bool
is_over_quota(const struct rsp_core *core, const struct rsp_account *account)
{
	return !core->config.insecure && account->downloads >= (core->config.max_downloads + 1) / 2;
}

/* Begin to send @upload. */
static void
begin_upload(struct rsp_enrp *n, struct rsp_upload *upload)
{
	struct rsp_core *core = n->core;

	n->n_uploads++;
	upload->to = upload->link->peer ? upload->link->peer->kind : RSP_PEER_UNKNOWN;
	rsp_walk_begin(core->space, &upload->walk, upload->of);
	if (upload->to == RSP_PEER_STATES)
		rsp_tomb_walk_begin(&core->tombs, &upload->tombs);
}

/* The table of @of for the other side of @link. If too many tables are being sent, a peer waits for its turn, in the order
 * of the requests: when many registrars hear each other again, all request each other's tables at the same time, and one
 * that is rejected comes too early or too late again. It waits half of the time limit that it has for its answer. NULL:
 * not now. */
static struct rsp_upload *
new_upload(struct rsp_enrp *n, struct rsp_link *link, uint32_t of)
{
	bool waits = n->n_uploads >= n->core->config.max_downloads;
	bool room = (!waits || link->peer) && !is_over_quota(n->core, link->account);
	struct rsp_upload *upload = room ? calloc(1, sizeof(*upload)) : NULL;

	if (!upload)
		return NULL;
	link->account->downloads++;
	upload->of = of;
	upload->link = link;
	upload->timer.kind = RSP_ENRP_TIMER_UPLOAD;
	upload->waits = waits;
	link->upload = upload;
	if (waits) {
		TAILQ_INSERT_TAIL(&n->waiting, upload, of_waiting);
		rsp_enrp_set(n, &upload->timer, n->core->config.max_time_no_response_ms / 2);
	} else {
		begin_upload(n, upload);
	}
	return upload;
}

/* Whether the receiver gets the element @m. */
static bool
is_sent(const struct rsp_core *core, const struct rsp_upload *upload, const struct rsp_member *m)
{
	const struct rsp_element *e = rsp_member_element(m);

	if (m->phase == RSP_MEMBER_OLD)
		return false;
	if (upload->to == RSP_PEER_PLAIN && upload->of == core->config.server_id)
		return rsp_member_is_linked(m);
	if (upload->to == RSP_PEER_STATES || upload->of)
		return !rsp_element_is_word(e);
	return rsp_element_is_shown(e);
}

/* Write as many elements as fit. The handle of each pool precedes its elements. True: all are written. */
static bool
write_elements(const struct rsp_core *core, struct rsp_wr *wr, struct rsp_upload *upload)
{
	const struct rsp_pool *pool = NULL;
	struct rsp_element *e;

	for (; (e = rsp_walk_peek(&upload->walk)); (void)rsp_walk_next(&upload->walk)) {
		struct rsp_wr before = *wr;

		if (!is_sent(core, upload, rsp_member(e)))
			continue;
		if (e->pool != pool)
			rsp_bytes_param_encode(wr, RSP_PARAM_POOL_HANDLE, rsp_pool_handle(e->pool));
		rsp_element_write(wr, e, true);
		if (wr->err) {
			*wr = before;
			return false;
		}
		pool = e->pool;
	}
	return true;
}

/* Write as many tombstones as fit. True: all are written. */
static bool
write_tombs(struct rsp_wr *wr, struct rsp_upload *upload)
{
	const struct rsp_tomb *tomb;

	for (; (tomb = upload->tombs.at); (void)rsp_tomb_walk_next(&upload->tombs)) {
		struct rsp_wr before = *wr;

		if (upload->of && tomb->home_id != upload->of)
			continue;
		rsp_bytes_param_encode(wr, RSP_PARAM_POOL_HANDLE, rsp_tomb_handle(tomb));
		rsp_update_write_removed(wr, tomb);
		if (wr->err) {
			*wr = before;
			return false;
		}
	}
	return true;
}

/* Reject a request, which may have waited; but no message is sent over a link that is being closed. */
static void
reject(struct rsp_enrp *n, const struct rsp_link *link, uint32_t receiver_id)
{
	struct rsp_message answer = { .type = ENRP_HANDLE_TABLE_RESPONSE,
				      .flags = ENRP_FLAG_REJECT,
				      .receiver_id = receiver_id };

	if (link->state == RSP_LINK_UP)
		rsp_enrp_send(n, link->id, &answer);
}

/* Send the next page. @upload ends with the last one. */
static void
send_page(struct rsp_enrp *n, struct rsp_upload *upload)
{
	struct rsp_core *core = n->core;
	struct rsp_link *link = upload->link;
	struct rsp_wr wr;
	struct rsp_mark whole = rsp_enrp_open(n, &wr, ENRP_HANDLE_TABLE_RESPONSE, 0, upload->receiver_id);

	if (upload->of && upload->of != core->config.server_id) {
		struct rsp_mark mark = rsp_wr_tlv_open(&wr, RSP_PARAM_TABLE_OF);

		rsp_wr_u32(&wr, upload->of);
		rsp_wr_close(&wr, mark);
	}
	bool all = write_elements(core, &wr, upload) && write_tombs(&wr, upload);
	struct rsp_bytes page = rsp_enrp_close(&wr, whole);
	if (!all) {
		core->out[1] |= ENRP_FLAG_MORE; /* RFC 5354 s.4: octet 1 holds the flags */
		rsp_enrp_set(n, &upload->timer, core->config.max_time_no_response_ms);
	} else {
		end(n, upload);
	}
	core->stats.pages_sent++;
	rsp_core_send_octets(core, link->id, page);
}

/* Send the other side of @link the updates from number @from to the last one. False: the table answers the request, because
 * not all of them are kept; or the other side is not a peer that counts updates; or it was sent some of them less than
 * MAX-TIME-NO-RESPONSE ago. The ring holds far more than a page, so a small request repeated must not bring it each time. */
static bool
send_again(struct rsp_enrp *n, const struct rsp_link *link, uint64_t from)
{
	struct rsp_peer *peer = link->peer;

	if (!peer || peer->kind != RSP_PEER_STATES || (n->core->now_ms < peer->again_ms && from <= peer->sent_again) ||
	    !rsp_update_send_again(n, link->id, from))
		return false;
	peer->sent_again = rsp_ring_last(&n->ring);
	peer->again_ms = n->core->now_ms + n->core->config.max_time_no_response_ms;
	return true;
}

/* Whether the other side of @link may have the table of @of now. While this registrar joins, elements register already: a
 * peer that orders statements may have them. Another peer would remove what that table does not list. */
static bool
is_served(const struct rsp_enrp *n, const struct rsp_link *link, uint32_t of)
{
	const struct rsp_core *core = n->core;

	if (core->state == RSP_REGISTRAR_JOINING)
		return of == core->config.server_id && link->peer && link->peer->kind == RSP_PEER_STATES;
	return core->state == RSP_REGISTRAR_SERVING;
}

/* Send the first pages of those that wait, as long as there is room. */
static void
serve_waiting(struct rsp_enrp *n)
{
	struct rsp_upload *upload;

	while (n->n_uploads < n->core->config.max_downloads && (upload = TAILQ_FIRST(&n->waiting))) {
		const struct rsp_link *link = upload->link;

		if (link->state != RSP_LINK_UP || !is_served(n, link, upload->of) || rsp_transfer_is_going_on(n, 0)) {
			reject(n, link, upload->receiver_id);
			end(n, upload);
			continue;
		}
		TAILQ_REMOVE(&n->waiting, upload, of_waiting);
		upload->waits = false;
		begin_upload(n, upload);
		send_page(n, upload);
	}
}

void
rsp_upload_end(struct rsp_enrp *n, struct rsp_upload *upload)
{
	end(n, upload);
	serve_waiting(n);
}

void
rsp_upload_due(struct rsp_enrp *n, struct rsp_upload *upload)
{
	if (upload->waits)
		reject(n, upload->link, upload->receiver_id);
	rsp_upload_end(n, upload);
}

void
rsp_upload_requested(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_core *core = n->core;
	uint32_t of = msg->flags & ENRP_FLAG_OWN ? core->config.server_id : 0;
	struct rsp_upload *upload = link->upload;

	if (of && msg->has & RSP_HAS_TABLE_OF && msg->table_of)
		of = msg->table_of;
	if (!upload && msg->flags & ENRP_FLAG_CONTINUE)
		return; /* the last page has been sent: this is a further request of the pipeline */
	if (upload && upload->of != of) {
		rsp_upload_end(n, upload);
		upload = NULL;
	}
	bool serves = is_served(n, link, of);
	if (!upload && serves && msg->has & RSP_HAS_UPDATES_FROM && send_again(n, link, msg->updates_from))
		return;
	if (!upload && serves && !rsp_transfer_is_going_on(n, 0))
		upload = new_upload(n, link, of);
	if (upload)
		upload->receiver_id = msg->sender_id;
	else
		reject(n, link, msg->sender_id);
	if (upload && !upload->waits)
		send_page(n, upload);
	serve_waiting(n); /* @upload may have ended */
}
