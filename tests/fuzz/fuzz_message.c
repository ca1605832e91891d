#include <stdlib.h>
#include <string.h>

#include "../unit/samples.h"
#include "../unit/vectors.h"
#include "fuzz.h"
#include "proto/message.h"

/* Input: an octet that chooses the protocol, then a message. What decodes must encode, to what decodes and encodes
 * alike; every view must lie within the input. */

static uint8_t first[RSP_MESSAGE_MAX + 1], second[RSP_MESSAGE_MAX + 1];

static void
must(bool condition)
{
	if (!condition)
		abort();
}

static void
must_lie_within(struct rsp_bytes view, struct rsp_bytes whole)
{
	must(view.n == 0 ||
	     (view.p >= whole.p && view.n <= whole.n && view.p - whole.p <= (ptrdiff_t)(whole.n - view.n)));
}

static void
look_at_transport(const struct rsp_transport *transport, struct rsp_bytes whole)
{
	must_lie_within(transport->addrs, whole);
	must_lie_within(transport->opaque, whole);
	for (unsigned i = 0; i < transport->n_addrs; i++)
		must(rsp_transport_ip(transport, i).family != 0);
	must(rsp_transport_ip(transport, transport->n_addrs).family == 0);
}

static void
look_at_element(const struct rsp_pool_element *pe, struct rsp_bytes whole)
{
	look_at_transport(&pe->user, whole);
	look_at_transport(&pe->asap, whole);
	must_lie_within(pe->policy.extra, whole);
	must_lie_within(pe->owner, whole);
	for (unsigned i = 0; i < pe->unknown.n; i++)
		must_lie_within(pe->unknown.tlv[i], whole);
}

static void
look_at(const struct rsp_message *msg, struct rsp_bytes whole)
{
	struct rsp_list_item item;
	size_t cursor = 0;
	unsigned n = 0;
	uint8_t room[64];

	must_lie_within(msg->handle, whole);
	must_lie_within(msg->cookie, whole);
	must_lie_within(msg->error, whole);
	must_lie_within(msg->list, whole);
	look_at_element(&msg->element, whole);
	look_at_transport(&msg->server_info.transport, whole);
	must_lie_within(msg->server_info.name, whole);
	for (; rsp_list_next(msg, &cursor, &item); n++) {
		must_lie_within(item.whole, whole);
		must_lie_within(item.handle, whole);
		look_at_element(&item.element, whole);
		look_at_transport(&item.transport, whole);
		look_at_transport(&item.server_info.transport, whole);
		must_lie_within(item.server_info.name, whole);
	}
	must(n == msg->n_list);
	must(!(msg->has & RSP_HAS_ERROR) ||
	     rsp_error_compose(rsp_message_cause(msg), msg->error, room, sizeof(room)).n >= 4);
	must(rsp_message_unrecognized(msg, room, sizeof(room)).n <= sizeof(room));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	enum rsp_protocol protocol = data[0] & 1 ? RSP_ENRP : RSP_ASAP;
	struct rsp_bytes whole = rsp_bytes_of(data + 1, size - 1);
	struct rsp_message msg, again;
	struct rsp_why why = { 0 };
	size_t n1 = 0, n2 = 0;

	(void)rsp_message_frame(whole);
	if (rsp_message_decode(protocol, whole, &msg, &why)) {
		must(why.err && why.offset <= whole.n);
		must_lie_within(rsp_message_culprit(whole, &why), whole);
		return 0;
	}
	look_at(&msg, whole);
	must(rsp_message_encode(&msg, first, sizeof(first), &n1) == RSP_OK);
	must(rsp_message_decode(protocol, rsp_bytes_of(first, n1), &again, NULL) == RSP_OK);
	must(rsp_message_encode(&again, second, sizeof(second), &n2) == RSP_OK);
	must(n1 == n2 && memcmp(first, second, n1) == 0);
	return 0;
}

static void (*seed)(const char *name, const uint8_t *data, size_t size);

static void
seed_with(const char *name, enum rsp_protocol protocol, const uint8_t *octets, size_t n)
{
	uint8_t *input = malloc(n + 1);

	must(input != NULL);
	input[0] = protocol == RSP_ENRP;
	memcpy(input + 1, octets, n);
	seed(name, input, n + 1);
	free(input);
}

static void
seed_vector(const struct vector *v)
{
	seed_with(v->name, v->protocol, v->octets, v->n);
}

static void
seed_sample(const char *name, const struct rsp_message *msg)
{
	uint8_t octets[4096];
	size_t n = 0;

	must(rsp_message_encode(msg, octets, sizeof(octets), &n) == RSP_OK);
	seed_with(name, msg->protocol, octets, n);
}

unsigned
fuzz_seeds(void (*each)(const char *name, const uint8_t *data, size_t size))
{
	seed = each;
	return vectors("rsplib.tsv", seed_vector) + samples(seed_sample);
}
