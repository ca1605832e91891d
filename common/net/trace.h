#ifndef RSP_NET_TRACE_H
#define RSP_NET_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"

/**
 * A capture file of messages in clear text: pcap, link type WIRESHARK_UPPER_PDU. Each message has the SCTP payload
 * protocol identifier of its protocol (11 ASAP, 12 ENRP), even if TCP carried it, so that Wireshark dissects it without
 * a plug-in.
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
 * Begin a capture in the file @path, whose old content is lost. Only the file's owner may read it: it holds in clear
 * text what was encrypted on the wire. To be closed by rsp_trace_close().
 */
enum rsp_err rsp_trace_open(const char *path, struct rsp_trace **ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Write @message, seen at @wall_ms. After an error nothing more is written; rsp_trace_close() returns the error. @trace
 * may be NULL.
 */
void rsp_trace_message(struct rsp_trace *trace, int64_t wall_ms, const struct rsp_trace_flow *flow,
		       struct rsp_bytes message);

/**
 * As rsp_trace_message(), for a @message that was received now, or sent (@out), over the connection that @auth
 * describes.
 */
void rsp_trace_stream(struct rsp_trace *trace, const struct rsp_stream_auth *auth, uint32_t ppid, bool out,
		      struct rsp_bytes message);

/** Close the file. RSP_EOUTPUT if not all of it could be written. @trace may be NULL. */
enum rsp_err rsp_trace_close(struct rsp_trace *trace);

#endif
