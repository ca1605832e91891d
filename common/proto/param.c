#include "proto/param.h"

#include <endian.h>

#include "proto/param_priv.h"

bool
rsp_param_is_transport(uint16_t type)
{
	return (type >= RSP_PARAM_DCCP && type <= RSP_PARAM_UDP_LITE) || type == RSP_PARAM_OPAQUE;
}

bool
rsp_param_reported(uint16_t type)
{
	return (type & 0xc000) == 0x4000;
}

void
rsp_param_unknown(struct rsp_rd *rd, uint16_t type, struct rsp_bytes whole, struct rsp_unknown *unknown)
{
	/* RFC 5354 s.3: the highest bit means "skip", the next bit means "report" */
	if (!(type & 0x8000)) {
		bool known = rsp_param_name(type) != NULL;

		rd->param = type;
		rd->param_at = rsp_rd_offset(rd) - whole.n; /* @whole was read last */
		rsp_rd_fail(rd, known ? RSP_EMALFORM : RSP_EUNKNOWN_PARAM,
			    known ? "not allowed where it stands" : "an unknown parameter that may not be skipped");
		return;
	}
	/* A private parameter at a wrong position is not stored: the encoder would write
	 * it at a position where it has a meaning. */
	if (!unknown || unknown->n == RSP_UNKNOWN_MAX || (type >= RSP_PARAM_OWNER && rsp_param_name(type)))
		return;
	if (type & 0x4000)
		unknown->to_report |= (uint8_t)(1U << unknown->n);
	unknown->tlv[unknown->n++] = whole;
}

void
rsp_unknown_encode(struct rsp_wr *wr, const struct rsp_unknown *unknown, struct rsp_bytes a, struct rsp_bytes b)
{
	for (unsigned i = 0; i < unknown->n; i++) {
		uintptr_t at = (uintptr_t)unknown->tlv[i].p;

		if (at - (uintptr_t)a.p < a.n || at - (uintptr_t)b.p < b.n)
			continue;
		rsp_wr_pad(wr);
		rsp_wr_bytes(wr, unknown->tlv[i]);
	}
}

void
rsp_bytes_param_encode(struct rsp_wr *wr, uint16_t type, struct rsp_bytes value)
{
	struct rsp_mark mark = rsp_wr_tlv_open(wr, type);

	rsp_wr_bytes(wr, value);
	rsp_wr_close(wr, mark);
}

/* Read an address parameter, RFC 5354 s.3.1, s.3.2. False: @type is not an address, and nothing was read. */
static bool
address(struct rsp_rd *rd, uint16_t type, struct rsp_rd *body)
{
	if (type != RSP_PARAM_IPV4 && type != RSP_PARAM_IPV6)
		return false;
	(void)rsp_rd_take(body, type == RSP_PARAM_IPV4 ? 4 : 16);
	(void)rsp_rd_end(rd, body);
	return true;
}

static void
addresses(struct rsp_rd *rd, struct rsp_transport *transport, struct rsp_unknown *unknown)
{
	unsigned max = transport->type == RSP_PARAM_SCTP ? RSP_ADDRS_MAX : 1;
	const uint8_t *first = NULL, *end = NULL;
	struct rsp_rd body;
	uint16_t type;

	while (rsp_rd_tlv(rd, &type, &body)) {
		struct rsp_bytes whole = rsp_rd_whole(rd, &body);

		if (!address(rd, type, &body)) {
			rsp_param_unknown(rd, type, whole, unknown);
			continue;
		}
		if (transport->n_addrs == max)
			rsp_rd_fail(rd, RSP_EVALUE, "too many addresses");
		transport->n_addrs++;
		first = first ? first : whole.p;
		end = whole.p + whole.n;
	}
	if (rd->err)
		return;
	if (!first) {
		rsp_rd_fail(rd, RSP_EMALFORM, "no address");
		return;
	}
	transport->addrs = rsp_bytes_of(first, (size_t)(end - first));
}

