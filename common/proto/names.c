#include <stddef.h>

#include "proto/param.h"

#include "base/attr.h"

/* RFC 5354 s.3 table 1 */
static const char *const param_names[] = {
	[RSP_PARAM_IPV4] = "IPv4 Address",
	[RSP_PARAM_IPV6] = "IPv6 Address",
	[RSP_PARAM_DCCP] = "DCCP Transport",
	[RSP_PARAM_SCTP] = "SCTP Transport",
	[RSP_PARAM_TCP] = "TCP Transport",
	[RSP_PARAM_UDP] = "UDP Transport",
	[RSP_PARAM_UDP_LITE] = "UDP-Lite Transport",
	[RSP_PARAM_POLICY] = "Pool Member Selection Policy",
	[RSP_PARAM_POOL_HANDLE] = "Pool Handle",
	[RSP_PARAM_POOL_ELEMENT] = "Pool Element",
	[RSP_PARAM_SERVER_INFO] = "Server Information",
	[RSP_PARAM_ERROR] = "Operation Error",
	[RSP_PARAM_COOKIE] = "Cookie",
	[RSP_PARAM_PE_ID] = "PE Identifier",
	[RSP_PARAM_PE_CHECKSUM] = "PE Checksum",
	[RSP_PARAM_OPAQUE] = "Opaque Transport",
};

/* RFC 5354 s.3.12 table 2 */
static const struct cause_names {
	const char *key, *name;
} causes[] = {
	[RSP_CAUSE_UNSPECIFIED] = { "unspecified", "Unspecified Error" },
	[RSP_CAUSE_UNRECOGNIZED_PARAM] = { "unrecognized-parameter", "Unrecognized Parameter" },
	[RSP_CAUSE_UNRECOGNIZED_MSG] = { "unrecognized-message", "Unrecognized Message" },
	[RSP_CAUSE_INVALID_VALUES] = { "invalid-values", "Invalid Values" },
	[RSP_CAUSE_NON_UNIQUE_PE_ID] = { "non-unique-pe-id", "Non-unique PE Identifier" },
	[RSP_CAUSE_INCONSISTENT_POLICY] = { "inconsistent-policy", "Inconsistent Pooling Policy" },
	[RSP_CAUSE_LACK_OF_RESOURCES] = { "lack-of-resources", "Lack of Resources" },
	[RSP_CAUSE_INCONSISTENT_TRANSPORT] = { "inconsistent-transport", "Inconsistent Transport Type" },
	[RSP_CAUSE_INCONSISTENT_USE] = { "inconsistent-use", "Inconsistent Data/Control Configuration" },
	[RSP_CAUSE_UNKNOWN_POOL_HANDLE] = { "unknown-pool-handle", "Unknown Pool Handle" },
	[RSP_CAUSE_SECURITY] = { "security", "Rejected due to security considerations" },
};

/* The private parameters, and that of rsplib */
static const struct param_name {
	uint16_t type;
	const char *name;
} more_params[] = {
	{ RSP_PARAM_ITEM_COUNT, "Handle Resolution Item Count" },
	{ RSP_PARAM_OWNER, "Owner" },
	{ RSP_PARAM_VERSION, "Version" },
	{ RSP_PARAM_SERVER_NAME, "Server Name" },
	{ RSP_PARAM_DIGEST, "Digest" },
	{ RSP_PARAM_EPOCH, "Epoch" },
	{ RSP_PARAM_STATEMENT, "Statement" },
	{ RSP_PARAM_STATE, "State" },
	{ RSP_PARAM_CLOCK, "Clock" },
	{ RSP_PARAM_HEARD, "Heard" },
	{ RSP_PARAM_UPDATE_NUMBER, "Update Number" },
	{ RSP_PARAM_TABLE_OF, "Table Of" },
	{ RSP_PARAM_UPDATES_FROM, "Updates From" },
	{ RSP_PARAM_REPORTED, "Reported" },
};

const char *
rsp_param_name(uint16_t type)
{
	if (type < RSP_COUNT(param_names))
		return param_names[type];
	for (size_t i = 0; i < RSP_COUNT(more_params); i++)
		if (more_params[i].type == type)
			return more_params[i].name;
	return NULL;
}

/* The private causes; the index is the cause minus RSP_CAUSE_EPOCH_OLD. */
static const struct cause_names own_causes[] = {
	[0] = { "epoch-old", "Epoch Too Old" },
	[RSP_CAUSE_EXPIRED - RSP_CAUSE_EPOCH_OLD] = { "registration-expired", "Registration Expired" },
	[RSP_CAUSE_UNANSWERED - RSP_CAUSE_EPOCH_OLD] = { "keepalive-unanswered", "Keep-Alive Unanswered" },
	[RSP_CAUSE_REPORTED - RSP_CAUSE_EPOCH_OLD] = { "reported-unreachable", "Reported Unreachable" },
	[RSP_CAUSE_MOVED - RSP_CAUSE_EPOCH_OLD] = { "moved", "Registered at Another Registrar" },
	[RSP_CAUSE_DEREGISTERED - RSP_CAUSE_EPOCH_OLD] = { "deregistered", "Deregistered by Another Connection" },
};

static const struct cause_names *
names_of(uint16_t cause)
{
	if (cause < RSP_COUNT(causes))
		return &causes[cause];
	if (cause >= RSP_CAUSE_EPOCH_OLD && cause - RSP_CAUSE_EPOCH_OLD < (int)RSP_COUNT(own_causes))
		return &own_causes[cause - RSP_CAUSE_EPOCH_OLD];
	return NULL;
}

const char *
rsp_cause_name(uint16_t cause)
{
	const struct cause_names *names = names_of(cause);

	return names ? names->name : NULL;
}

const char *
rsp_cause_key(uint16_t cause)
{
	const struct cause_names *names = names_of(cause);

	return names ? names->key : NULL;
}
