#include "engine/registrar/registrar_priv.h"

uint64_t
rsp_version_known(const struct rsp_element *e)
{
	const struct rsp_rival *rival = e->rival;
	uint64_t version = rsp_element_version(e);

	return rival && rival->version > version ? rival->version : version;
}

uint64_t
rsp_version_next(const struct rsp_registrar *r, struct rsp_bytes handle, uint32_t pe_id, uint64_t known)
{
	uint64_t removed = rsp_tombstone_version(&r->tombstones, handle, pe_id);
	uint64_t stamp = 2 * (r->config.epoch_ms + r->now_ms);

	known = removed > known ? removed : known;
	return stamp > known ? stamp : (known + 2) & ~UINT64_C(1);
}

uint64_t
rsp_version_taken_over(uint64_t known)
{
	return (known + 1) | 1;
}
