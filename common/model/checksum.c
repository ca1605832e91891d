#include "model/checksum.h"

#include "base/hash.h"
#include "proto/encoded.h"

uint32_t
rsp_checksum_handle(struct rsp_bytes handle)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < handle.n; i++)
		sum += i % 2 == 0 ? (uint32_t)handle.p[i] << 8 : handle.p[i];
	return sum;
}

uint16_t
rsp_checksum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* All registrars must compute the same digest, so this hash has no secret key. */
uint64_t
rsp_digest_handle(struct rsp_bytes handle)
{
	static const struct rsp_hash_key none = { 0 };

	return rsp_hash(&none, handle);
}

uint64_t
rsp_digest_statement(uint64_t handle_digest, uint32_t pe_id, struct rsp_bytes encoded)
{
	enum { SINCE_SIZE = 8, RANK_SIZE = 4 }; /* the last octets: since_ms, then the rank and 0 */
	struct rsp_bytes before = rsp_bytes_of(encoded.p, encoded.n - SINCE_SIZE - RANK_SIZE);
	struct rsp_bytes rank = rsp_bytes_of(encoded.p + encoded.n - RANK_SIZE, RANK_SIZE);

	return rsp_digest_element(handle_digest, pe_id, rsp_encoded_digest(before) + rsp_encoded_digest(rank));
}
