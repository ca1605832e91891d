#include <string.h>

#include "cli/message_json.h"
#include "samples.h"
#include "tap.h"
#include "vectors.h"

static unsigned live, allocations, fail_at; /* fail_at 0: never */

static void *
counted_malloc(size_t n)
{
	if (++allocations == fail_at)
		return NULL;
	live++;
	return malloc(n);
}

static void
counted_free(void *p)
{
	live -= p != NULL;
	free(p);
}

static void
renders(const struct vector *v)
{
	struct rsp_message msg;

	CHECK_EQ(rsp_message_decode(v->protocol, rsp_bytes_of(v->octets, v->n), &msg, NULL), RSP_OK);
	json_t *json = rsp_message_json(&msg);
	CHECK_STR(json_string_value(json_object_get(json, "type")), rsp_message_name(msg.protocol, msg.type));
	CHECK(json_is_array(json_object_get(json, "unknown")));
	json_decref(json);
	CHECK_EQ(live, 0);
}

static void
each_message_is_printed(void)
{
	CHECK(vectors("rsplib.tsv", renders) >= 40);
}

static void
memory_runs_out(const char *name, const struct rsp_message *msg)
{
	json_t *json = NULL;

	(void)name;
	for (unsigned n = 1; !json && n < 10000; n++) { /* the first allocation fails, then the second, … */
		allocations = 0;
		fail_at = n;
		json = rsp_message_json(msg);
		CHECK_EQ(live == 0, json == NULL);
		if (allocations < n)
			break;
		json_decref(json); /* a handle that could not be had is shown as null */
		json = NULL;
		CHECK_EQ(live, 0);
	}
	fail_at = 0;
	json_decref(json);
	CHECK_EQ(live, 0);
}

static void
runs_out_of_memory(const struct vector *v)
{
	struct rsp_message msg;

	CHECK_EQ(rsp_message_decode(v->protocol, rsp_bytes_of(v->octets, v->n), &msg, NULL), RSP_OK);
	memory_runs_out(v->name, &msg);
}

static void
each_allocation_may_fail(void)
{
	CHECK(samples(memory_runs_out) > 110);
	CHECK(vectors("rsplib.tsv", runs_out_of_memory) >= 40);
}

