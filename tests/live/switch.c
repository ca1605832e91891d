#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/parse.h"

/*
 * An Ethernet switch that loses and delays frames on demand, for kernels without netem. Its ports are interfaces of the
 * network namespace that it runs in, most often one end each of veth pairs. Commands come from a FIFO, a line each:
 *
 *	cut TARGET	no frame goes there any more; oneway is another name for it
 *	loss TARGET N%	so many of a hundred are lost, by chance
 *	delay TARGET D	frames arrive so much later (20ms)
 *	heal [TARGET]	as in the beginning, and what is under way is not stopped
 *
 * TARGET is "A>B" (from A to B), "A B" (both ways), "A" (between A and all others), or "all". What was done is said on
 * standard output, in a JSON object for each command.
 */

enum { PORTS = 32, FRAME_MAX = 65536 + 128, QUEUE_MAX = 4096, LINE = 256, WORDS = 4 };

struct frame {
	struct frame *next;
	uint64_t due_us;
	size_t size;
	uint8_t octets[]; /* struct virtio_net_hdr first: sums and segments are left as the sender's kernel leaves them */
};

/** What happens between two ports, in one direction. */
struct way {
	bool is_cut;
	uint64_t loss_percent, delay_ms;
	struct frame *first, **end; /* under way; the oldest first */
	size_t n;
};

static struct {
	const char *names[PORTS];
	uint8_t addresses[PORTS][ETH_ALEN]; /* of the host behind each port, from the last frame that it sent */
	struct pollfd fds[PORTS + 1];	    /* the last one in use is the FIFO */
	struct way ways[PORTS][PORTS];	    /* [from][to] */
	size_t n;
} the;

static void
fail(const char *what, const char *of)
{
	(void)fprintf(stderr, "switch: %s %s: %s\n", what, of, strerror(errno));
	exit(1);
}

/* Ports */

static int
open_port(const char *name)
{
	struct sockaddr_ll here = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int yes = 1, octets = 4 << 20;

	here.sll_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || here.sll_ifindex == 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0)
		fail("cannot use the interface", name);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets)); /* less will do for most tests */
	return fd;
}

static void
send_frame(size_t to, const uint8_t *octets, size_t size)
{
	(void)!write(the.fds[to].fd, octets, size); /* what does not fit is lost, as in any switch */
}

static void
queue_frame(struct way *way, const uint8_t *octets, size_t size)
{
	struct frame *frame = way->n < QUEUE_MAX ? malloc(sizeof(*frame) + size) : NULL;

	if (!frame)
		return;
	*frame = (struct frame){ .due_us = rsp_clock_us() + way->delay_ms * 1000, .size = size };
	memcpy(frame->octets, octets, size);
	if (!way->first)
		way->end = &way->first;
	*way->end = frame;
	way->end = &frame->next;
	way->n++;
}

static void
pass(size_t from, size_t to, const uint8_t *octets, size_t size)
{
	struct way *way = &the.ways[from][to];

	if (from == to || way->is_cut || (uint64_t)(random() % 100) < way->loss_percent)
		return;
	if (way->delay_ms || way->first) /* none overtakes */
		queue_frame(way, octets, size);
	else
		send_frame(to, octets, size);
}

/** The port behind which @address is; the.n if that is not known, or if it is a group. */
static size_t
port_of(const uint8_t address[ETH_ALEN])
{
	size_t to = 0;

	while (to < the.n && (address[0] & 1 || memcmp(the.addresses[to], address, ETH_ALEN) != 0))
		to++;
	return to;
}

static void
forward(size_t from, const uint8_t *octets, size_t size)
{
	const uint8_t *ethernet = octets + sizeof(struct virtio_net_hdr);

	memcpy(the.addresses[from], ethernet + ETH_ALEN, ETH_ALEN);
	size_t only = port_of(ethernet);
	for (size_t to = 0; to < the.n; to++)
		if (only == the.n || only == to)
			pass(from, to, octets, size);
}

static void
read_port(size_t from)
{
	static uint8_t octets[FRAME_MAX];
	struct sockaddr_ll sender;
	socklen_t size = sizeof(sender);
	ssize_t n;

	while ((n = recvfrom(the.fds[from].fd, octets, sizeof(octets), 0, (struct sockaddr *)&sender, &size)) >= 0)
		if (sender.sll_pkttype != PACKET_OUTGOING &&
		    (size_t)n >= sizeof(struct virtio_net_hdr) + sizeof(struct ethhdr))
			forward(from, octets, (size_t)n);
}

/* Frames under way */

static void
send_due(size_t to, struct way *way, uint64_t now_us)
{
	for (struct frame *frame; (frame = way->first) && frame->due_us <= now_us; free(frame)) {
		send_frame(to, frame->octets, frame->size);
		way->first = frame->next;
		way->n--;
	}
}

/** Send what is due. Returns in how many milliseconds the next frame is; -1: there is none. */
static int
send_all_due(void)
{
	uint64_t now_us = rsp_clock_us(), next_us = UINT64_MAX;

	for (size_t from = 0; from < the.n; from++)
		for (size_t to = 0; to < the.n; to++) {
			struct way *way = &the.ways[from][to];

			send_due(to, way, now_us);
			if (way->first && way->first->due_us < next_us)
				next_us = way->first->due_us;
		}
	return next_us == UINT64_MAX ? -1 : (int)((next_us - now_us + 999) / 1000);
}

