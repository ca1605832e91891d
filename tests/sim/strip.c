#include "strip.h"

#include <string.h>

#define FIRST_PRIVATE 0xbf09
#define LAST_PRIVATE  0xbf15

struct copy {
	uint8_t *p;
	size_t n;
	bool stripped;
};

static unsigned
u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void
put(struct copy *copy, const uint8_t *p, size_t n)
{
	memcpy(copy->p + copy->n, p, n);
	copy->n += n;
}

static void
set_length(struct copy *copy, size_t at)
{
	copy->p[at + 2] = (uint8_t)((copy->n - at) >> 8);
	copy->p[at + 3] = (uint8_t)(copy->n - at);
}

static void
pad(struct copy *copy)
{
	while (copy->n % 4)
		copy->p[copy->n++] = 0;
}

/* The octets before the first parameter inside a Pool Element (RFC 5354 s.3.10) and a Server Information (s.3.11). */
static size_t
fixed_part(unsigned type)
{
	return type == RSP_PARAM_POOL_ELEMENT ? 12 : 4;
}

static size_t
fields_of(enum rsp_protocol protocol, uint8_t type)
{
	const struct rsp_grammar *grammar = rsp_grammar(protocol, type);
	size_t n = 0;

	for (unsigned i = 0; grammar && i < 4 && grammar->field[i] != RSP_FIELD_END; i++)
		n += 4;
	return n;
}

/* Copy the parameters in the @n octets at @p, and those in their Pool Elements and Server Informations. */
static void
copy_parameters(struct copy *copy, const uint8_t *p, size_t n)
{
	for (size_t at = 0, length; at + 4 <= n; at += (length + 3) & ~(size_t)3) {
		unsigned type = u16(p + at);
		size_t begin = copy->n, inner = 4 + fixed_part(type);

		length = u16(p + at + 2);
		if (length < 4 || at + length > n)
			return;
		if (type >= FIRST_PRIVATE && type <= LAST_PRIVATE) {
			copy->stripped = true;
			continue;
		}
		pad(copy);
		begin = copy->n;
		if ((type != RSP_PARAM_POOL_ELEMENT && type != RSP_PARAM_SERVER_INFO) || length < inner) {
			put(copy, p + at, length);
			continue;
		}
		put(copy, p + at, inner);
		copy_parameters(copy, p + at + inner, length - inner);
		set_length(copy, begin);
	}
}

struct rsp_bytes
sim_strip(enum rsp_protocol protocol, struct rsp_bytes message, uint8_t room[static SIM_STRIP_ROOM])
{
	struct copy copy = { .p = room };
	size_t head = message.n ? 4 + fields_of(protocol, message.p[0]) : 0;

	if (message.n < 4 || message.n < head)
		return message;
	put(&copy, message.p, head);
	copy_parameters(&copy, message.p + head, message.n - head);
	set_length(&copy, 0);
	pad(&copy);
	return copy.stripped ? rsp_bytes_of(room, copy.n) : message;
}