/* Decode a transport. Its unknown parameters are stored in @unknown. */
static void
transport_decode(struct rsp_rd *body, uint16_t type, struct rsp_transport *ret, struct rsp_unknown *unknown)
{
	struct rsp_transport t = { .type = type };

	if (type == RSP_PARAM_OPAQUE) {
		t.opaque = rsp_rd_rest(body);
	} else {
		t.port = rsp_rd_u16(body);
		t.use = rsp_rd_u16(body);
		if (type != RSP_PARAM_SCTP)
			t.use = 0; /* a reserved field, which the receiver ignores; rsplib sends a use with TCP */
		else if (t.use > RSP_USE_DATA_CONTROL)
			rsp_rd_fail(body, RSP_EVALUE, "an undefined transport use");
		t.service_code = type == RSP_PARAM_DCCP ? rsp_rd_u32(body) : 0;
		addresses(body, &t, unknown);
	}
	if (!body->err)
		*ret = t;
}

void
rsp_transport_decode(struct rsp_rd *body, uint16_t type, struct rsp_transport *ret)
{
	transport_decode(body, type, ret, NULL);
}

void
rsp_transport_encode(struct rsp_wr *wr, const struct rsp_transport *transport)
{
	if (!rsp_param_is_transport(transport->type)) {
		wr->err = wr->err ? wr->err : RSP_EINTERNAL;
		return;
	}
	struct rsp_mark mark = rsp_wr_tlv_open(wr, transport->type);

	if (transport->type == RSP_PARAM_OPAQUE) {
		rsp_wr_bytes(wr, transport->opaque);
	} else {
		rsp_wr_u16(wr, transport->port);
		rsp_wr_u16(wr, transport->type == RSP_PARAM_SCTP ? transport->use : 0);
		if (transport->type == RSP_PARAM_DCCP)
			rsp_wr_u32(wr, transport->service_code);
		rsp_wr_bytes(wr, transport->addrs);
	}
	rsp_wr_close(wr, mark);
}

struct rsp_ip
rsp_transport_ip(const struct rsp_transport *transport, unsigned i)
{
	struct rsp_rd rd = rsp_rd_init(transport->addrs, 0), body;
	uint16_t type;

	while (rsp_rd_tlv(&rd, &type, &body)) {
		if ((type != RSP_PARAM_IPV4 && type != RSP_PARAM_IPV6) || i-- > 0)
			continue;
		struct rsp_ip ip = { .family = type == RSP_PARAM_IPV4 ? 4 : 6 };
		struct rsp_bytes octets = rsp_rd_take(&body, type == RSP_PARAM_IPV4 ? 4 : 16);

		if (octets.n)
			memcpy(ip.ip, octets.p, octets.n);
		return ip;
	}
	return (struct rsp_ip){ 0 };
}

bool
rsp_transport_has_ip(const struct rsp_transport *transport, const struct rsp_ip *ip)
{
	for (unsigned i = 0; i < transport->n_addrs; i++) {
		struct rsp_ip own = rsp_transport_ip(transport, i);

		if (rsp_ip_equal(&own, ip))
			return true;
	}
	return false;
}

bool
rsp_transport_fits(const struct rsp_transport *transport)
{
	for (unsigned i = 0; i < transport->n_addrs; i++) {
		struct rsp_ip ip = rsp_transport_ip(transport, i);

		if (rsp_ip_unfit(&ip))
			return false;
	}
	return true;
}

void
rsp_transport_set_ips(struct rsp_transport *transport, const struct rsp_ip *ip, unsigned n, uint8_t *room)
{
	struct rsp_wr wr = rsp_wr_init(room, RSP_ADDRS_ROOM(n));

	for (unsigned i = 0; i < n; i++)
		rsp_bytes_param_encode(&wr, ip[i].family == 4 ? RSP_PARAM_IPV4 : RSP_PARAM_IPV6,
				       rsp_bytes_of(ip[i].ip, ip[i].family == 4 ? 4 : 16));
	transport->n_addrs = (uint8_t)n;
	transport->addrs = rsp_bytes_of(room, wr.pos);
}

/* The parameters of a Pool Element, in the order in which they must come. */
enum step { USER, POLICY, ASAP, OWNER, VERSION, STATEMENT, DONE };

