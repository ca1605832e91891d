#ifndef RSP_PROTO_PARAM_H
#define RSP_PROTO_PARAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/ip.h"
#include "proto/policy.h"
#include "proto/private.h"
#include "wire/reader.h"
#include "wire/writer.h"

/* Parameter types, RFC 5354 s.3 table 1, and the private ones. */
enum {
	RSP_PARAM_IPV4 = 0x1,
	RSP_PARAM_IPV6 = 0x2,
	RSP_PARAM_DCCP = 0x3,
	RSP_PARAM_SCTP = 0x4,
	RSP_PARAM_TCP = 0x5,
	RSP_PARAM_UDP = 0x6,
	RSP_PARAM_UDP_LITE = 0x7,
	RSP_PARAM_POLICY = 0x8,
	RSP_PARAM_POOL_HANDLE = 0x9,
	RSP_PARAM_POOL_ELEMENT = 0xa,
	RSP_PARAM_SERVER_INFO = 0xb,
	RSP_PARAM_ERROR = 0xc,
	RSP_PARAM_COOKIE = 0xd,
	RSP_PARAM_PE_ID = 0xe,
	RSP_PARAM_PE_CHECKSUM = 0xf,
	RSP_PARAM_OPAQUE = 0x10,
	RSP_PARAM_ITEM_COUNT = 0x803f, /* defined by rsplib: the number of elements that a user requests in an answer */
	RSP_PARAM_OWNER = 0xbf01,      /* private: the identity that registered an element */
	/* private: the version of a statement about an element; a higher version is newer */
	RSP_PARAM_VERSION = 0xbf03,
	RSP_PARAM_SERVER_NAME = 0xbf04, /* private: the name of a registrar in its key */
	RSP_PARAM_DIGEST = 0xbf05,     /* private: a digest over the elements of a registrar and their versions */
	RSP_PARAM_EPOCH = 0xbf09,      /* private: the number of an element's own statement; struct rsp_epoch */
	RSP_PARAM_STATEMENT = 0xbf0a,  /* private: the statement about an element; struct rsp_statement */
	RSP_PARAM_STATE = 0xbf0b,      /* private: digest and last update of a registrar; struct rsp_state */
	RSP_PARAM_CLOCK = 0xbf0c,      /* private: the clock of a registrar, ms since 1970 */
	RSP_PARAM_HEARD = 0xbf0d,      /* private: the registrars that a registrar hears, and their digests */
	RSP_PARAM_UPDATE_NUMBER = 0xbf0e, /* private: the number of an ENRP_HANDLE_UPDATE */
	RSP_PARAM_TABLE_OF = 0xbf0f,   /* private: the registrar whose elements a table request asks for */
	RSP_PARAM_UPDATES_FROM = 0xbf11, /* private: the first missing update that a table request asks for */
	RSP_PARAM_REPORTED = 0xbf15    /* private: users reported this element of the receiver; look at it */
};

/* Error causes, RFC 5354 s.3.12 table 2. */
enum {
	RSP_CAUSE_UNSPECIFIED = 0x0,
	RSP_CAUSE_UNRECOGNIZED_PARAM = 0x1,
	RSP_CAUSE_UNRECOGNIZED_MSG = 0x2,
	RSP_CAUSE_INVALID_VALUES = 0x3,
	RSP_CAUSE_NON_UNIQUE_PE_ID = 0x4,
	RSP_CAUSE_INCONSISTENT_POLICY = 0x5,
	RSP_CAUSE_LACK_OF_RESOURCES = 0x6,
	RSP_CAUSE_INCONSISTENT_TRANSPORT = 0x7,
	RSP_CAUSE_INCONSISTENT_USE = 0x8,
	RSP_CAUSE_UNKNOWN_POOL_HANDLE = 0x9,
	RSP_CAUSE_SECURITY = 0xa,
	/* Private, in an ASAP_DEREGISTRATION_RESPONSE that answers no request:
	 * why the registrar removed the element. */
	RSP_CAUSE_EXPIRED = 0xbf02,    /* the registration life of the element is over */
	RSP_CAUSE_UNANSWERED = 0xbf03, /* the element did not acknowledge a keep-alive in time */
	/* users reported the element unreachable, and it did not acknowledge a keep-alive in time */
	RSP_CAUSE_REPORTED = 0xbf04,
	RSP_CAUSE_MOVED = 0xbf05,      /* another registrar is its home now */
	RSP_CAUSE_DEREGISTERED = 0xbf06, /* another connection of the same identity has deregistered the element */
	/* Private, in the response to a registration or deregistration that has RSP_PARAM_EPOCH: the registrar knows a
	 * newer statement about the element, which the RSP_PARAM_EPOCH of the response has. */
	RSP_CAUSE_EPOCH_OLD = 0xbf01,
	RSP_CAUSE_NONE = 0xffff /* no error; never sent */
};

enum { RSP_USE_DATA = 0, RSP_USE_DATA_CONTROL = 1 }; /* Transport Use, RFC 5354 s.3.4 */

#define RSP_MESSAGE_MAX 65535 /* RFC 5354 s.4: the length field has 16 bits */
#define RSP_HANDLE_MAX	4096  /* private limit: octets of a pool handle, so that every answer fits into a message */
#define RSP_OWNER_MAX	128   /* private limit: octets of an identity, or of the name of a registrar */
#define RSP_ADDRS_MAX	32    /* private limit: addresses in one transport */

