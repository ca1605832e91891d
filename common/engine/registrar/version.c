#include "engine/registrar/version.h"

uint64_t
rsp_version_known(const struct rsp_member *m)
{
	uint64_t version = rsp_element_version(rsp_member_element(m));

	return m->claim && m->claim->version > version ? m->claim->version : version;
}

uint64_t
rsp_version_next(const struct rsp_core *core, struct rsp_bytes handle, uint32_t pe_id, uint64_t known)
{
	uint64_t removed = rsp_tombstone_version(&core->tombstones, handle, pe_id);
	uint64_t stamp = 2 * (core->config.epoch_ms + core->now_ms);

	known = removed > known ? removed : known;
	return stamp > known ? stamp : (known + 2) & ~UINT64_C(1);
}

uint64_t
rsp_version_taken_over(uint64_t known)
{
	return (known + 1) | 1;
}
