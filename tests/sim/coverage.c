#include "coverage.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "proto/message.h"

const char *
sim_clause_text(enum sim_clause clause)
{
	static const char *const text[] = {
#define ROW(id, text) (text),
		SIM_CLAUSES(ROW)
#undef ROW
	};

	return text[clause];
}

static void
met(struct sim_coverage *c, enum sim_clause clause)
{
	c->clause[clause]++;
}

static void
meet_enrp(struct sim_coverage *c, uint8_t type, uint8_t flags, struct rsp_bytes message)
{
	switch (type) {
	case ENRP_PRESENCE:
		met(c, flags & ENRP_FLAG_REPLY_REQUIRED ? SIM_CLAUSE_REPLY_REQUIRED : SIM_CLAUSE_HEARTBEAT);
		break;
	case ENRP_HANDLE_TABLE_REQUEST:
		met(c, flags & ENRP_FLAG_OWN ? SIM_CLAUSE_OWN_REQUEST : SIM_CLAUSE_TABLE_REQUEST);
		break;
	case ENRP_HANDLE_TABLE_RESPONSE:
		met(c, flags & ENRP_FLAG_REJECT ? SIM_CLAUSE_TABLE_REJECT : SIM_CLAUSE_TABLE_RESPONSE);
		if (flags & ENRP_FLAG_MORE)
			met(c, SIM_CLAUSE_TABLE_MORE);
		break;
	case ENRP_HANDLE_UPDATE:
		if (message.n > 13)
			met(c, message.p[13] == ENRP_ADD_PE ? SIM_CLAUSE_ADD_PE : SIM_CLAUSE_DEL_PE);
		break;
	case ENRP_LIST_REQUEST:
		met(c, SIM_CLAUSE_LIST_REQUEST);
		break;
	case ENRP_LIST_RESPONSE:
		met(c, flags & ENRP_FLAG_REJECT ? SIM_CLAUSE_LIST_REJECT : SIM_CLAUSE_LIST_RESPONSE);
		break;
	case ENRP_INIT_TAKEOVER:
		met(c, SIM_CLAUSE_INIT_TAKEOVER);
		break;
	case ENRP_INIT_TAKEOVER_ACK:
		met(c, SIM_CLAUSE_TAKEOVER_ACK);
		break;
	default:
		break;
	}
}

void
sim_coverage_message(struct sim_coverage *c, enum rsp_protocol protocol, struct rsp_bytes message)
{
	uint8_t type = message.n > 1 ? message.p[0] : 0, flags = message.n > 1 ? message.p[1] : 0;

	if (protocol == RSP_ENRP) {
		c->enrp[type & 15]++;
		meet_enrp(c, type, flags, message);
		return;
	}
	c->asap[type & 15]++;
	if (type == ASAP_ENDPOINT_KEEP_ALIVE)
		met(c, SIM_CLAUSE_KEEP_ALIVE);
	if (type == ASAP_ENDPOINT_UNREACHABLE)
		met(c, SIM_CLAUSE_REPORT);
}