/* The step (@now or later) to which a parameter of @type belongs; DONE: none. */
static enum step
step_of(uint16_t type, enum step now)
{
	if (rsp_param_is_transport(type) && now == USER)
		return USER;
	if (type == RSP_PARAM_POLICY && now == POLICY)
		return POLICY;
	/* RFC deviation (RFC 5354 s.3.10): TCP is allowed, too, because elements
	 * that use TCP listen for registrars there */
	if ((type == RSP_PARAM_SCTP || type == RSP_PARAM_TCP) && now == ASAP)
		return ASAP;
	/* a tombstone begins with one of the private parameters */
	if (now == POLICY)
		return DONE;
	if (type == RSP_PARAM_OWNER && now <= OWNER)
		return OWNER;
	if (type == RSP_PARAM_VERSION && now <= VERSION)
		return VERSION;
	if (type == RSP_PARAM_STATEMENT && now <= STATEMENT)
		return STATEMENT;
	return DONE;
}

static void
name_decode(struct rsp_rd *body, struct rsp_bytes *ret)
{
	struct rsp_bytes name = rsp_rd_rest(body);

	if (name.n == 0 || name.n > RSP_OWNER_MAX)
		rsp_rd_fail(body, RSP_EVALUE, name.n ? "the name is too long" : "the name is empty");
	else
		*ret = name;
}

static void
version_decode(struct rsp_rd *body, uint64_t *ret)
{
	uint64_t version = rsp_rd_u64(body);

	if (!body->err && (version == 0 || version > INT64_MAX))
		rsp_rd_fail(body, RSP_EVALUE, "an impossible version");
	else
		*ret = version;
}

static void
u64_encode(struct rsp_wr *wr, uint16_t type, uint64_t value)
{
	struct rsp_mark mark = rsp_wr_tlv_open(wr, type);

	rsp_wr_u64(wr, value);
	rsp_wr_close(wr, mark);
}

/* Let @body fail if @pe, whose parameters were read up to the step @now, lacks one. */
static void
element_check(struct rsp_rd *body, const struct rsp_pool_element *pe, enum step now)
{
	if (now == POLICY)
		rsp_rd_fail(body, RSP_EMALFORM, "no policy");
	if (pe->user.type)
		return;
	if (pe->statement.rank != RSP_RANK_REMOVED)
		rsp_rd_fail(body, RSP_EMALFORM, "no user transport");
	else if (pe->lifetime_s != 0)
		rsp_rd_fail(body, RSP_EVALUE, "a tombstone with a registration life");
}

void
rsp_pool_element_decode(struct rsp_rd *body, struct rsp_pool_element *ret)
{
	struct rsp_pool_element pe = { 0 };
	enum step now = USER;
	struct rsp_rd value;
	uint16_t type;

	pe.pe_id = rsp_rd_u32(body);
	pe.home_id = rsp_rd_u32(body);
	pe.lifetime_s = (int32_t)rsp_rd_u32(body);
	if (pe.lifetime_s < -1)
		rsp_rd_fail(body, RSP_EVALUE, "an impossible registration life");
	while (rsp_rd_tlv(body, &type, &value)) {
		enum step step = step_of(type, now);

		if (step == USER)
			transport_decode(&value, type, &pe.user, &pe.unknown);
		else if (step == POLICY)
			rsp_policy_decode(&value, &pe.policy);
		else if (step == ASAP)
			transport_decode(&value, type, &pe.asap, &pe.unknown);
		else if (step == OWNER)
			name_decode(&value, &pe.owner);
		else if (step == VERSION)
			version_decode(&value, &pe.version);
		else if (step == STATEMENT)
			rsp_statement_decode(&value, &pe.statement);
		if (step == DONE) {
			rsp_param_unknown(body, type, rsp_rd_whole(body, &value), &pe.unknown);
			continue;
		}
		now = step + 1;
		(void)rsp_rd_end(body, &value);
	}
	element_check(body, &pe, now);
	if (!body->err)
		*ret = pe;
}

/* Write the transports and the policy of @pe. */
static void
contact_encode(struct rsp_wr *wr, const struct rsp_pool_element *pe)
{
	rsp_transport_encode(wr, &pe->user);
	rsp_policy_encode(wr, &pe->policy);
	if (pe->asap.type)
		rsp_transport_encode(wr, &pe->asap);
}