/** A transport parameter, RFC 5354 s.3.3-3.7, s.3.16. */
struct rsp_transport {
	uint16_t type; /* RSP_PARAM_DCCP … RSP_PARAM_UDP_LITE, RSP_PARAM_OPAQUE; 0: none */
	uint16_t port;
	uint16_t use;		/* SCTP only: RSP_USE_… */
	uint32_t service_code;	/* DCCP only */
	uint8_t n_addrs;	/* SCTP: 1 or more; opaque: 0; else 1, RFC 5354 s.3.3-3.7 */
	struct rsp_bytes addrs; /* the encoded address parameters; rsp_transport_ip() reads them */
	struct rsp_bytes opaque;
};

/** Address @i (0 to n_addrs - 1) of @transport. */
struct rsp_ip rsp_transport_ip(const struct rsp_transport *transport, unsigned i);

/** Whether @ip is an address of @transport. */
bool rsp_transport_has_ip(const struct rsp_transport *transport, const struct rsp_ip *ip);

/** Whether each address of @transport can be the address of a host (not rsp_ip_unfit()). True if it has no addresses. */
bool rsp_transport_fits(const struct rsp_transport *transport);

/** Octets that rsp_transport_set_ips() needs for @n addresses. */
#define RSP_ADDRS_ROOM(n) (20 * (size_t)(n))

/**
 * Set the @n addresses of @transport. They are encoded into @room, which has
 * RSP_ADDRS_ROOM(n) octets; @transport has a view into it.
 */
void rsp_transport_set_ips(struct rsp_transport *transport, const struct rsp_ip *ip, unsigned n, uint8_t *room);

#define RSP_UNKNOWN_MAX 8

/**
 * Unknown parameters that the decoder skipped (RFC 5354 s.3, high bits 10 and 11), each as its whole octets. The
 * encoder writes them after the known parameters.
 */
struct rsp_unknown {
	uint8_t n;
	uint8_t to_report;		       /* bit i: tlv[i] must be reported (high bits 11) */
	struct rsp_bytes tlv[RSP_UNKNOWN_MAX]; /* the first ones; further unknown parameters are not stored */
};

/** A Pool Element parameter, RFC 5354 s.3.10. Its views are valid as long as the octets from which it was decoded. */
struct rsp_pool_element {
	uint32_t pe_id, home_id;
	int32_t lifetime_s; /* -1: unlimited */
	struct rsp_transport user;
	struct rsp_policy policy;
	struct rsp_transport asap; /* type 0: none */
	struct rsp_bytes owner;	   /* RSP_PARAM_OWNER; empty: none */
	uint64_t version;	   /* RSP_PARAM_VERSION, below 2^63; 0: none */
	/* RSP_PARAM_STATEMENT; rank 0: none. A tombstone (RSP_RANK_REMOVED) may lack @user and @policy: types are 0 */
	struct rsp_statement statement;
	struct rsp_unknown unknown;
};

/** A Server Information parameter, RFC 5354 s.3.11. */
struct rsp_server_info {
	uint32_t server_id;
	struct rsp_transport transport; /* SCTP or TCP; type 0: none */
	struct rsp_bytes name;		/* RSP_PARAM_SERVER_NAME; empty: none */
	bool has_digest;
	uint64_t digest; /* RSP_PARAM_DIGEST */
	bool has_state, has_clock;
	struct rsp_state state;
	uint64_t clock_ms;	/* RSP_PARAM_CLOCK: the sender's clock, ms since 1970 */
	struct rsp_bytes heard; /* RSP_PARAM_HEARD, as encoded; rsp_heard_next() reads it */
	struct rsp_unknown unknown;
};

/** One error cause, RFC 5354 s.3.12. */
struct rsp_error_cause {
	uint16_t code;
	struct rsp_bytes info; /* the cause-specific part */
};

/* Decoders for the value of one parameter. Each reads @body to its end, or lets @body fail and does not change *@ret:
 * RSP_EMALFORM: parts are missing. RSP_EVALUE: invalid values. RSP_EUNKNOWN_PARAM: an unknown parameter that must not be
 * skipped. */
void rsp_transport_decode(struct rsp_rd *body, uint16_t type, struct rsp_transport *ret);
void rsp_pool_element_decode(struct rsp_rd *body, struct rsp_pool_element *ret);
void rsp_server_info_decode(struct rsp_rd *body, struct rsp_server_info *ret);

/** Read the next cause in the value of an Operation Error. False: the end, or @body has failed. */
bool rsp_error_cause_next(struct rsp_rd *body, struct rsp_error_cause *ret);

/* Encoders for one whole parameter. */
void rsp_transport_encode(struct rsp_wr *wr, const struct rsp_transport *transport);
void rsp_pool_element_encode(struct rsp_wr *wr, const struct rsp_pool_element *pe);
void rsp_server_info_encode(struct rsp_wr *wr, const struct rsp_server_info *info);
void rsp_bytes_param_encode(struct rsp_wr *wr, uint16_t type, struct rsp_bytes value);

/**
 * Handle a parameter that is unknown or not allowed at its position, by its two high bits (RFC 5354 s.3): store it in
 * @unknown (NULL: do not store it), or let @rd fail with RSP_EUNKNOWN_PARAM (RSP_EMALFORM if the type is known, but not
 * allowed there). @whole: the parameter with its header, which must be the last one that was read from @rd.
 */
void rsp_param_unknown(struct rsp_rd *rd, uint16_t type, struct rsp_bytes whole, struct rsp_unknown *unknown);

/** Whether an unknown parameter of @type, which makes the receiver discard the
 * message, must be reported (high bits 01). */
bool rsp_param_reported(uint16_t type);

/** The name of a parameter type or error cause in the RFC; NULL: unknown. */
const char *rsp_param_name(uint16_t type);
const char *rsp_cause_name(uint16_t cause);
/** The key of an error cause in records, such as "unknown-pool-handle"; NULL: unknown. */
const char *rsp_cause_key(uint16_t cause);

#endif
