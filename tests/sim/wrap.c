#include <string.h>

#include "engine/enrp/download.h"
#include "engine/enrp/message.h"
#include "engine/enrp/takeover.h"
#include "engine/enrp/update.h"
#include "engine/registrar/look.h"
#include "engine/registrar/state.h"
#include "model/checksum.h"
#include "model/home.h"
#include "model/judge.h"
#include "wrap.h"

enum sim_mistake sim_mistake;

/* __real_f is the engine's own function f, and __wrap_f is called in its place; both are of f's type. */
#define WRAP(f) extern __typeof__(f) __real_##f, __wrap_##f

WRAP(rsp_judge);
WRAP(rsp_update_announce);
WRAP(rsp_update_announce_removals);
WRAP(rsp_tomb_put);
WRAP(rsp_registrar_link_up);
WRAP(rsp_takeover_begin);
WRAP(rsp_look_due);
WRAP(rsp_handlespace_new);
WRAP(rsp_element_unlink);
WRAP(rsp_home_checksum);
WRAP(rsp_download_audit);
WRAP(rsp_enrp_presence);
WRAP(rsp_wheel_expired);
WRAP(rsp_core_send);
WRAP(rsp_registrar_tick);

/* Which statement stands */

enum judge_verdict
__wrap_rsp_judge(const struct judge_facts *f)
{
	struct judge_facts seen = *f;

	if (sim_mistake == SIM_MISTAKE_NUMBER_IGNORED && seen.order == JUDGE_OLDER && !seen.removed)
		seen.order = JUDGE_NEWER;
	if (sim_mistake == SIM_MISTAKE_LATE_ADD_RESURRECTS && seen.order == JUDGE_OLDER && seen.removed)
		seen.order = JUDGE_NEWER;
	enum judge_verdict verdict = __real_rsp_judge(&seen);
	if (sim_mistake == SIM_MISTAKE_NOT_ASKED && verdict == JUDGE_ASK_ELEMENT)
		return JUDGE_SAME;
	if (sim_mistake == SIM_MISTAKE_NOT_TOLD && verdict == JUDGE_TELL)
		return JUDGE_SAME;
	return verdict;
}

enum rsp_err
__wrap_rsp_tomb_put(struct rsp_tombs *t, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner,
		    const struct rsp_statement *statement, uint32_t home_id, uint64_t until_ms)
{
	if (sim_mistake == SIM_MISTAKE_REMOVAL_FORGOTTEN)
		return RSP_ENOMEM;
	return __real_rsp_tomb_put(t, handle, pe_id, owner, statement, home_id, until_ms);
}

/* Updates and audits */

void
__wrap_rsp_update_announce(struct rsp_enrp *n, const struct rsp_member *m)
{
	if (sim_mistake != SIM_MISTAKE_NO_UPDATE)
		__real_rsp_update_announce(n, m);
}

void
__wrap_rsp_update_announce_removals(struct rsp_enrp *n)
{
	if (sim_mistake != SIM_MISTAKE_DELETE_NOT_ANNOUNCED)
		__real_rsp_update_announce_removals(n);
}

void
__wrap_rsp_download_audit(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *presence)
{
	struct rsp_message seen = *presence;

	if (sim_mistake == SIM_MISTAKE_DIGEST_IGNORED)
		seen.server_info.state.digest = rsp_home_digest(n->core->space, peer->server_id);
	if (sim_mistake != SIM_MISTAKE_NO_AUDIT)
		__real_rsp_download_audit(n, peer, &seen);
}

/* The checksum: what removed elements would have added stays part of it. Kept for each handlespace and home. */

#define LEFTOVERS 256

static struct {
	const struct rsp_handlespace *hs;
	uint32_t home_id;
	uint64_t sum;
} leftover[LEFTOVERS];

static uint64_t *
leftover_of(const struct rsp_handlespace *hs, uint32_t home_id)
{
	unsigned i = 0;

	while (i < LEFTOVERS - 1 && leftover[i].hs && (leftover[i].hs != hs || leftover[i].home_id != home_id))
		i++;
	leftover[i].hs = hs;
	leftover[i].home_id = home_id;
	return &leftover[i].sum;
}

struct rsp_handlespace *
__wrap_rsp_handlespace_new(const struct rsp_handlespace_limits *limits, struct rsp_hash_key key, size_t engine_size)
{
	struct rsp_handlespace *hs = __real_rsp_handlespace_new(limits, key, engine_size);

	for (unsigned i = 0; i < LEFTOVERS; i++)
		if (leftover[i].hs == hs) /* the memory of an earlier one */
			leftover[i].sum = 0;
	return hs;
}

void
__wrap_rsp_element_unlink(struct rsp_handlespace *hs, struct rsp_element *e)
{
	if (sim_mistake == SIM_MISTAKE_CHECKSUM_NOT_UPDATED)
		*leftover_of(hs, rsp_element_home_id(e)) +=
			rsp_checksum_element(rsp_checksum_handle(rsp_pool_handle(e->pool)), e->pe_id);
	__real_rsp_element_unlink(hs, e);
}

