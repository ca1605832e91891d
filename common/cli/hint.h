#ifndef RSP_CLI_HINT_H
#define RSP_CLI_HINT_H

#include <popt.h>

#include "base/err.h"

/* What was probably meant, for people who mistyped. */

#define RSP_HINT_WORD_MAX 64

/** Of @n words at @at the one that is @text with at most two letters wrong, the nearest; NULL: none is. */
const char *rsp_hint_word(const char *text, unsigned n, const char *(*at)(const void *ctx, unsigned i), const void *ctx);

/**
 * The option of @table, and of the tables it includes, that @typed ("--prot=80") is nearest to: its long name, or NULL.
 */
const char *rsp_hint_option(const struct poptOption *table, const char *typed);

#endif
