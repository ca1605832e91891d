#include "base/hash.h"

struct sip_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static inline void
sip_round(struct sip_state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 = rotl(s->v2, 32);
}

static inline void
absorb(struct sip_state *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

/* Read a little-endian word, also on big-endian machines: registrars compare
 * digests that are computed from these hashes. */
static inline uint64_t
word_at(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

uint64_t
rsp_hash(const struct rsp_hash_key *key, struct rsp_bytes bytes)
{
	struct sip_state s = { .v0 = key->k0 ^ 0x736f6d6570736575U,
			   .v1 = key->k1 ^ 0x646f72616e646f6dU,
			   .v2 = key->k0 ^ 0x6c7967656e657261U,
			   .v3 = key->k1 ^ 0x7465646279746573U };
	size_t whole = bytes.n & ~(size_t)7, i;
	uint64_t last = (uint64_t)bytes.n << 56;

	for (i = 0; i < whole; i += 8)
		absorb(&s, word_at(bytes.p + i));
	for (unsigned shift = 0; i < bytes.n; i++, shift += 8)
		last |= (uint64_t)bytes.p[i] << shift;
	absorb(&s, last);
	s.v2 ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