/* The rendering of the message with the octets @hex, compact. */
static char *
rendered(enum rsp_protocol protocol, const char *hex)
{
	uint8_t octets[256];
	struct rsp_message msg;

	if (rsp_hex_decode(hex, strlen(hex), octets, NULL) ||
	    rsp_message_decode(protocol, rsp_bytes_of(octets, strlen(hex) / 2), &msg, NULL))
		return NULL;
	json_t *json = rsp_message_json(&msg);
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

static void
check_rendering(enum rsp_protocol protocol, const char *hex, const char *wanted)
{
	char *got = rendered(protocol, hex);

	CHECK_STR(got, wanted);
	counted_free(got);
}

static void
a_registration_is_printed_in_full(void)
{
	check_rendering(
		RSP_ASAP,
		"010000380009000c4563686f506f6f6c000a00280a0b0c010000000000015f9000040010d33700010001"
		"00080a01010b0008000800000001",
		"{\"protocol\":\"asap\",\"type\":\"ASAP_REGISTRATION\",\"type_code\":\"0x01\",\"flags\":{},\"handle\":"
		"\"EchoPool\","
		"\"handle_hex\":\"4563686f506f6f6c\",\"element\":{\"pe_id\":\"0x0a0b0c01\",\"home_id\":\"0x00000000\","
		"\"lifetime_s\":90000,\"user_transport\":{\"type\":\"sctp\",\"port\":54071,\"use\":\"data-plus-"
		"control\","
		"\"addresses\":[\"10.1.1.11\"],\"service_code\":null,\"opaque_hex\":null},\"policy\":{\"type_code\":"
		"\"0x00000001\",\"name\":\"round-robin\",\"extra_hex\":\"\"},\"asap_transport\":null,\"owner\":null,"
		"\"owner_hex\":null,\"version\":null,\"statement\":null,\"unknown\":[]},\"epoch\":null,\"unknown\":[]}");
}

static void
a_handle_that_is_no_text_is_printed_in_hex_and_a_cause_by_name(void)
{
	check_rendering(RSP_ASAP, "0301001c00090005ff000000000e00080a0b0c04000c0008000a0004",
			"{\"protocol\":\"asap\",\"type\":\"ASAP_REGISTRATION_RESPONSE\",\"type_code\":\"0x03\",\"flags\":{"
			"\"reject\":true},"
			"\"handle\":null,\"handle_hex\":\"ff\",\"pe_id\":\"0x0a0b0c04\",\"causes\":[{\"code\":"
			"\"0x000a\",\"key\":"
			"\"security\",\"name\":\"Rejected due to security "
			"considerations\",\"info_hex\":\"\"}],\"epoch\":null,\"unknown\":[]}");
}

static void
a_tombstone_is_printed_with_its_statement(void)
{
	check_rendering(
		RSP_ENRP,
		"040000541111111122222222000100000009000777656200000a003c000000010000000200000000bf01"
		"00097765622d31000000bf0a00207fffffffffffffffa1a2a3a4b1b2b3b40000019a8f3c2b10ffff0000",
		"{\"protocol\":\"enrp\",\"type\":\"ENRP_HANDLE_UPDATE\",\"type_code\":\"0x04\",\"flag"
		"s\":{},\"sender_id\":\"0x11111111\",\"receiver_id\":\"0x22222222\",\"update_action\""
		":\"DEL_PE\",\"handle\":\"web\",\"handle_hex\":\"776562\",\"element\":{\"pe_id\":\"0x"
		"00000001\",\"home_id\":\"0x00000002\",\"lifetime_s\":0,\"user_transport\":null,\"pol"
		"icy\":null,\"asap_transport\":null,\"owner\":\"web-1\",\"owner_hex\":\"7765622d31\","
		"\"version\":null,\"statement\":{\"epoch\":\"0x7fffffffffffffff\",\"instance\":\"0xa1"
		"a2a3a4\",\"over\":\"0xb1b2b3b4\",\"since_ms\":1763339676432,\"rank\":65535},\"unknow"
		"n\":[]},\"reported\":false,\"update_number\":null,\"unknown\":[]}");
}

static void
the_state_of_a_registrar_is_printed_by_name(void)
{
	check_rendering(
		RSP_ENRP,
		"010100801111111122222222000f0006fddc0000000b006c11111111000500101f90000000010008c000"
		"0201bf04000672310000bf0b0018123456789abcdef0112233445566778800000090bf0c000c0000019a"
		"8f3c2b10bf0d002833333333fedcba987654321066666666fedcba987654321199999999fedcba987654"
		"3212",
		"{\"protocol\":\"enrp\",\"type\":\"ENRP_PRESENCE\",\"type_code\":\"0x01\",\"flags\":{"
		"\"reply_required\":true},\"sender_id\":\"0x11111111\",\"receiver_id\":\"0x22222222\""
		",\"checksum_told\":\"0xfddc\",\"server_info\":{\"server_id\":\"0x11111111\",\"transp"
		"ort\":{\"type\":\"tcp\",\"port\":8080,\"use\":null,\"addresses\":[\"192.0.2.1\"],\"s"
		"ervice_code\":null,\"opaque_hex\":null},\"name\":\"r1\",\"name_hex\":\"7231\",\"dige"
		"st_told\":null,\"state\":{\"digest\":\"0x123456789abcdef0\",\"update\":\"0x112233445"
		"5667788\",\"capabilities\":\"0x00000090\"},\"clock_ms\":1763339676432,\"heard\":[{\""
		"server_id\":\"0x33333333\",\"digest\":\"0xfedcba9876543210\"},{\"server_id\":\"0x666"
		"66666\",\"digest\":\"0xfedcba9876543211\"},{\"server_id\":\"0x99999999\",\"digest\":"
		"\"0xfedcba9876543212\"}],\"unknown\":[]},\"unknown\":[]}");
}

static void
an_epoch_is_printed_by_name(void)
{
	check_rendering(
		RSP_ASAP,
		"030100300009000777656200000e00080a0b0c0d000c0008bf010004bf0900147fffffffffffffffa1a2"
		"a3a4b1b2b3b4",
		"{\"protocol\":\"asap\",\"type\":\"ASAP_REGISTRATION_RESPONSE\",\"type_code\":\"0x03"
		"\",\"flags\":{\"reject\":true},\"handle\":\"web\",\"handle_hex\":\"776562\",\"pe_id"
		"\":\"0x0a0b0c0d\",\"causes\":[{\"code\":\"0xbf01\",\"key\":\"epoch-old\",\"name\":\""
		"Epoch Too Old\",\"info_hex\":\"\"}],\"epoch\":{\"epoch\":\"0x7fffffffffffffff\",\"in"
		"stance\":\"0xa1a2a3a4\",\"over\":\"0xb1b2b3b4\"},\"unknown\":[]}");
}

static void
unknown_parameters_are_printed_in_hex(void)
{
	check_rendering(
		RSP_ENRP, "05000012111111112222222280420006abcd",
		"{\"protocol\":\"enrp\",\"type\":\"ENRP_LIST_REQUEST\",\"type_code\":\"0x05\",\"flags\":{},\"sender_id\":"
		"\"0x11111111\",\"receiver_id\":\"0x22222222\",\"unknown\":[{\"type_code\":\"0x8042\",\"report\":false,"
		"\"hex\":\"80420006abcd\"}]}");
}

int
main(void)
{
	json_set_alloc_funcs(counted_malloc, counted_free);
	TAP_RUN(each_message_is_printed);
	TAP_RUN(each_allocation_may_fail);
	TAP_RUN(a_registration_is_printed_in_full);
	TAP_RUN(a_handle_that_is_no_text_is_printed_in_hex_and_a_cause_by_name);
	TAP_RUN(a_tombstone_is_printed_with_its_statement);
	TAP_RUN(the_state_of_a_registrar_is_printed_by_name);
	TAP_RUN(an_epoch_is_printed_by_name);
	TAP_RUN(unknown_parameters_are_printed_in_hex);
	return tap_end();
}