/* Commands */

/** Which ways a command is about: all [from][to] for which one of both pairs of bounds fits. */
struct target {
	size_t from, to; /* the.n: any */
	bool both_ways;
};

static size_t
port_named(const char *name)
{
	size_t i = 0;

	while (i < the.n && strcmp(the.names[i], name) != 0)
		i++;
	return i;
}

/** Read the @n words of a target. */
static bool
read_target(char *const *words, size_t n, struct target *ret)
{
	char *arrow = n == 1 ? strchr(words[0], '>') : NULL;

	*ret = (struct target){ .from = the.n, .to = the.n, .both_ways = !arrow };
	if (n == 0 || (n == 1 && strcmp(words[0], "all") == 0))
		return true;
	if (arrow)
		*arrow++ = '\0';
	ret->from = port_named(words[0]);
	if (arrow || n == 2)
		ret->to = port_named(arrow ? arrow : words[1]);
	return n <= 2 && ret->from < the.n && ((!arrow && n == 1) || ret->to < the.n);
}

static bool
fits(const struct target *target, size_t from, size_t to)
{
	return (target->from == the.n || target->from == from) && (target->to == the.n || target->to == to);
}

/** A command: the name of one, and the number that it came with. */
static void
change(struct way *way, char command, uint64_t number)
{
	way->is_cut = command == 'c' || command == 'o' || (way->is_cut && command != 'h');
	way->loss_percent = command == 'l' ? number : command == 'h' ? 0 : way->loss_percent;
	way->delay_ms = command == 'd' ? number : command == 'h' ? 0 : way->delay_ms;
}

static bool
read_number(const char *command, char *text, uint64_t *ret)
{
	char *percent = strchr(text, '%');

	if (command[0] == 'd')
		return rsp_parse_duration(text, ret) == RSP_OK;
	if (!percent || percent[1])
		return false;
	*percent = '\0';
	return rsp_parse_u64(text, 0, 100, ret) == RSP_OK;
}

static bool
obey(char **words, size_t n)
{
	static const char *const commands[] = { "cut", "oneway", "loss", "delay", "heal" };
	struct target target;
	uint64_t number = 0;
	size_t i = 0;

	while (i < RSP_COUNT(commands) && (n == 0 || strcmp(words[0], commands[i]) != 0))
		i++;
	if (i == RSP_COUNT(commands) || (n == 1 && i != 4))
		return false;
	if ((i == 2 || i == 3) && (n < 3 || !read_number(words[0], words[--n], &number)))
		return false;
	if (!read_target(words + 1, n - 1, &target))
		return false;
	for (size_t from = 0; from < the.n; from++)
		for (size_t to = 0; to < the.n; to++)
			if (fits(&target, from, to) || (target.both_ways && fits(&target, to, from)))
				change(&the.ways[from][to], words[0][0], number);
	return true;
}

static void
run_line(char *line)
{
	char said[LINE], *words[WORDS + 1], *rest = line;
	size_t n = 0;

	(void)snprintf(said, sizeof(said), "%s", line);
	while (n <= WORDS && (words[n] = strsep(&rest, " ")))
		n++;
	bool ok = n <= WORDS && !strpbrk(said, "\"\\") && obey(words, n);
	(void)printf("{\"event\":\"%s\",\"command\":\"%s\"}\n", ok ? "done" : "refused", said);
}

static void
read_commands(int fd)
{
	static char line[LINE];
	static size_t used;
	char c;

	while (read(fd, &c, 1) == 1) {
		if (c != '\n' && used + 1 < sizeof(line)) {
			line[used++] = c;
		} else {
			line[used] = '\0';
			used = 0;
			run_line(line);
		}
	}
}

int
main(int argc, char **argv)
{
	if (argc < 3 || argc - 2 > PORTS) {
		(void)fputs("Usage: switch FIFO PORT...\n", stderr);
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (the.n = 0; the.n < (size_t)argc - 2; the.n++) {
		the.names[the.n] = argv[the.n + 2];
		the.fds[the.n] = (struct pollfd){ .fd = open_port(the.names[the.n]), .events = POLLIN };
	}
	/* open for writing, too: it never ends */
	the.fds[the.n] = (struct pollfd){ .fd = open(argv[1], O_RDWR | O_CLOEXEC | O_NONBLOCK), .events = POLLIN };
	if (the.fds[the.n].fd < 0)
		fail("cannot open", argv[1]);
	(void)puts("{\"event\":\"forwarding\"}");
	for (;;) {
		if (poll(the.fds, the.n + 1, send_all_due()) < 0 && errno != EINTR)
			fail("cannot", "poll");
		for (size_t i = 0; i < the.n; i++)
			if (the.fds[i].revents & POLLIN)
				read_port(i);
		if (the.fds[the.n].revents & POLLIN)
			read_commands(the.fds[the.n].fd);
	}
}
