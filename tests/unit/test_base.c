#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/ip.h"
#include "base/parse.h"
#include "base/rng.h"
#include "base/role.h"
#include "tap.h"

static void
errors_have_unique_keys_and_documented_statuses(void)
{
	for (unsigned a = 0; a < RSP_ERR_COUNT; a++) {
		CHECK(rsp_err_exit((enum rsp_err)a) <= 10);
		CHECK(strlen(rsp_err_text((enum rsp_err)a)) > 0);
		for (unsigned b = 0; b < a; b++)
			CHECK(strcmp(rsp_err_key((enum rsp_err)a), rsp_err_key((enum rsp_err)b)) != 0);
	}
	CHECK_STR(rsp_err_key((enum rsp_err)999), "internal");
}

static void
a_reason_is_truncated_not_overrun(void)
{
	struct rsp_why why;
	char long_text[2000];

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	CHECK_EQ(rsp_fail(&why, RSP_EIO, long_text, "%s", long_text), RSP_EIO);
	CHECK_EQ(strlen(why.object), RSP_OBJECT_MAX - 1);
	CHECK_EQ(strlen(why.reason), RSP_REASON_MAX - 1);
	CHECK_EQ(rsp_fail(NULL, RSP_EKEY, "a", "b"), RSP_EKEY);
}

static void
hex_goes_both_ways_and_refuses_typos(void)
{
	uint8_t out[8];
	char text[17];
	size_t offset = 99;

	CHECK_EQ(rsp_hex_decode("00FFa5", 6, out, NULL), RSP_OK);
	rsp_hex_encode(rsp_bytes_of(out, 3), text);
	CHECK_STR(text, "00ffa5");
	CHECK_EQ(rsp_hex_decode("00:f", 4, out, &offset), RSP_EVALUE);
	CHECK_EQ(offset, 2);
	CHECK_EQ(rsp_hex_decode("123", 3, out, &offset), RSP_EVALUE);
	CHECK_EQ(offset, 2);
	CHECK_EQ(rsp_hex_decode("", 0, out, NULL), RSP_OK);
}

static void
numbers_are_taken_whole_or_not_at_all(void)
{
	static const char *const bad[] = { "", " 1", "+1", "-1", "1 ", "1x", "99999999999999999999", "0x10" };
	uint64_t v = 7;
	uint32_t id = 7;

	for (size_t i = 0; i < RSP_COUNT(bad); i++)
		CHECK_EQ(rsp_parse_u64(bad[i], 0, UINT64_MAX, &v), RSP_EVALUE);
	CHECK_EQ(v, 7);
	CHECK_EQ(rsp_parse_u64("65535", 1, 65535, &v), RSP_OK);
	CHECK_EQ(v, 65535);
	CHECK_EQ(rsp_parse_u64("65536", 1, 65535, &v), RSP_EVALUE);
	CHECK_EQ(rsp_parse_id("0x0000beef", &id), RSP_OK);
	CHECK_EQ(id, 0xbeef);
	CHECK_EQ(rsp_parse_id("4294967295", &id), RSP_OK);
	CHECK_EQ(id, UINT32_MAX);
	CHECK_EQ(rsp_parse_id("0x100000000", &id), RSP_EVALUE);
	CHECK_EQ(rsp_parse_id("0x", &id), RSP_EVALUE);
	CHECK_EQ(rsp_parse_id("0x0x1", &id), RSP_EVALUE);
}

static void
durations_have_units(void)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = { { "250ms", 250 }, { "30s", 30000 },  { "5", 5000 },
		     { "5m", 300000 }, { "2h", 7200000 }, { "1d", 86400000 } };
	uint64_t ms = 0;

	for (size_t i = 0; i < RSP_COUNT(good); i++) {
		CHECK_EQ(rsp_parse_duration(good[i].text, &ms), RSP_OK);
		CHECK_EQ(ms, good[i].ms);
	}
	CHECK_EQ(rsp_parse_duration("5 s", &ms), RSP_EVALUE);
	CHECK_EQ(rsp_parse_duration("5y", &ms), RSP_EVALUE);
	CHECK_EQ(rsp_parse_duration("-1s", &ms), RSP_EVALUE);
	CHECK_EQ(rsp_parse_duration("18446744073709551615d", &ms), RSP_EVALUE);
}