uint16_t
__wrap_rsp_home_checksum(const struct rsp_handlespace *hs, uint32_t home_id)
{
	uint16_t checksum = __real_rsp_home_checksum(hs, home_id);

	if (sim_mistake != SIM_MISTAKE_CHECKSUM_NOT_UPDATED)
		return checksum;
	return rsp_checksum_fold((uint64_t)(uint16_t)~checksum + *leftover_of(hs, home_id));
}

/* Takeovers */

void
__wrap_rsp_takeover_begin(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason)
{
	if (sim_mistake == SIM_MISTAKE_NO_TAKEOVER)
		return;
	__real_rsp_takeover_begin(n, peer, reason);
	if (sim_mistake == SIM_MISTAKE_NO_ARBITRATION && peer->takeover.missing) { /* no acknowledgement is waited for */
		peer->takeover.n_missing = 0;
		rsp_peer_note(n, peer);
	}
}

void
__wrap_rsp_look_due(struct rsp_core *core, struct rsp_member *m)
{
	if (sim_mistake != SIM_MISTAKE_NO_LOOKS)
		__real_rsp_look_due(core, m);
}

/* Presences, absences and pauses */

void
__wrap_rsp_enrp_presence(struct rsp_enrp *n, const struct rsp_link *link, uint32_t receiver_id, bool reply)
{
	bool answers = receiver_id != 0 && !reply;

	if (sim_mistake != SIM_MISTAKE_PROBE_UNANSWERED || !answers)
		__real_rsp_enrp_presence(n, link, receiver_id, reply);
}

struct rsp_timer *
__wrap_rsp_wheel_expired(struct rsp_wheel *wheel, uint64_t now_ms)
{
	struct rsp_timer *timer = __real_rsp_wheel_expired(wheel, now_ms);

	if (sim_mistake == SIM_MISTAKE_LATE_IS_DEAD && timer)
		timer->deadline_ms = now_ms; /* it does not look late */
	return timer;
}

/* A registrar that joins refuses new connections of users, but not connections that it knows. */
enum rsp_err
__wrap_rsp_registrar_link_up(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, const struct rsp_link_info *info)
{
	if (sim_mistake == SIM_MISTAKE_ANSWERS_WHILE_JOINING && info->protocol == RSP_ASAP &&
	    rsp_registrar_state(r) == RSP_REGISTRAR_JOINING && !rsp_link_find(&r->core, id))
		(void)rsp_link_new(&r->core, id);
	return __real_rsp_registrar_link_up(r, now_ms, id, info);
}

/* Keep-alives: the registrar reads an acknowledgement of each that it sends, just before it next does what is due. */

#define ACKNOWLEDGEMENTS     256
#define ACKNOWLEDGEMENT_SIZE 256

static struct {
	const struct rsp_registrar *r; /* NULL: unused */
	uint32_t link;
	size_t size;
	uint8_t octets[ACKNOWLEDGEMENT_SIZE];
} acknowledgement[ACKNOWLEDGEMENTS];

static void
acknowledge(const struct rsp_registrar *r, uint32_t link, const struct rsp_message *keep_alive)
{
	struct rsp_message ack = *keep_alive;
	unsigned i = 0;

	ack.type = ASAP_ENDPOINT_KEEP_ALIVE_ACK;
	ack.flags = 0;
	while (i < ACKNOWLEDGEMENTS && acknowledgement[i].r)
		i++;
	if (i == ACKNOWLEDGEMENTS ||
	    rsp_message_encode(&ack, acknowledgement[i].octets, ACKNOWLEDGEMENT_SIZE, &acknowledgement[i].size))
		return;
	acknowledgement[i].r = r;
	acknowledgement[i].link = link;
}

void
__wrap_rsp_core_send(struct rsp_core *core, uint32_t link, const struct rsp_message *msg)
{
	bool asks = msg->protocol == RSP_ASAP && msg->type == ASAP_ENDPOINT_KEEP_ALIVE &&
		    !(msg->flags & ASAP_FLAG_HOME);

	__real_rsp_core_send(core, link, msg);
	if (sim_mistake == SIM_MISTAKE_KEEPALIVE_IGNORED && asks)
		acknowledge(RSP_CONTAINER(core, struct rsp_registrar, core), link, msg);
}

void
__wrap_rsp_registrar_tick(struct rsp_registrar *r, uint64_t now_ms)
{
	for (unsigned i = 0; i < ACKNOWLEDGEMENTS; i++) {
		if (acknowledgement[i].r != r)
			continue;
		acknowledgement[i].r = NULL;
		rsp_registrar_receive(r, now_ms, acknowledgement[i].link,
				      rsp_bytes_of(acknowledgement[i].octets, acknowledgement[i].size));
	}
	__real_rsp_registrar_tick(r, now_ms);
}
