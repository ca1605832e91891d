#include <string.h>

#include "chaos.h"
#include "engine/enrp/ring.h"
#include "proto/message.h"
#include "tap.h"

static struct rsp_ring ring;

static void
begin(uint32_t updates, uint32_t octets)
{
	const struct rsp_ring_limits limits = { updates, octets };

	CHECK_EQ(rsp_ring_init(&ring, &limits), RSP_OK);
}

static uint64_t
add(const char *handle, const char *element)
{
	return rsp_ring_add(&ring, ENRP_ADD_PE, rsp_bytes_str(handle), rsp_bytes_str(element), 1000);
}

/* The handles of the updates that are kept, from the oldest on. */
static const char *
kept(void)
{
	static char text[256];
	struct rsp_ring_entry entry;

	text[0] = '\0';
	for (uint64_t number = 0; number <= rsp_ring_last(&ring) + 1; number++) {
		size_t at = strlen(text);

		if (rsp_ring_at(&ring, number, &entry) && entry.number == number)
			(void)snprintf(text + at, sizeof(text) - at, "%.*s", (int)entry.handle.n,
				       (const char *)entry.handle.p);
	}
	return text;
}

static void
updates_are_numbered_from_1(void)
{
	begin(4, 1000);
	CHECK_EQ(rsp_ring_last(&ring), 0);
	CHECK_EQ(add("a", "1"), 1);
	CHECK_EQ(add("b", "2"), 2);
	CHECK_EQ(rsp_ring_last(&ring), 2);
	CHECK_STR(kept(), "ab");
	rsp_ring_done(&ring);
}

static void
an_update_is_kept_with_all_that_its_message_needs(void)
{
	struct rsp_ring_entry entry;

	begin(4, 1000);
	rsp_ring_add(&ring, ENRP_DEL_PE, rsp_bytes_of("w\0b", 3), rsp_bytes_str("element"), 0);
	CHECK(rsp_ring_at(&ring, 1, &entry));
	CHECK_EQ(entry.number, 1);
	CHECK_EQ(entry.action, ENRP_DEL_PE);
	CHECK(rsp_bytes_equal(entry.handle, rsp_bytes_of("w\0b", 3)));
	CHECK(rsp_bytes_equal(entry.element, rsp_bytes_str("element")));
	CHECK(!rsp_ring_at(&ring, 0, &entry));
	CHECK(!rsp_ring_at(&ring, 2, &entry));
	rsp_ring_done(&ring);
}

static void
beyond_the_number_of_updates_the_oldest_are_dropped(void)
{
	begin(3, 1000);
	for (const char *handle = "abcdefgh"; *handle; handle++)
		rsp_ring_add(&ring, ENRP_ADD_PE, rsp_bytes_of(handle, 1), rsp_bytes_str("x"), 0);
	CHECK_STR(kept(), "fgh");
	CHECK(!rsp_ring_keeps(&ring, 5));
	CHECK(rsp_ring_keeps(&ring, 6));
	rsp_ring_done(&ring);
}

static void
updates_that_are_too_old_are_dropped(void)
{
	begin(100, 1000);
	for (unsigned i = 0; i < 4; i++)
		rsp_ring_add(&ring, ENRP_ADD_PE, rsp_bytes_of(&"abcd"[i], 1), rsp_bytes_str("x"), 100 * i);
	rsp_ring_expire(&ring, 0);
	CHECK_STR(kept(), "abcd");
	rsp_ring_expire(&ring, 200);
	CHECK_STR(kept(), "cd");
	CHECK(!rsp_ring_keeps(&ring, 2));
	rsp_ring_expire(&ring, 1000);
	CHECK_STR(kept(), "");
	CHECK(rsp_ring_keeps(&ring, 5));
	CHECK_EQ(add("e", "x"), 5);
	rsp_ring_done(&ring);
}

static void
beyond_the_number_of_octets_the_oldest_are_dropped(void)
{
	begin(100, 10);
	add("a", "12");
	add("b", "12");
	add("c", "123");
	CHECK_STR(kept(), "abc"); /* 3 + 3 + 4 octets */
	add("d", "");
	CHECK_STR(kept(), "bcd");
	add("e", "123456");
	CHECK_STR(kept(), "de");
	rsp_ring_done(&ring);
}

static void
an_update_over_the_limit_takes_a_number_and_nothing_older_is_kept(void)
{
	begin(100, 10);
	add("a", "12");
	CHECK_EQ(add("b", "1234567890"), 2);
	CHECK_STR(kept(), "");
	CHECK(!rsp_ring_keeps(&ring, 2));
	CHECK(rsp_ring_keeps(&ring, 3));
	CHECK_EQ(add("c", "123456789"), 3); /* 10 octets fit */
	CHECK_STR(kept(), "c");
	rsp_ring_done(&ring);
}

static void
without_memory_an_update_takes_a_number_and_nothing_older_is_kept(void)
{
	begin(100, 100);
	add("a", "1");
	chaos_begin(0);
	CHECK_EQ(add("b", "1"), 2);
	CHECK(chaos_end());
	CHECK_EQ(add("c", "1"), 3);
	CHECK_STR(kept(), "c");
	CHECK(!rsp_ring_keeps(&ring, 2));
	rsp_ring_done(&ring);
	const struct rsp_ring_limits limits = { 10, 10 };
	chaos_begin(0);
	CHECK_EQ(rsp_ring_init(&ring, &limits), RSP_ENOMEM);
	CHECK(chaos_end());
}