static void
seeded_numbers_repeat_and_are_even(void)
{
	struct rsp_rng a = rsp_rng_seeded(42), b = rsp_rng_seeded(42), c = rsp_rng_seeded(43);
	unsigned bucket[10] = { 0 };
	uint64_t least = UINT64_MAX, most = 0;

	for (unsigned i = 0; i < 100; i++)
		CHECK(rsp_rng_u64(&a) == rsp_rng_u64(&b));
	CHECK(rsp_rng_u64(&a) != rsp_rng_u64(&c));
	for (unsigned i = 0; i < 100000; i++)
		bucket[rsp_rng_below(&a, 10)]++;
	for (unsigned i = 0; i < 10; i++)
		CHECK(bucket[i] > 9500 && bucket[i] < 10500);
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t v = rsp_rng_jitter(&a, 1000, 50);
		least = v < least ? v : least;
		most = v > most ? v : most;
	}
	CHECK(least >= 500 && least < 520 && most <= 1500 && most > 1480);
	CHECK_EQ(rsp_rng_below(&a, 0), 0);
	CHECK_EQ(rsp_rng_jitter(&a, 0, 50), 0);
	CHECK_EQ(rsp_rng_os(&a), RSP_OK);
}

static void
the_hash_is_siphash_1_3(void)
{
	/* the published vector of SipHash-1-3: key 00..0f, empty input */
	struct rsp_hash_key key = { 0x0706050403020100U, 0x0f0e0d0c0b0a0908U };
	uint8_t in[16];

	for (uint8_t i = 0; i < 16; i++)
		in[i] = i;
	CHECK(rsp_hash(&key, rsp_bytes_of(in, 0)) == 0xabac0158050fc4dcU);
	for (size_t n = 0; n < 16; n++)
		CHECK(rsp_hash(&key, rsp_bytes_of(in, n)) != rsp_hash(&key, rsp_bytes_of(in, n + 1)));
}

static void
addresses_are_read_and_compared(void)
{
	struct rsp_ip a, b;
	char text[RSP_IP_TEXT_MAX];

	CHECK_EQ(rsp_ip_parse("192.0.2.7", &a), RSP_OK);
	CHECK_EQ(rsp_ip_parse("::ffff:192.0.2.7", &b), RSP_OK);
	CHECK(rsp_ip_equal(&a, &b));
	CHECK_EQ(rsp_ip_parse("2001:db8::1", &b), RSP_OK);
	CHECK(!rsp_ip_equal(&a, &b));
	rsp_ip_format(&b, text);
	CHECK_STR(text, "2001:db8::1");
	CHECK_EQ(rsp_ip_parse("[::1]", &b), RSP_EVALUE);
	CHECK_EQ(rsp_ip_parse("256.0.0.1", &b), RSP_EVALUE);
	CHECK_EQ(rsp_ip_parse("", &b), RSP_EVALUE);
}

/* RFC 5355 s.2.1: one IPv6 host has 2^64 addresses. */
static void
a_source_is_an_ipv4_address_or_an_ipv6_network(void)
{
	static const struct {
		const char *ip, *source;
	} rows[] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
		{ "2001:db8:1:2:ffff::", "2001:db8:1:2::" },
		{ "2001:db8:1:3::1", "2001:db8:1:3::" },
	};

	for (size_t i = 0; i < RSP_COUNT(rows); i++) {
		char text[RSP_IP_TEXT_MAX];
		struct rsp_ip ip;

		CHECK_EQ(rsp_ip_parse(rows[i].ip, &ip), RSP_OK);
		struct rsp_ip source = rsp_ip_source(&ip);
		rsp_ip_format(&source, text);
		CHECK_STR(text, rows[i].source);
	}
}

