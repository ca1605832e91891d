#ifndef RSP_ENGINE_CLIENT_NUMBER_H
#define RSP_ENGINE_CLIENT_NUMBER_H

#include "engine/client/core.h"

/* The numbers of the statements that an element makes: each registration and deregistration has a higher epoch
 * (struct rsp_epoch). Registrars keep the greatest statement of each element, so they need no clock and no order of
 * arrival. In this file, @own is the number that the element sent last, and @known the number of the greatest statement
 * that a registrar knows. */

/** The number with which an element of this process begins. Its first registration has the next epoch. */
struct rsp_epoch rsp_client_number_first(const struct client_core *core);
/** An element sends @own: count it in core->highest. */
void rsp_client_number_sent(struct client_core *core, const struct rsp_epoch *own);
/** The number in the message @msg of a registrar. NULL: it has none, or this client uses no numbers. */
const struct rsp_epoch *rsp_client_number_in(const struct client_core *core, const struct rsp_message *msg);
/** Whether @known is the statement that the element made last. */
bool rsp_client_number_is_own(const struct rsp_epoch *own, const struct rsp_epoch *known);

/**
 * Whether the element must give up its identifier. @ret_cause is then RSP_CAUSE_NON_UNIQUE_PE_ID if another process
 * registered the identifier and knew of this process, or RSP_CAUSE_EPOCH_OLD if nearly all epochs are used up.
 */
bool rsp_client_number_is_lost(const struct rsp_epoch *own, const struct rsp_epoch *known, uint16_t *ret_cause);
/** Let the next statement of the element be greater than @known. Its epoch is @next->epoch + 1. */
void rsp_client_number_learn(struct rsp_epoch *next, const struct rsp_epoch *known);
/** A registrar has accepted the statement @own, and answers with @known: the element sends its @over from now on. */
void rsp_client_number_accepted(struct rsp_epoch *next, struct rsp_epoch *own, const struct rsp_epoch *known);

#endif
