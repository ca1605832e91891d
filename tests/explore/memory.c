#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/*
 * All memory of a world, its engines included, comes from one arena, so a world can be saved and restored as octets: to
 * take back a step costs as much as a few steps, and not as much as the whole history. The linker puts the functions
 * __wrap_...() in the place of malloc() and so on (EXPLORE_WRAPPED in Makefile.am).
 */

#define ARENA_MAX ((size_t)64 << 20)

enum { CLASSES = 48 };

struct block {
	size_t size;	    /* of its class, without this header */
	struct block *next; /* free */
};

struct arena {
	size_t used;
	struct block *free[CLASSES];
};

struct memory_copy {
	size_t used, room;
	uint8_t *octets;
};

static struct arena *arena; /* at the begin of its memory */
static bool in_use;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
void __wrap_free(void *p);

/* 16, 24, 32, 48, 64, 96, ... */
static unsigned
class_of(size_t size, size_t *ret_size)
{
	size_t s = 16;
	unsigned i = 0;

	for (; s < size; i++)
		s = i % 2 ? s / 3 * 4 : s / 2 * 3;
	*ret_size = s;
	return i;
}

static bool
is_ours(const void *p)
{
	uintptr_t at = (uintptr_t)p, begin = (uintptr_t)arena;

	return arena && at >= begin && at < begin + ARENA_MAX;
}

static struct block *
block_of(void *p)
{
	return (struct block *)((uintptr_t)p - sizeof(struct block));
}

static void *
take(size_t size)
{
	size_t room;
	unsigned class = class_of(size, &room);
	struct block *b = arena->free[class];

	if (b) {
		arena->free[class] = b->next;
	} else {
		b = (struct block *)((uintptr_t)arena + arena->used);
		arena->used += (sizeof(*b) + room + 15) & ~(size_t)15;
		if (class >= CLASSES || arena->used > ARENA_MAX)
			abort();
	}
	b->size = room;
	return b + 1;
}

void
memory_begin(void)
{
	if (!arena)
		arena = __real_calloc(1, ARENA_MAX);
	if (!arena)
		abort();
	memset(arena, 0, sizeof(*arena));
	arena->used = (sizeof(*arena) + 15) & ~(size_t)15;
	in_use = true;
}

void
memory_end(void)
{
	in_use = false;
}

void
memory_pause(bool pause)
{
	in_use = !pause;
}

size_t
memory_used(void)
{
	return arena->used;
}

struct memory_copy *
memory_save(struct memory_copy *copy)
{
	if (!copy)
		copy = __real_calloc(1, sizeof(*copy));
	if (copy && copy->room < arena->used) {
		copy->room = arena->used * 2;
		copy->octets = __real_realloc(copy->octets, copy->room);
	}
	if (!copy || !copy->octets)
		abort();
	copy->used = arena->used;
	memcpy(copy->octets, arena, arena->used);
	return copy;
}

void
memory_restore(const struct memory_copy *copy)
{
	memcpy(arena, copy->octets, copy->used);
}

void
memory_copy_free(struct memory_copy *copy)
{
	if (copy)
		__real_free(copy->octets);
	__real_free(copy);
}

void *
__wrap_malloc(size_t size)
{
	return in_use ? take(size) : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	if (!in_use)
		return __real_calloc(n, size);
	if (size && n > ARENA_MAX / size)
		return NULL;
	return memset(take(n * size), 0, n * size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	void *moved;

	if (!is_ours(p) && (p || !in_use))
		return __real_realloc(p, size);
	if (p && block_of(p)->size >= size)
		return p;
	moved = take(size);
	if (p) {
		memcpy(moved, p, block_of(p)->size);
		__wrap_free(p);
	}
	return moved;
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return size && n > ARENA_MAX / size ? NULL : __wrap_realloc(p, n * size);
}

char *
__wrap_strdup(const char *s)
{
	return in_use ? memcpy(take(strlen(s) + 1), s, strlen(s) + 1) : __real_strdup(s);
}

char *
__wrap_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);

	if (!in_use)
		return __real_strndup(s, n);
	char *copy = memcpy(take(len + 1), s, len);
	copy[len] = '\0';
	return copy;
}

void
__wrap_free(void *p)
{
	struct block *b = p ? block_of(p) : NULL;
	size_t room;

	if (!is_ours(p)) {
		__real_free(p);
		return;
	}
	unsigned class = class_of(b->size, &room);
	b->next = arena->free[class];
	arena->free[class] = b;
}