static void
time_is_written_as_rfc_3339(void)
{
	char text[RSP_TIMESTAMP_MAX];

	rsp_clock_format(1767225600123, text);
	CHECK_STR(text, "2026-01-01T00:00:00.123Z");
	CHECK(rsp_clock_ms() > 0);
}

static void
roles_have_names(void)
{
	for (unsigned r = 0; r < RSP_ROLE_COUNT; r++)
		CHECK_EQ(rsp_role_named(rsp_role_name((enum rsp_role)r)), r);
	CHECK_EQ(rsp_role_named("root"), RSP_ROLE_COUNT);
}

static char dir[] = "/tmp/rsp-test-XXXXXX";

static void
secrets_must_be_private_files(void)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, "secret");
	RSP_AUTO(rsp_free) char *alias = rsp_path_join(dir, "alias");
	uint8_t *got = NULL;
	size_t n = 0;
	struct rsp_why why;
	struct stat st;

	CHECK_EQ(rsp_file_write(path, RSP_FILE_SECRET, false, rsp_bytes_str("abc"), &why), RSP_OK);
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK_EQ(rsp_file_read(path, RSP_FILE_SECRET, 3, &got, &n, &why), RSP_OK);
	CHECK_EQ(n, 3);
	CHECK(got && memcmp(got, "abc", 4) == 0);
	free(got);
	CHECK_EQ(rsp_file_read(path, RSP_FILE_SECRET, 2, &got, &n, &why), RSP_ELIMIT);
	CHECK_EQ(rsp_file_write(path, RSP_FILE_SECRET, false, rsp_bytes_str("x"), &why), RSP_EEXISTS);
	CHECK_EQ(rsp_file_write(path, RSP_FILE_SECRET, true, rsp_bytes_str("defg"), &why), RSP_OK);
	CHECK_EQ(symlink(path, alias), 0);
	for (enum rsp_file_kind kind = RSP_FILE_PUBLIC; kind <= RSP_FILE_SECRET; kind++) {
		CHECK_EQ(rsp_file_read(alias, kind, 100, &got, &n, &why), RSP_OK);
		CHECK_EQ(n, 4);
		free(got);
	}
	CHECK_EQ(chmod(path, 0640), 0);
	CHECK_EQ(rsp_file_read(path, RSP_FILE_SECRET, 100, &got, &n, &why), RSP_EPERMS);
	CHECK(strstr(why.reason, "0640"));
	CHECK_STR(why.object, path);
	CHECK_EQ(unlink(alias), 0);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(rsp_file_read(path, RSP_FILE_SECRET, 100, &got, &n, &why), RSP_ENOTFOUND);
	CHECK_EQ(rsp_file_read(dir, RSP_FILE_PUBLIC, 100, &got, &n, &why), RSP_EIO);
	CHECK_EQ(rmdir(dir), 0); /* no temporary file is left in it */
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 99;
	TAP_RUN(errors_have_unique_keys_and_documented_statuses);
	TAP_RUN(a_reason_is_truncated_not_overrun);
	TAP_RUN(hex_goes_both_ways_and_refuses_typos);
	TAP_RUN(numbers_are_taken_whole_or_not_at_all);
	TAP_RUN(durations_have_units);
	TAP_RUN(seeded_numbers_repeat_and_are_even);
	TAP_RUN(the_hash_is_siphash_1_3);
	TAP_RUN(addresses_are_read_and_compared);
	TAP_RUN(a_source_is_an_ipv4_address_or_an_ipv6_network);
	TAP_RUN(time_is_written_as_rfc_3339);
	TAP_RUN(roles_have_names);
	TAP_RUN(secrets_must_be_private_files);
	return tap_end();
}
