#include <time.h>

#include "engine/registrar/state.h"
#include "registrar_world.h"

/* What a peer may send at will costs no walk over all links, of which there may be 65536. The time is that of the
 * processor, which other processes do not change; a walk for each message takes a hundred times as long. */

enum { FEW = 16, MANY = 30000, FIRST_LINK = 100000, MESSAGES = 128, TIMES = 10 };

static const struct rsp_ip elsewhere = { 4, { 192, 0, 2, 77 } };

static uint64_t
used_us(void)
{
	struct timespec t;

	CHECK_EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void
begin(unsigned n_links, bool insecure)
{
	struct rsp_registrar_config config = world_config();

	config.insecure = insecure;
	if (insecure) {
		config.name = NULL;
		config.enrp_ip = (struct rsp_ip){ 0 }; /* the local address of each connection */
	}
	world_begin(&config);
	CHECK_EQ(world_up(B, RSP_ENRP, insecure ? RSP_ROLE_NONE : RSP_ROLE_PEER, insecure ? NULL : "b"), RSP_OK);
	world_presence(B, ID_B, "b", false);
	for (uint32_t i = 0; i < n_links; i++)
		CHECK_EQ(world_up(FIRST_LINK + i, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_clear();
}

/* b invents registrars with an element each, and says of each that it has taken it over. */
static uint64_t
takeovers_of_inventions(unsigned n_links)
{
	begin(n_links, false);
	uint64_t began = used_us();
	for (uint32_t i = 1; i <= MESSAGES; i++) {
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(i, 0x1000 + i, 10));
		world_about(B, ENRP_TAKEOVER_SERVER, ID_B, 0x1000 + i);
	}
	uint64_t took = used_us() - began;
	CHECK_EQ(rsp_home_count(rsp_registrar_handlespace(w.r), ID_B), MESSAGES);
	world_end();
	return took;
}

/* A list of b has the server id of this registrar, at another address, again and again. */
static uint64_t
lists_of_our_id(unsigned n_links)
{
	enum { ENTRIES = 500 };
	static uint8_t list[RSP_MESSAGE_MAX];
	struct rsp_wr wr = rsp_wr_init(list, sizeof(list));
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, ID_B);
	struct rsp_server_info info = { .server_id = ID_US, .transport = { .type = RSP_PARAM_TCP, .port = 9902 } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	rsp_transport_set_ips(&info.transport, &elsewhere, 1, room);
	for (unsigned i = 0; i < ENTRIES; i++)
		rsp_server_info_encode(&wr, &info);
	CHECK(!wr.err);
	msg.has = RSP_HAS_LIST;
	msg.list = rsp_bytes_of(list, wr.pos);
	msg.n_list = ENTRIES;
	begin(n_links, true);
	uint64_t began = used_us();
	world_tell(B, &msg);
	uint64_t took = used_us() - began;
	world_end();
	return took;
}

/* PRESENCEs with the server id of this registrar. */
static uint64_t
presences_of_our_id(unsigned n_links)
{
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, ID_US);
	uint8_t room[RSP_ADDRS_ROOM(1)];

	msg.has = RSP_HAS_CHECKSUM | RSP_HAS_SERVER_INFO;
	msg.server_info = (struct rsp_server_info){ .server_id = ID_US,
						    .transport = { .type = RSP_PARAM_TCP, .port = 9902 } };
	rsp_transport_set_ips(&msg.server_info.transport, &elsewhere, 1, room);
	begin(n_links, true);
	uint64_t began = used_us();
	for (unsigned i = 0; i < MESSAGES; i++)
		world_tell(B, &msg);
	uint64_t took = used_us() - began;
	world_end();
	return took;
}

/* @cost of a registrar with MANY links is about that of one with FEW links. */
static void
does_not_grow_with_links(uint64_t (*cost)(unsigned n_links))
{
	uint64_t few = cost(FEW), many = cost(MANY);

	printf("# %u links: %llu us, %u links: %llu us\n", FEW, (unsigned long long)few, MANY, (unsigned long long)many);
	CHECK(many <= TIMES * few + 1000);
}

static void
a_takeover_of_an_invented_registrar_does_not_walk_over_all_links(void)
{
	does_not_grow_with_links(takeovers_of_inventions);
}

static void
a_list_with_our_server_id_does_not_walk_over_all_links(void)
{
	does_not_grow_with_links(lists_of_our_id);
}

static void
a_presence_with_our_server_id_does_not_walk_over_all_links(void)
{
	does_not_grow_with_links(presences_of_our_id);
}

int
main(void)
{
	TAP_RUN(a_takeover_of_an_invented_registrar_does_not_walk_over_all_links);
	TAP_RUN(a_list_with_our_server_id_does_not_walk_over_all_links);
	TAP_RUN(a_presence_with_our_server_id_does_not_walk_over_all_links);
	return tap_end();
}
