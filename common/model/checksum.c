#include "model/checksum.h"

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
