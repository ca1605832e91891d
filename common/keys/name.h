#ifndef RSP_KEYS_NAME_H
#define RSP_KEYS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define RSP_NAME_MAX 63

/**
 * Whether @name can name a scope, a registrar, an element or a monitor: 1 to RSP_NAME_MAX letters, digits, '-', '_'
 * and '.', beginning and ending with a letter or digit, without "..". So a name is also a file's name and a DNS name.
 */
bool rsp_name_ok(const char *name);

/** The place of @name among @n names in order, the i-th of which is @at(@of, i), or else where it would go. */
size_t rsp_name_place(const char *name, size_t n, const char *(*at)(const void *of, size_t i), const void *of,
		      bool *ret_there);

#endif
