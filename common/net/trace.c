#include "net/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/stream.h"

enum { LINKTYPE_WIRESHARK_UPPER_PDU = 252, SNAPLEN = 262144 };

/* Tags of Wireshark's exported PDUs (epan/exported_pdu.h) */
enum {
	TAG_END = 0,
	TAG_DISSECTOR_TABLE = 14,
	TAG_IPV4_SRC = 20,
	TAG_IPV6_SRC = 22, /* each tag of a destination is that of the source plus one */
	TAG_SRC_PORT = 25,
	TAG_DST_PORT = 26,
	TAG_DISSECTOR_TABLE_VALUE = 32
};

struct rsp_trace {
	FILE *out;
	bool failed;
};

/* The tags of one message: at most two addresses, two ports, the table's name and value, and the end. */
struct tags {
	uint8_t octets[128];
	size_t n;
};

static void
put_u32(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 24);
	at[1] = (uint8_t)(v >> 16);
	at[2] = (uint8_t)(v >> 8);
	at[3] = (uint8_t)v;
}

static void
put_tag(struct tags *tags, uint16_t tag, const void *value, size_t n)
{
	size_t padded = (n + 3) & ~(size_t)3;

	if (sizeof(tags->octets) - tags->n < padded + 4)
		return;
	put_u32(tags->octets + tags->n, (uint32_t)tag << 16 | (uint32_t)padded);
	memset(tags->octets + tags->n + 4, 0, padded);
	if (n)
		memcpy(tags->octets + tags->n + 4, value, n);
	tags->n += 4 + padded;
}

static void
put_tag_u32(struct tags *tags, uint16_t tag, uint32_t v)
{
	uint8_t value[4];

	put_u32(value, v);
	put_tag(tags, tag, value, sizeof(value));
}

static void
put_address(struct tags *tags, const struct rsp_ip *ip, uint16_t which)
{
	if (ip->family == 4)
		put_tag(tags, (uint16_t)(TAG_IPV4_SRC + which), ip->ip, 4);
	else if (ip->family == 6)
		put_tag(tags, (uint16_t)(TAG_IPV6_SRC + which), ip->ip, 16);
}

enum rsp_err
rsp_trace_open(const char *path, struct rsp_trace **ret, struct rsp_why *why)
{
	static const uint8_t header[24] = {
		0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, [16] = 0, SNAPLEN >> 16, 0, 0, 0, 0, 0, LINKTYPE_WIRESHARK_UPPER_PDU
	};
	struct rsp_trace *trace = calloc(1, sizeof(*trace));
	int fd = -1;

	if (!trace)
		return rsp_fail(why, RSP_ENOMEM, path, "out of memory");
	enum rsp_err err = rsp_file_open_private(path, false, &fd, why);
	if (!err) {
		trace->out = fdopen(fd, "wb");
		if (!trace->out || fwrite(header, sizeof(header), 1, trace->out) != 1 || fflush(trace->out) == EOF)
			err = rsp_fail(why, RSP_EOUTPUT, path, "%s", strerror(errno));
	}
	if (err) {
		if (trace->out)
			(void)fclose(trace->out);
		else
			rsp_fd_close(fd);
		free(trace);
		return err;
	}
	*ret = trace;
	return RSP_OK;
}

void
rsp_trace_message(struct rsp_trace *trace, int64_t wall_ms, const struct rsp_trace_flow *flow, struct rsp_bytes message)
{
	static const char table[] = "sctp.ppi";
	struct tags tags = { .n = 0 };
	uint8_t record[16];

	if (!trace || trace->failed)
		return;
	put_tag(&tags, TAG_DISSECTOR_TABLE, table, sizeof(table) - 1);
	put_tag_u32(&tags, TAG_DISSECTOR_TABLE_VALUE, flow->ppid);
	put_address(&tags, &flow->src, 0);
	put_address(&tags, &flow->dst, 1);
	if (flow->src.family)
		put_tag_u32(&tags, TAG_SRC_PORT, flow->src_port);
	if (flow->dst.family)
		put_tag_u32(&tags, TAG_DST_PORT, flow->dst_port);
	put_tag(&tags, TAG_END, NULL, 0);

	put_u32(record, (uint32_t)(wall_ms / 1000));
	put_u32(record + 4, (uint32_t)(wall_ms % 1000) * 1000);
	put_u32(record + 8, (uint32_t)(tags.n + message.n));
	put_u32(record + 12, (uint32_t)(tags.n + message.n));
	trace->failed = fwrite(record, sizeof(record), 1, trace->out) != 1 ||
			fwrite(tags.octets, tags.n, 1, trace->out) != 1 ||
			(message.n && fwrite(message.p, message.n, 1, trace->out) != 1) || fflush(trace->out) == EOF;
}

void
rsp_trace_stream(struct rsp_trace *trace, const struct rsp_stream_auth *auth, uint32_t ppid, bool out,
		 struct rsp_bytes message)
{
	if (!trace)
		return;
	struct rsp_trace_flow flow = {
		.ppid = ppid,
		.src = out ? auth->local : auth->remote,
		.dst = out ? auth->remote : auth->local,
		.src_port = out ? auth->local_port : auth->remote_port,
		.dst_port = out ? auth->remote_port : auth->local_port,
	};

	rsp_trace_message(trace, rsp_clock_wall_ms(), &flow, message);
}

enum rsp_err
rsp_trace_close(struct rsp_trace *trace)
{
	if (!trace)
		return RSP_OK;
	bool failed = (fclose(trace->out) == EOF) | trace->failed;
	free(trace);
	return failed ? RSP_EOUTPUT : RSP_OK;
}
