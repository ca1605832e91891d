#include "keys/name.h"

#include <string.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

bool
rsp_name_ok(const char *name)
{
	size_t n = strnlen(name, RSP_NAME_MAX + 1);

	return n >= 1 && n <= RSP_NAME_MAX && strspn(name, ALNUM "-_.") == n && !strstr(name, "..") &&
	       strchr(ALNUM, name[0]) && strchr(ALNUM, name[n - 1]);
}