static void
the_next_number_is_kept_since_nothing_is_missing_and_no_higher_one_is(void)
{
	begin(4, 100);
	CHECK(rsp_ring_keeps(&ring, 1));
	CHECK(!rsp_ring_keeps(&ring, 0));
	CHECK(!rsp_ring_keeps(&ring, 2));
	add("a", "1");
	CHECK(rsp_ring_keeps(&ring, 1));
	CHECK(rsp_ring_keeps(&ring, 2));
	CHECK(!rsp_ring_keeps(&ring, 3));
	CHECK(!rsp_ring_keeps(&ring, UINT64_MAX));
	rsp_ring_done(&ring);
}

static void
a_ring_without_room_numbers_and_keeps_nothing(void)
{
	begin(0, 100);
	CHECK_EQ(add("a", "1"), 1);
	CHECK_EQ(add("b", "1"), 2);
	CHECK_STR(kept(), "");
	rsp_ring_done(&ring);
	begin(10, 0);
	CHECK_EQ(add("a", "1"), 1);
	CHECK_STR(kept(), "");
	CHECK_EQ(add("", ""), 2); /* nothing of 0 octets fits */
	CHECK(rsp_ring_keeps(&ring, 2));
	rsp_ring_done(&ring);
}

static void
with_another_server_id_the_numbers_begin_with_1_again(void)
{
	begin(4, 100);
	add("a", "1");
	add("b", "1");
	rsp_ring_restart(&ring);
	CHECK_EQ(rsp_ring_last(&ring), 0);
	CHECK_EQ(ring.octets, 0);
	CHECK_STR(kept(), "");
	CHECK_EQ(add("c", "1"), 1);
	CHECK_STR(kept(), "c");
	rsp_ring_done(&ring);
}

/* A body of a kept update is that of an ENRP_HANDLE_UPDATE. RFC 5353 s.2.5 */
static void
the_written_body_is_decoded_to_the_same_update(void)
{
	static const uint8_t id[8] = { 0, 0, 0, 1, 0, 0, 0, 2 };
	uint8_t element[256], octets[512], room[RSP_ADDRS_ROOM(1)];
	struct rsp_ip ip = { 4, { 192, 0, 2, 1 } };
	struct rsp_pool_element pe = { .pe_id = 7,
				       .home_id = 1,
				       .lifetime_s = 300,
				       .user = { .type = RSP_PARAM_TCP, .port = 80 },
				       .policy = { .type = RSP_POLICY_RR },
				       .owner = rsp_bytes_str("web12") };
	struct rsp_wr wr = rsp_wr_init(element, sizeof(element));
	struct rsp_ring_entry entry;
	struct rsp_message msg;
	size_t size = 0;

	rsp_transport_set_ips(&pe.user, &ip, 1, room);
	rsp_pool_element_encode(&wr, &pe);
	begin(4, 1000);
	rsp_ring_add(&ring, ENRP_ADD_PE, rsp_bytes_str("pools"), rsp_bytes_of(element, wr.pos), 0);
	CHECK(rsp_ring_at(&ring, 1, &entry));
	wr = rsp_wr_init(octets, sizeof(octets));
	struct rsp_mark whole = rsp_wr_msg_open(&wr, ENRP_HANDLE_UPDATE, 0);
	rsp_wr_bytes(&wr, rsp_bytes_of(id, sizeof(id)));
	rsp_ring_write(&wr, &entry);
	rsp_wr_close(&wr, whole);
	CHECK_EQ(rsp_wr_end(&wr, &size), RSP_OK);
	CHECK_EQ(rsp_message_decode(RSP_ENRP, rsp_bytes_of(octets, size), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.update_action, ENRP_ADD_PE);
	CHECK(rsp_bytes_equal(msg.handle, rsp_bytes_str("pools")));
	CHECK_EQ(msg.element.pe_id, 7);
	CHECK(rsp_bytes_equal(msg.element.owner, rsp_bytes_str("web12")));
	rsp_ring_done(&ring);
}

int
main(void)
{
	TAP_RUN(updates_are_numbered_from_1);
	TAP_RUN(an_update_is_kept_with_all_that_its_message_needs);
	TAP_RUN(beyond_the_number_of_updates_the_oldest_are_dropped);
	TAP_RUN(updates_that_are_too_old_are_dropped);
	TAP_RUN(beyond_the_number_of_octets_the_oldest_are_dropped);
	TAP_RUN(an_update_over_the_limit_takes_a_number_and_nothing_older_is_kept);
	TAP_RUN(without_memory_an_update_takes_a_number_and_nothing_older_is_kept);
	TAP_RUN(the_next_number_is_kept_since_nothing_is_missing_and_no_higher_one_is);
	TAP_RUN(a_ring_without_room_numbers_and_keeps_nothing);
	TAP_RUN(with_another_server_id_the_numbers_begin_with_1_again);
	TAP_RUN(the_written_body_is_decoded_to_the_same_update);
	return tap_end();
}
