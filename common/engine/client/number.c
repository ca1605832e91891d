#include "engine/client/number.h"

#define EPOCH_SHIFT 16		 /* an element may make so many statements (as a power of 2) in each millisecond */
#define WALL_MAX    (UINT64_C(1) << 46) /* ms since 1970: the year 4199. A later time is an error of the clock */
#define EPOCHS	    ((UINT64_C(1) << 63) - (UINT64_C(1) << 32)) /* from here on, epochs are nearly used up */

struct rsp_epoch
rsp_client_number_first(const struct client_core *core)
{
	uint64_t wall_ms = core->config.epoch_ms + core->now;

	if (wall_ms >= WALL_MAX) /* a time before 1970 is negative, so the highest bit is set */
		wall_ms = wall_ms >> 63 ? 0 : WALL_MAX - 1;
	return (struct rsp_epoch){ .epoch = wall_ms << EPOCH_SHIFT, .instance = core->instance };
}

void
rsp_client_number_sent(struct client_core *core, const struct rsp_epoch *own)
{
	/* no clock gives one that is higher: it comes from a registrar that lies about one element */
	if (own->epoch < WALL_MAX << EPOCH_SHIFT && own->epoch > core->highest)
		core->highest = own->epoch;
}

const struct rsp_epoch *
rsp_client_number_in(const struct client_core *core, const struct rsp_message *msg)
{
	return msg->has & RSP_HAS_EPOCH && !core->config.no_epoch ? &msg->epoch : NULL;
}

bool
rsp_client_number_is_own(const struct rsp_epoch *own, const struct rsp_epoch *known)
{
	return known->epoch == own->epoch && known->instance == own->instance;
}

bool
rsp_client_number_is_lost(const struct rsp_epoch *own, const struct rsp_epoch *known, uint16_t *ret_cause)
{
	bool displaced = known->instance != own->instance && known->over == own->instance;

	if (!displaced && known->epoch < EPOCHS)
		return false;
	*ret_cause = displaced ? RSP_CAUSE_NON_UNIQUE_PE_ID : RSP_CAUSE_EPOCH_OLD;
	return true;
}

void
rsp_client_number_learn(struct rsp_epoch *next, const struct rsp_epoch *known)
{
	if (known->epoch > next->epoch)
		next->epoch = known->epoch;
	if (known->instance && known->instance != next->instance)
		next->over = known->instance;
}

void
rsp_client_number_accepted(struct rsp_epoch *next, struct rsp_epoch *own, const struct rsp_epoch *known)
{
	if (rsp_client_number_is_own(own, known) && known->over != own->instance)
		own->over = next->over = known->over;
}
