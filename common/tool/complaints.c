#include "tool/complaints.h"

#include "base/hash.h"
#include "base/log.h"

void
tool_complaints_add(struct tool_complaints *complaints, const struct rsp_why *why)
{
	static const struct rsp_hash_key unkeyed; /* a collision only hides a warning */
	const uint64_t parts[] = { rsp_hash(&unkeyed, rsp_bytes_str(why->object)),
				   rsp_hash(&unkeyed, rsp_bytes_str(why->reason)) };
	uint64_t hash = rsp_hash(&unkeyed, rsp_bytes_of(parts, sizeof(parts)));

	for (unsigned i = 0; i < complaints->n && i < TOOL_COMPLAINTS_MAX; i++)
		if (complaints->said[i] == hash)
			return;
	complaints->said[complaints->n++ % TOOL_COMPLAINTS_MAX] = hash;
	rsp_log(RSP_LOG_WARNING, why->object, "%s; trying again", why->reason);
}
