#ifndef RSP_PROTO_PARAM_H
#define RSP_PROTO_PARAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/ip.h"
#include "proto/policy.h"
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
	RSP_PARAM_ITEM_COUNT = 0x803f, /* of rsplib: how many elements a user wants in an answer */
	RSP_PARAM_OWNER = 0xbf01,      /* private: the identity that registered an element */
	RSP_PARAM_VERSION = 0xbf03,    /* private: orders the statements about an element; the higher is the newer */
	RSP_PARAM_SERVER_NAME = 0xbf04, /* private: the name of a registrar in its keys */
	RSP_PARAM_DIGEST = 0xbf05      /* private: over the elements of a registrar and their versions */
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
	/* private, in an ASAP_DEREGISTRATION_RESPONSE without a request: why the registrar removed the element */
	RSP_CAUSE_EXPIRED = 0xbf02,    /* its registration lifetime is over */
	RSP_CAUSE_UNANSWERED = 0xbf03, /* it did not acknowledge a keep-alive in time */
	RSP_CAUSE_REPORTED = 0xbf04,   /* nor after users had reported it unreachable */
	RSP_CAUSE_MOVED = 0xbf05,      /* another registrar is its home now */
	RSP_CAUSE_DEREGISTERED = 0xbf06, /* another connection of its identity has deregistered it */
	RSP_CAUSE_NONE = 0xffff /* no error; never sent */
};

enum { RSP_USE_DATA = 0, RSP_USE_DATA_CONTROL = 1 }; /* Transport Use, RFC 5354 s.3.4 */

#define RSP_MESSAGE_MAX 65535 /* RFC 5354 s.4: the length is 16 bits */
#define RSP_HANDLE_MAX	4096  /* private: octets of a pool handle at most, so that every answer fits into a message */
#define RSP_OWNER_MAX	128   /* private: octets of an identity, or of the name of a registrar, at most */
#define RSP_ADDRS_MAX	32    /* private: addresses in one transport at most */

/** A transport parameter, RFC 5354 s.3.3-3.7, s.3.16. */
struct rsp_transport {
	uint16_t type; /* RSP_PARAM_DCCP … RSP_PARAM_UDP_LITE, RSP_PARAM_OPAQUE; 0: none */
	uint16_t port;
	uint16_t use;		/* SCTP only: RSP_USE_… */
	uint32_t service_code;	/* DCCP only */
	uint8_t n_addrs;	/* at least 1 (exactly 1 unless SCTP, RFC 5354 s.3.3-3.7); 0 for opaque */
	struct rsp_bytes addrs; /* the address parameters as on the wire; rsp_transport_ip() reads them */
	struct rsp_bytes opaque;
};

/** Address @i (0 to n_addrs - 1) of @transport. */
struct rsp_ip rsp_transport_ip(const struct rsp_transport *transport, unsigned i);

/** Whether a host can be reached at each address of @transport (rsp_ip_unfit()). True if it has no addresses. */
bool rsp_transport_fits(const struct rsp_transport *transport);

/** Octets that rsp_transport_set_ips() needs for @n addresses at most. */
#define RSP_ADDRS_ROOM(n) (20 * (size_t)(n))

/**
 * Set the @n addresses of @transport. They are written as parameters into @room, of RSP_ADDRS_ROOM(n) octets, which
 * @transport then refers to.
 */
void rsp_transport_set_ips(struct rsp_transport *transport, const struct rsp_ip *ip, unsigned n, uint8_t *room);

#define RSP_UNKNOWN_MAX 8

/**
 * Unknown parameters that were skipped (RFC 5354 s.3, high bits 10 and 11), whole, as on the wire. The encoder writes
 * them again, behind the known ones.
 */
struct rsp_unknown {
	uint8_t n;
	uint8_t to_report;		       /* bit i: tlv[i] must be reported (high bits 11) */
	struct rsp_bytes tlv[RSP_UNKNOWN_MAX]; /* further ones are skipped and not kept */
};

/** A Pool Element parameter, RFC 5354 s.3.10. Its views live as long as the octets that it was decoded from. */
struct rsp_pool_element {
	uint32_t pe_id, home_id;
	int32_t lifetime_s; /* -1: without end */
	struct rsp_transport user;
	struct rsp_policy policy;
	struct rsp_transport asap; /* type 0: none */
	struct rsp_bytes owner;	   /* RSP_PARAM_OWNER; empty: none */
	uint64_t version;	   /* RSP_PARAM_VERSION, below 2^63; 0: none */
	struct rsp_unknown unknown;
};

/** A Server Information parameter, RFC 5354 s.3.11. */
struct rsp_server_info {
	uint32_t server_id;
	struct rsp_transport transport; /* SCTP or TCP; type 0: none */
	struct rsp_bytes name;		/* RSP_PARAM_SERVER_NAME; empty: none */
	bool has_digest;
	uint64_t digest; /* RSP_PARAM_DIGEST */
	struct rsp_unknown unknown;
};

/** One error cause, RFC 5354 s.3.12. */
struct rsp_error_cause {
	uint16_t code;
	struct rsp_bytes info; /* the cause-specific part */
};

/* Decoders of the value of one parameter. Each reads @body to its end, or fails it and leaves *@ret unchanged:
 * RSP_EMALFORM for missing parts, RSP_EVALUE for impossible values, RSP_EUNKNOWN_PARAM for unknown parameters that must
 * not be skipped. */
void rsp_transport_decode(struct rsp_rd *body, uint16_t type, struct rsp_transport *ret);
void rsp_pool_element_decode(struct rsp_rd *body, struct rsp_pool_element *ret);
void rsp_server_info_decode(struct rsp_rd *body, struct rsp_server_info *ret);

/** The next cause of an Operation Error's value. False at the end or when @body has failed. */
bool rsp_error_cause_next(struct rsp_rd *body, struct rsp_error_cause *ret);

/* Encoders of one whole parameter. */
void rsp_transport_encode(struct rsp_wr *wr, const struct rsp_transport *transport);
void rsp_pool_element_encode(struct rsp_wr *wr, const struct rsp_pool_element *pe);
void rsp_server_info_encode(struct rsp_wr *wr, const struct rsp_server_info *info);
void rsp_bytes_param_encode(struct rsp_wr *wr, uint16_t type, struct rsp_bytes value);

/**
 * Treat a parameter that is not known at its place by its two high bits (RFC 5354 s.3): keep it in @unknown, or fail
 * @rd with RSP_EUNKNOWN_PARAM (RSP_EMALFORM if its type is known, but not allowed there). @whole is the parameter with
 * its header, the last one that was read from @rd. With @unknown NULL nothing is kept.
 */
void rsp_param_unknown(struct rsp_rd *rd, uint16_t type, struct rsp_bytes whole, struct rsp_unknown *unknown);

/** Whether an unknown parameter of @type, for which a message is discarded, must be reported (high bits 01). */
bool rsp_param_reported(uint16_t type);

/** The name that the RFC gives to a parameter type or error cause, or NULL. */
const char *rsp_param_name(uint16_t type);
const char *rsp_cause_name(uint16_t cause);
/** The key of an error cause in records, such as "unknown-pool-handle"; NULL if the cause is unknown. */
const char *rsp_cause_key(uint16_t cause);

#endif
