#include <string.h>

#include "cli/message_json.h"
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
runs_out_of_memory(const struct vector *v)
{
	struct rsp_message msg;
	json_t *json = NULL;

	CHECK_EQ(rsp_message_decode(v->protocol, rsp_bytes_of(v->octets, v->n), &msg, NULL), RSP_OK);
	for (unsigned n = 1; !json && n < 10000; n++) { /* the first allocation fails, then the second, … */
		allocations = 0;
		fail_at = n;
		json = rsp_message_json(&msg);
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
each_allocation_may_fail(void)
{
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
		"\"owner_hex\":null,\"version\":null,\"unknown\":[]},\"unknown\":[]}");
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
			"considerations\",\"info_hex\":\"\"}],\"unknown\":[]}");
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
	TAP_RUN(unknown_parameters_are_printed_in_hex);
	return tap_end();
}
