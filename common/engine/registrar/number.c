#include "engine/registrar/number.h"

#include "model/statement.h"

#define EPOCH_END (UINT64_C(1) << 63)
/* Epochs from here on are ignored when this registrar makes one: a registrar that lies could use up the numbers. */
#define EPOCH_MOST (EPOCH_END - (UINT64_C(1) << 32))

void
rsp_number_heard(struct rsp_core *core, uint64_t epoch)
{
	if (epoch > core->highest_epoch && epoch < EPOCH_MOST)
		core->highest_epoch = epoch;
}

struct rsp_known
rsp_number_known(const struct rsp_core *core, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner,
		 const struct rsp_member *m)
{
	const struct rsp_tomb *tomb = rsp_tomb_find(&core->tombs, handle, pe_id, owner);
	struct rsp_known known = { 0 };

	if (m && m->phase != RSP_MEMBER_OLD)
		known.statement = rsp_member_greatest(m, &known.home_id);
	if (tomb && rsp_statement_compare(&tomb->statement, tomb->home_id, &known.statement, known.home_id) > 0)
		known = (struct rsp_known){ tomb->statement, tomb->home_id, tomb };
	return known;
}

/* Whether two transports can be those of one process: the same protocol and port, and an address in common. */
static bool
is_same_process(const struct rsp_transport *a, const struct rsp_transport *b)
{
	if (a->type != b->type || a->port != b->port)
		return false;
	if (a->type == RSP_PARAM_OPAQUE)
		return rsp_bytes_equal(a->opaque, b->opaque);
	for (unsigned i = 0; i < a->n_addrs; i++) {
		struct rsp_ip ip = rsp_transport_ip(a, i);

		if (rsp_transport_has_ip(b, &ip))
			return true;
	}
	return false;
}

/* All registrars compute the same number, so the hash has a key that is not secret. */
static uint32_t
instance_of(const struct rsp_transport *user)
{
	static const struct rsp_hash_key key = { .k0 = RSP_PARAM_EPOCH, .k1 = RSP_PARAM_STATEMENT };
	uint8_t room[RSP_ADDRS_ROOM(RSP_ADDRS_MAX) + 1024];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));

	rsp_transport_encode(&wr, user);
	uint32_t instance = (uint32_t)rsp_hash(&key, rsp_bytes_of(room, wr.err ? 0 : wr.pos));
	return instance ? instance : 1;
}

struct rsp_epoch
rsp_number_next(const struct rsp_core *core, const struct rsp_statement *known, const struct rsp_member *m,
		const struct rsp_transport *user)
{
	uint64_t wall = (core->config.epoch_ms + core->now_ms) << 16;
	uint64_t above = known->epoch.epoch > core->highest_epoch ? known->epoch.epoch : core->highest_epoch;
	struct rsp_epoch next = { .epoch = (wall < EPOCH_MOST && wall > above ? wall : above) + 1 };
	struct rsp_pool_element pe = { 0 };

	if (m)
		rsp_element_decode(rsp_member_element(m), &pe);
	if (m && is_same_process(&pe.user, user))
		next.instance = rsp_element_statement(rsp_member_element(m)).epoch.instance;
	if (next.instance == 0) /* another process, or @m is the word of a registrar without STATEMENT */
		next.instance = instance_of(user);
	next.over = known->rank && known->epoch.instance != next.instance ? known->epoch.instance : known->epoch.over;
	return next;
}

bool
rsp_number_is_last(const struct rsp_statement *known)
{
	return known->epoch.epoch + 1 >= EPOCH_END;
}

bool
rsp_number_displaced(const struct rsp_statement *known, const struct rsp_epoch *next)
{
	return known->rank && !rsp_statement_is_removed(known) && known->epoch.instance != next->instance &&
	       known->epoch.over == next->instance;
}
