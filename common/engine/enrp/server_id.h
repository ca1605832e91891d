#ifndef RSP_ENRP_SERVER_ID_H
#define RSP_ENRP_SERVER_ID_H

#include <stdbool.h>

#include "engine/enrp/state.h"

/*
 * Another registrar uses the server id of this one (duplicate.c finds that): this registrar draws another id at random, even if
 * the configuration has given the old one. Both may draw; a random id is hardly ever the same twice, so neither has to know what
 * the other does.
 *
 * A registrar that joins draws at once, since it has no elements yet. A registrar that serves first waits a random time of 1 to
 * 3 times MAX-TIME-NO-RESPONSE, so that the other one, which probably joins, draws alone; it draws only if it still hears of the
 * other one after that. The first draw is free; each further one in a row waits at least twice as long as the one before,
 * because a registrar that lies can make this one draw.
 */

#define RSP_SERVER_ID_DRAW_MS	  60000	  /* the least time between the first and the second draw */
#define RSP_SERVER_ID_DRAW_MAX_MS 3600000 /* the least time between two draws does not grow beyond this */
/* after so long without news of the other registrar, its next message is the first one again */
#define RSP_SERVER_ID_FORGET_MS 120000

/** Another registrar uses the server id of this one. A draw happens in rsp_server_id_settle(). */
void rsp_server_id_is_shared(struct rsp_enrp *n);

/**
 * End of the turn: if it is due, draw an id that neither a peer nor the home of an element has, and change to it. Record
 * RSP_EVENT_SERVER_ID_DRAWN. All connections to other registrars are closed and dialled again, because each of them belongs to
 * one id; connections to elements and users stay. The new id takes over
 * the elements that are linked; the other ones are left to the registrar that has the former id. Returns whether the id was
 * changed.
 */
bool rsp_server_id_settle(struct rsp_enrp *n);

#endif
