#ifndef RSP_KEYS_NAME_H
#define RSP_KEYS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define RSP_NAME_MAX 63

/**
 * Whether @name is a valid name of a scope, registrar, element or monitor: 1 to RSP_NAME_MAX letters, digits, '-', '_'
 * and '.'; it begins and ends with a letter or digit and has no "..". So it is also a valid file name and DNS name.
 */
bool rsp_name_ok(const char *name);

/**
 * The index of @name among @n sorted names, of which @at(@of, i) is the i-th; or the index where it would be inserted.
 */
size_t rsp_name_place(const char *name, size_t n, const char *(*at)(const void *of, size_t i), const void *of,
		      bool *ret_there);

#endif