void
rsp_pool_element_encode(struct rsp_wr *wr, const struct rsp_pool_element *pe)
{
	struct rsp_mark mark = rsp_wr_tlv_open(wr, RSP_PARAM_POOL_ELEMENT);
	bool tombstone = !pe->user.type && pe->statement.rank == RSP_RANK_REMOVED;

	rsp_wr_u32(wr, pe->pe_id);
	rsp_wr_u32(wr, pe->home_id);
	rsp_wr_u32(wr, tombstone ? 0 : (uint32_t)pe->lifetime_s);
	if (!tombstone)
		contact_encode(wr, pe);
	/* private parameters come last, because the parser of rsplib skips them there */
	if (pe->owner.n)
		rsp_bytes_param_encode(wr, RSP_PARAM_OWNER, pe->owner);
	rsp_unknown_encode(wr, &pe->unknown, pe->user.addrs, pe->asap.addrs);
	if (pe->version)
		u64_encode(wr, RSP_PARAM_VERSION, pe->version);
	if (pe->statement.rank)
		rsp_statement_encode(wr, &pe->statement);
	rsp_wr_close(wr, mark);
}

void
rsp_server_info_decode(struct rsp_rd *body, struct rsp_server_info *ret)
{
	struct rsp_server_info info = { .server_id = rsp_rd_u32(body) };
	struct rsp_rd value;
	uint16_t type;

	while (rsp_rd_tlv(body, &type, &value)) {
		/* RFC deviation (RFC 5354 s.3.11): TCP is allowed, too, for registrars that use TCP */
		if (!info.transport.type && (type == RSP_PARAM_SCTP || type == RSP_PARAM_TCP)) {
			transport_decode(&value, type, &info.transport, &info.unknown);
			(void)rsp_rd_end(body, &value);
		} else if (type == RSP_PARAM_SERVER_NAME && !info.name.n) {
			name_decode(&value, &info.name);
			(void)rsp_rd_end(body, &value);
		} else if (type == RSP_PARAM_DIGEST && !info.has_digest) {
			info.digest = rsp_rd_u64(&value);
			info.has_digest = true;
			(void)rsp_rd_end(body, &value);
		} else if (type == RSP_PARAM_STATE && !info.has_state) {
			rsp_state_decode(&value, &info.state);
			info.has_state = true;
			(void)rsp_rd_end(body, &value);
		} else if (type == RSP_PARAM_CLOCK && !info.has_clock) {
			info.clock_ms = rsp_rd_u64(&value);
			info.has_clock = true;
			(void)rsp_rd_end(body, &value);
		} else if (type == RSP_PARAM_HEARD && !info.heard.n) {
			rsp_heard_decode(&value, &info.heard);
			(void)rsp_rd_end(body, &value);
		} else {
			rsp_param_unknown(body, type, rsp_rd_whole(body, &value), &info.unknown);
		}
	}
	if (!info.transport.type)
		rsp_rd_fail(body, RSP_EMALFORM, "no transport");
	if (!body->err)
		*ret = info;
}

void
rsp_server_info_encode(struct rsp_wr *wr, const struct rsp_server_info *info)
{
	struct rsp_mark mark = rsp_wr_tlv_open(wr, RSP_PARAM_SERVER_INFO);

	rsp_wr_u32(wr, info->server_id);
	rsp_transport_encode(wr, &info->transport);
	if (info->name.n)
		rsp_bytes_param_encode(wr, RSP_PARAM_SERVER_NAME, info->name);
	if (info->has_digest)
		u64_encode(wr, RSP_PARAM_DIGEST, info->digest);
	if (info->has_state)
		rsp_state_encode(wr, &info->state);
	if (info->has_clock)
		u64_encode(wr, RSP_PARAM_CLOCK, info->clock_ms);
	if (info->heard.n)
		rsp_bytes_param_encode(wr, RSP_PARAM_HEARD, info->heard);
	rsp_unknown_encode(wr, &info->unknown, info->transport.addrs, (struct rsp_bytes){ 0 });
	rsp_wr_close(wr, mark);
}

bool
rsp_error_cause_next(struct rsp_rd *body, struct rsp_error_cause *ret)
{
	struct rsp_rd info;
	uint16_t code;

	if (!rsp_rd_tlv(body, &code, &info)) /* RFC 5354 s.3.12: a cause has the form of a parameter */
		return false;
	*ret = (struct rsp_error_cause){ .code = code, .info = rsp_rd_rest(&info) };
	return true;
}
