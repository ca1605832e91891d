#include "listener_pid.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/parse.h"

enum { LISTENING = 0x0a, SOCKETS_MAX = 64, ENVIRONMENT_MAX = 1 << 20 };

/* The inodes of the sockets that listen on @port, of one address family, from /proc/net (proc(5)). */
static unsigned
sockets(const char *path, uint16_t port, unsigned long *inode, unsigned n)
{
	FILE *in = fopen(path, "re");
	char line[512];

	while (in && n < SOCKETS_MAX && fgets(line, sizeof(line), in)) {
		unsigned at = 0, state = 0;
		unsigned long number = 0;

		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu", &at, &state,
			   &number) == 3 &&
		    at == port && state == LISTENING)
			inode[n++] = number;
	}
	if (in)
		(void)fclose(in);
	return n;
}

/* Whether the process with the directory @name in /proc has one of these sockets open. */
static bool
has_one(const char *name, const unsigned long *inode, unsigned n)
{
	char path[64], target[64], wanted[64];
	const struct dirent *entry;
	bool found = false;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/fd", name);
	DIR *dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)) != NULL) {
		(void)snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", name, entry->d_name);
		ssize_t size = readlink(path, target, sizeof(target) - 1);
		if (size <= 0)
			continue;
		target[size] = '\0';
		for (unsigned i = 0; i < n; i++) {
			(void)snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode[i]);
			found = found || strcmp(target, wanted) == 0;
		}
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

static bool
has_our_environment(const char *name)
{
	static const char variable[] = "RSP_PE_ID=";
	char path[64], octets[4096];
	size_t matched = 0, got;
	bool begins = true, found = false;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/environ", name);
	FILE *in = fopen(path, "re");
	for (size_t all = 0; in && !found && all < ENVIRONMENT_MAX && (got = fread(octets, 1, sizeof(octets), in)) > 0;
	     all += got)
		for (size_t i = 0; i < got && !found; i++) {
			matched = begins && octets[i] == variable[matched] ? matched + 1 : 0;
			found = matched == sizeof(variable) - 1;
			begins = matched > 0 || octets[i] == '\0';
		}
	if (in)
		(void)fclose(in);
	return found;
}

pid_t
listener_pid(uint16_t port, bool *ret_ours)
{
	unsigned long inode[SOCKETS_MAX];
	unsigned n = sockets("/proc/net/tcp", port, inode, 0);
	const struct dirent *entry;
	uint64_t pid = 0;
	bool found = false;

	*ret_ours = false;
	n = sockets("/proc/net/tcp6", port, inode, n);
	DIR *dir = n ? opendir("/proc") : NULL;
	while (dir && !found && (entry = readdir(dir)) != NULL) {
		if (rsp_parse_u64(entry->d_name, 1, INT32_MAX, &pid) || !has_one(entry->d_name, inode, n))
			continue;
		found = true;
		*ret_ours = has_our_environment(entry->d_name);
	}
	if (dir)
		(void)closedir(dir);
	return found ? (pid_t)pid : 0;
}
