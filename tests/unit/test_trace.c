#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "net/trace.h"
#include "tap.h"

static char path[] = "/tmp/test_trace.XXXXXX";

static void
a_capture_has_messages_with_times_and_addresses(void)
{
	static const uint8_t wanted[] = {
		/* file header: version 2.4, 262144 octets a packet at most, link type 252 */
		0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 252,
		/* seconds, microseconds, size twice */
		0, 0, 0, 7, 0, 0, 0x1f, 0x40, 0, 0, 0, 76, 0, 0, 0, 76,
		/* the dissector table and its value */
		0, 14, 0, 8, 's', 'c', 't', 'p', '.', 'p', 'p', 'i', 0, 32, 0, 4, 0, 0, 0, 11,
		/* addresses */
		0, 20, 0, 4, 192, 0, 2, 1, 0, 23, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		/* ports, end */
		0, 25, 0, 4, 0, 0, 0x0f, 0x18, 0, 26, 0, 4, 0, 0, 0xd4, 0x31, 0, 0, 0, 0,
		/* the message */
		0x0a, 0, 0, 8, 0x11, 0x11, 0x11, 0x11,
		/* one of nowhere */
		0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 32,
		0, 14, 0, 8, 's', 'c', 't', 'p', '.', 'p', 'p', 'i', 0, 32, 0, 4, 0, 0, 0, 12, 0, 0, 0, 0,
		0x0a, 0, 0, 8, 0x11, 0x11, 0x11, 0x11,
	};
	struct rsp_bytes message = rsp_bytes_of(wanted + sizeof(wanted) - 8, 8);
	struct rsp_trace_flow flow = {
		.ppid = 11,
		.src = { .family = 4, .ip = { 192, 0, 2, 1 } },
		.dst = { .family = 6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
		.src_port = 3864,
		.dst_port = 54321,
	};
	struct rsp_trace *trace = NULL;
	struct stat st;
	uint8_t *got = NULL;
	size_t n = 0;

	CHECK_EQ(rsp_trace_open(path, &trace, NULL), RSP_OK);
	rsp_trace_message(trace, 7008, &flow, message);
	rsp_trace_message(trace, 8000, &(struct rsp_trace_flow){ .ppid = 12 }, message);
	CHECK_EQ(rsp_file_read(path, RSP_FILE_PUBLIC, 4096, &got, &n, NULL), RSP_OK); /* written at once */
	CHECK(rsp_bytes_equal(rsp_bytes_of(got, n), rsp_bytes_of(wanted, sizeof(wanted))));
	CHECK_EQ(rsp_trace_close(trace), RSP_OK);
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	free(got);
}

static void
a_capture_that_cannot_be_written_is_an_error(void)
{
	struct rsp_trace *trace = NULL;
	struct rsp_why why;

	CHECK_EQ(rsp_trace_open("/nonexistent/capture", &trace, &why), RSP_EOUTPUT);
	CHECK_STR(why.object, "/nonexistent/capture");
	CHECK_EQ(rsp_trace_open("/dev/full", &trace, &why), RSP_EOUTPUT);
	CHECK(!trace);
}

static void
no_capture_takes_messages_too(void)
{
	rsp_trace_message(NULL, 0, &(struct rsp_trace_flow){ .ppid = 11 }, (struct rsp_bytes){ 0 });
	CHECK_EQ(rsp_trace_close(NULL), RSP_OK);
}

int
main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return EXIT_FAILURE;
	rsp_fd_close(fd);
	TAP_RUN(a_capture_has_messages_with_times_and_addresses);
	TAP_RUN(a_capture_that_cannot_be_written_is_an_error);
	TAP_RUN(no_capture_takes_messages_too);
	(void)unlink(path);
	return tap_end();
}
