#include <stdio.h>
#include <stdlib.h>

#include "samples.h"

/* Every sample as a line that `rsp-audit decode` reads: name, protocol, hex. */
static void
print(const char *name, const struct rsp_message *msg)
{
	static uint8_t octets[RSP_MESSAGE_MAX + 1];
	static char hex[2 * sizeof(octets) + 1];
	size_t n = 0;

	if (rsp_message_encode(msg, octets, sizeof(octets), &n))
		abort();
	rsp_hex_encode(rsp_bytes_of(octets, n), hex);
	printf("%s\t%s\t%s\n", name, msg->protocol == RSP_ASAP ? "asap" : "enrp", hex);
}

int
main(void)
{
	return samples(print) > 0 && fflush(stdout) != EOF ? EXIT_SUCCESS : EXIT_FAILURE;
}
