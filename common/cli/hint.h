#ifndef RSP_CLI_HINT_H
#define RSP_CLI_HINT_H

#include <popt.h>

#include "base/err.h"

/* Finds the valid word that is most similar to a mistyped word. */

#define RSP_HINT_WORD_MAX 64

/** The word among the @n words @at that differs least from @text, by at most two letters; NULL: none. */
const char *rsp_hint_word(const char *text, unsigned n, const char *(*at)(const void *ctx, unsigned i), const void *ctx);

/**
 * The long name of the option in @table, or in a table that it includes, that is nearest to @typed ("--prot=80"); NULL:
 * none.
 */
const char *rsp_hint_option(const struct poptOption *table, const char *typed);

#endif
