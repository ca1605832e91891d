#ifndef RSP_PROTO_PRIVATE_H
#define RSP_PROTO_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/reader.h"
#include "wire/writer.h"

/* The values of private parameters (beyond the RFCs): the numbers of elements, and the state of registrars. */

/**
 * The number of a statement that an element makes about itself (RSP_PARAM_EPOCH): each registration and deregistration has
 * a higher @epoch. @instance stands for the process, and is drawn at its start. @over is the other instance that was known
 * when this one registered; 0: none. An absent parameter has instance 0.
 */
struct rsp_epoch {
	uint64_t epoch; /* below 2^63 */
	uint32_t instance, over;
};

#define RSP_RANK_REGISTERED 1U	    /* the element registered at its home */
#define RSP_RANK_TAKEN_MAX  65000U  /* 2 to this: its home has taken it over, rank - 1 times since it registered */
#define RSP_RANK_REMOVED    65535U  /* its home has removed it; the Pool Element is a tombstone */

/**
 * A statement of a registrar about an element (RSP_PARAM_STATEMENT). Its home is the home id of the Pool Element. An absent
 * parameter has rank 0. Statements are ordered by model/statement.h.
 */
struct rsp_statement {
	struct rsp_epoch epoch; /* the element's own number; instance is not 0 */
	uint64_t since_ms;	/* when its first home accepted the owner, ms since 1970; for people to read */
	uint16_t rank;		/* RSP_RANK_…; 0: no statement */
};

/** What a registrar says of itself in each PRESENCE (RSP_PARAM_STATE). Octets behind these are ignored. */
struct rsp_state {
	uint64_t digest;       /* over its own elements: model/checksum.h */
	uint64_t update;       /* the number of its last ENRP_HANDLE_UPDATE; 0: none yet */
	uint32_t capabilities; /* 0; unknown bits are ignored */
};

/** A registrar that the sender of RSP_PARAM_HEARD hears directly, and the digest that this registrar last stated. */
struct rsp_heard {
	uint32_t server_id;
	uint64_t digest;
};

/** Octets of one entry of RSP_PARAM_HEARD. */
#define RSP_HEARD_SIZE 12

/** Read the next entry of an RSP_PARAM_HEARD (server_info.heard); begin with *@cursor = 0. False: the end. */
bool rsp_heard_next(struct rsp_bytes heard, size_t *cursor, struct rsp_heard *ret);

/** Write one entry into @room. */
void rsp_heard_write(uint8_t room[static RSP_HEARD_SIZE], const struct rsp_heard *heard);

/* Decoders for the value of one parameter, as in proto/param.h. */
void rsp_epoch_decode(struct rsp_rd *body, struct rsp_epoch *ret);
void rsp_statement_decode(struct rsp_rd *body, struct rsp_statement *ret);
void rsp_state_decode(struct rsp_rd *body, struct rsp_state *ret);
void rsp_heard_decode(struct rsp_rd *body, struct rsp_bytes *ret);

/* Encoders for one whole parameter. */
void rsp_epoch_encode(struct rsp_wr *wr, const struct rsp_epoch *epoch);
void rsp_statement_encode(struct rsp_wr *wr, const struct rsp_statement *statement);
void rsp_state_encode(struct rsp_wr *wr, const struct rsp_state *state);

/** Octets of the value of RSP_PARAM_STATEMENT, which rsp_statement_put() writes without a header. */
#define RSP_STATEMENT_SIZE 28
void rsp_statement_put(struct rsp_wr *wr, const struct rsp_statement *statement);
/** Read these octets. Nothing is checked but that they are there. */
void rsp_statement_get(struct rsp_rd *body, struct rsp_statement *ret);

#endif
