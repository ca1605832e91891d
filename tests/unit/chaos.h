#ifndef TESTS_UNIT_CHAOS_H
#define TESTS_UNIT_CHAOS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* The code under test allocates through these functions, by the linker's --wrap (WRAP_ALLOCATIONS in Makefile.am),
 * so that one allocation of a run can be made to fail: the first, the second, and so on, until a run needs fewer. */

static long chaos_left = -1; /* allocations that succeed before the one that fails; -1: none fails */

/* Let allocation @n from now on (counted from 0) fail. */
static inline void
chaos_begin(long n)
{
	chaos_left = n;
}

/* Let no allocation fail any more. Returns whether one has failed. */
static inline bool
chaos_end(void)
{
	bool failed = chaos_left < 0;

	chaos_left = -1;
	return failed;
}

static inline bool
chaos_fails(void)
{
	if (chaos_left < 0 || chaos_left-- > 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

void *
__wrap_malloc(size_t size)
{
	return chaos_fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return chaos_fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return chaos_fails() ? NULL : __real_realloc(p, size);
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return chaos_fails() ? NULL : __real_reallocarray(p, n, size);
}

char *
__wrap_strdup(const char *s)
{
	return chaos_fails() ? NULL : __real_strdup(s);
}

char *
__wrap_strndup(const char *s, size_t n)
{
	return chaos_fails() ? NULL : __real_strndup(s, n);
}

#endif
