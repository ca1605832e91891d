#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* A test program is a list of TAP_RUN(function) between tap_begin() and `return tap_end();`. A function is one test; each
 * CHECK in it that fails is shown with its place, and fails the test. */
static struct {
	unsigned tests, failed_tests;
	bool failed;
} tap_state;

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			tap_state.failed = true;                                                                       \
			printf("# %s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                             \
		}                                                                                                      \
	} while (0)

#define CHECK_EQ(got, wanted)                                                                                          \
	do {                                                                                                           \
		long long tap_got = (long long)(got), tap_wanted = (long long)(wanted);                                \
		if (tap_got != tap_wanted) {                                                                           \
			tap_state.failed = true;                                                                       \
			printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, tap_got, tap_wanted);      \
		}                                                                                                      \
	} while (0)

#define CHECK_STR(got, wanted)                                                                                         \
	do {                                                                                                           \
		const char *tap_got = (got), *tap_wanted = (wanted);                                                   \
		if (!tap_got || strcmp(tap_got, tap_wanted) != 0) {                                                    \
			tap_state.failed = true;                                                                       \
			printf("# %s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #got,                        \
			       tap_got ? tap_got : "(null)", tap_wanted);                                              \
		}                                                                                                      \
	} while (0)

static inline void
tap_run(void (*test)(void), const char *name)
{
	if (tap_state.tests == 0)
		(void)setvbuf(stdout, NULL, _IOLBF, 0); /* a crash must not lose the lines before it */
	tap_state.failed = false;
	test();
	tap_state.tests++;
	tap_state.failed_tests += tap_state.failed;
	printf("%sok %u - %s\n", tap_state.failed ? "not " : "", tap_state.tests, name);
	(void)fflush(stdout);
}

#define TAP_RUN(test) tap_run(test, #test)

static inline int
tap_end(void)
{
	printf("1..%u\n", tap_state.tests);
	return tap_state.failed_tests ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
