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

size_t
rsp_name_place(const char *name, size_t n, const char *(*at)(const void *of, size_t i), const void *of, bool *ret_there)
{
	size_t low = 0, high = n;

	*ret_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int sign = strcmp(at(of, middle), name);

		if (sign == 0) {
			*ret_there = true;
			return middle;
		}
		if (sign < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