void
sim_coverage_record(struct sim_coverage *c, const struct rsp_event *event)
{
	static const struct {
		enum rsp_event_kind kind;
		enum rsp_reason reason; /* NONE: any */
		enum sim_clause clause;
	} shows[] = {
		{ RSP_EVENT_PE_REMOVED, RSP_REASON_KEEPALIVE_UNANSWERED, SIM_CLAUSE_UNANSWERED },
		{ RSP_EVENT_PE_REMOVED, RSP_REASON_CONNECTION_LOST, SIM_CLAUSE_CONNECTION },
		{ RSP_EVENT_SERVING, RSP_REASON_ALONE, SIM_CLAUSE_ALONE },
		{ RSP_EVENT_SERVING, RSP_REASON_SYNCHRONISED, SIM_CLAUSE_SYNCHRONISED },
		{ RSP_EVENT_REJOINING, RSP_REASON_NONE, SIM_CLAUSE_REJOINING },
		{ RSP_EVENT_PEER_JOINED, RSP_REASON_NONE, SIM_CLAUSE_NEW_PEER },
		{ RSP_EVENT_PEER_SUSPECTED, RSP_REASON_SILENCE, SIM_CLAUSE_SILENCE },
		{ RSP_EVENT_PEER_SUSPECTED, RSP_REASON_PEER_DISCONNECTED, SIM_CLAUSE_LOST },
		{ RSP_EVENT_PEER_DEAD, RSP_REASON_NO_RESPONSE, SIM_CLAUSE_NO_RESPONSE },
		{ RSP_EVENT_PEER_DEAD, RSP_REASON_SEND_FAILED, SIM_CLAUSE_SEND_FAILED },
		{ RSP_EVENT_PEER_DEAD, RSP_REASON_RESTARTED, SIM_CLAUSE_RESTARTED },
		{ RSP_EVENT_PEER_RETURNED, RSP_REASON_NONE, SIM_CLAUSE_RETURNED },
		{ RSP_EVENT_PEER_LEFT, RSP_REASON_NONE, SIM_CLAUSE_PEER_LEFT },
		{ RSP_EVENT_TAKEOVER_ABORTED, RSP_REASON_OTHER_WINS, SIM_CLAUSE_OTHER_WINS },
		{ RSP_EVENT_TAKEOVER_ABORTED, RSP_REASON_TARGET_ALIVE, SIM_CLAUSE_TARGET_ALIVE },
		{ RSP_EVENT_TAKEOVER_DONE, RSP_REASON_NONE, SIM_CLAUSE_TAKEOVER },
		{ RSP_EVENT_PE_ADOPTED, RSP_REASON_NONE, SIM_CLAUSE_ADOPTED },
		{ RSP_EVENT_PE_MOVED, RSP_REASON_NONE, SIM_CLAUSE_MOVED },
		{ RSP_EVENT_PE_CONTESTED, RSP_REASON_NONE, SIM_CLAUSE_CONTESTED },
		{ RSP_EVENT_RESYNC_STARTED, RSP_REASON_NONE, SIM_CLAUSE_RESYNC },
		{ RSP_EVENT_RESYNC_DONE, RSP_REASON_NONE, SIM_CLAUSE_RESYNC_DONE },
	};

	c->events[event->kind]++;
	for (size_t i = 0; i < RSP_COUNT(shows); i++)
		if (shows[i].kind == event->kind && (!shows[i].reason || event->reason == shows[i].reason))
			met(c, shows[i].clause);
}

void
sim_coverage_client(struct sim_coverage *c, const struct rsp_client_event *event)
{
	switch ((int)event->type) {
	case RSP_CLIENT_REGISTERED:
		met(c, SIM_CLAUSE_REGISTRATION);
		break;
	case RSP_CLIENT_RENEWED:
		met(c, SIM_CLAUSE_RENEWAL);
		break;
	case RSP_CLIENT_REREGISTERED:
		met(c, SIM_CLAUSE_REREGISTRATION);
		break;
	case RSP_CLIENT_DEREGISTERED:
		met(c, SIM_CLAUSE_DEREGISTRATION);
		break;
	case RSP_CLIENT_EXPIRED:
		met(c, SIM_CLAUSE_REMOVED_TOLD);
		break;
	case RSP_CLIENT_RESOLVED:
		met(c, event->solicited ? SIM_CLAUSE_RESOLUTION : SIM_CLAUSE_SUBSCRIPTION);
		break;
	case RSP_CLIENT_UNRESOLVED:
		met(c, SIM_CLAUSE_UNKNOWN_HANDLE);
		break;
	case RSP_CLIENT_KEEPALIVE:
		if (event->changed)
			met(c, SIM_CLAUSE_ADOPTION);
		break;
	case RSP_CLIENT_HOME:
		if (event->changed)
			met(c, SIM_CLAUSE_HUNT);
		break;
	default:
		break;
	}
}

unsigned
sim_coverage_print(const struct sim_coverage *c, const char *prefix)
{
	unsigned missing = 0;

	for (unsigned i = 0; i < SIM_CLAUSE_COUNT; i++) {
		printf("%s%10llu  %s%s\n", prefix, (unsigned long long)c->clause[i],
		       c->clause[i] ? "" : "NEVER MET: ", sim_clause_text(i));
		missing += c->clause[i] == 0;
	}
	for (unsigned i = 0; i < SIM_FAULT_COUNT; i++) {
		printf("%s%10llu  %sfault: %s\n", prefix, (unsigned long long)c->fault[i],
		       c->fault[i] ? "" : "NEVER MET: ", sim_fault_name(i));
		missing += c->fault[i] == 0;
	}
	return missing;
}

void
sim_coverage_json(const struct sim_coverage *c)
{
	printf("{\"schema\":\"sim.coverage/1\",\"clauses\":{");
	for (unsigned i = 0; i < SIM_CLAUSE_COUNT; i++)
		printf("%s\"%s\":%llu", i ? "," : "", sim_clause_text(i), (unsigned long long)c->clause[i]);
	printf("},\"faults\":{");
	for (unsigned i = 0; i < SIM_FAULT_COUNT; i++)
		printf("%s\"%s\":%llu", i ? "," : "", sim_fault_name(i), (unsigned long long)c->fault[i]);
	printf("}}\n");
}
