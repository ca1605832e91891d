#ifndef RSP_ENRP_SERVER_ID_H
#define RSP_ENRP_SERVER_ID_H

#include <stdbool.h>

#include "engine/enrp/state.h"

/*
 * Another registrar uses the server id of this one (duplicate.c finds that): this registrar draws another id at random, even if
 * the configuration has given the old one. Both may draw; a random id is hardly ever the same twice, so neither has to know what
 * the other does.
 *
 * A registrar that joins draws at once, since it has no elements yet. A registrar that serves waits a random time, so that the
 * other one, which probably joins, draws alone; it draws unless the other one has come back with another id meanwhile. The
 * first draw is free; each further one waits at least twice as long as the one before, because a registrar that lies can make this
 * one draw.
 */

#define RSP_SERVER_ID_WAIT_MS	  500	  /* this time, varied by half: more than a few round trips */
#define RSP_SERVER_ID_DRAW_MS	  60000	  /* the least time between the first and the second draw */
#define RSP_SERVER_ID_DRAW_MAX_MS 3600000 /* the least time between two draws does not grow beyond this */
/* if a draw had to wait, and no message has shown the other registrar for so long, there is no draw */
#define RSP_SERVER_ID_FORGET_MS 60000

/** Another registrar, which has the name @name (empty: unknown), uses the server id of this one. */
void rsp_server_id_is_shared(struct rsp_enrp *n, struct rsp_bytes name);

/** The timer of n->shared_id has expired. */
void rsp_server_id_due(struct rsp_enrp *n);

/**
 * End of the turn: if it is due, draw an id that neither a peer nor the home of an element has, and change to it. Record
 * RSP_EVENT_SERVER_ID_DRAWN. All connections to other registrars are closed and dialled again, because each of them belongs to
 * one id; connections to elements and users stay. The new id takes over
 * the elements that are linked; the other ones are left to the registrar that has the former id. Returns whether the id was
 * changed.
 */
bool rsp_server_id_settle(struct rsp_enrp *n);

#endif
