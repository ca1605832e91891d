#ifndef RSP_NET_TRACE_H
#define RSP_NET_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"

/**
 * A capture file of single messages, as they are inside TLS: pcap, link type WIRESHARK_UPPER_PDU. Each message is named
 * by its SCTP payload protocol identifier (11 ASAP, 12 ENRP), whatever carried it, so that a stock Wireshark dissects
 * it.
 */
struct rsp_trace;
struct rsp_stream_auth;

/** Where a message came from and went to; an address of family 0 is left out. */
struct rsp_trace_flow {
	uint32_t ppid;
	struct rsp_ip src, dst;
	uint16_t src_port, dst_port;
};

/**
 * Begin a capture in the file @path, which loses its old content; only its owner may read it, for it holds what was
 * encrypted on the wire. The caller closes @ret.
 */
enum rsp_err rsp_trace_open(const char *path, struct rsp_trace **ret, struct rsp_why *why) RSP_NODISCARD;

/** Add @message, seen at @wall_ms, at once. Errors stick, and rsp_trace_close() tells. @trace may be NULL. */
void rsp_trace_message(struct rsp_trace *trace, int64_t wall_ms, const struct rsp_trace_flow *flow,
		       struct rsp_bytes message);

/** The same, now, of a @message that came or went @out over the connection whose ends @auth names. */
void rsp_trace_stream(struct rsp_trace *trace, const struct rsp_stream_auth *auth, uint32_t ppid, bool out,
		      struct rsp_bytes message);

/** Close the file. RSP_EOUTPUT if not all of it could be written. @trace may be NULL. */
enum rsp_err rsp_trace_close(struct rsp_trace *trace);

#endif
