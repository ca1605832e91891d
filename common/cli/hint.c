#include "cli/hint.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

enum { TYPOS_MAX = 2 };

/* The number of letters to insert, remove, change, or swap with the next one, to turn @a into @b. Both are shorter
 * than RSP_HINT_WORD_MAX. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[3][RSP_HINT_WORD_MAX + 1], *before = row[0], *last = row[1], *now = row[2];
	size_t n = strlen(a), m = strlen(b);

	for (unsigned j = 0; j <= m; j++)
		last[j] = before[j] = j;
	for (unsigned i = 1; i <= n; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			best = last[j] + 1 < best ? last[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		unsigned *free_row = before;
		before = last;
		last = now;
		now = free_row;
	}
	return last[m];
}

struct search {
	const char *text, *best;
	unsigned distance;
};

static struct search
search_for(const char *text)
{
	size_t n = strlen(text);
	unsigned most = n < 3 ? 0 : n < 5 ? 1 : TYPOS_MAX; /* a short word has too few letters for two errors */

	return (struct search){ .text = text, .distance = n < RSP_HINT_WORD_MAX ? most + 1 : 0 };
}

static void
consider(struct search *search, const char *word)
{
	size_t n = strlen(search->text);

	if (search->distance == 0 || strlen(word) >= RSP_HINT_WORD_MAX)
		return;
	/* an abbreviation counts as one wrong letter: popt accepts none */
	unsigned wrong = n >= 3 && strncmp(word, search->text, n) == 0 ? 1 : distance(search->text, word);
	if (wrong < search->distance) {
		search->distance = wrong;
		search->best = word;
	}
}

const char *
rsp_hint_word(const char *text, unsigned n, const char *(*at)(const void *ctx, unsigned i), const void *ctx)
{
	struct search search = search_for(text);

	for (unsigned i = 0; i < n; i++)
		consider(&search, at(ctx, i));
	return search.best;
}

static void
consider_table(struct search *search, const struct poptOption *table)
{
	for (; table->longName || table->shortName || table->arg; table++) {
		if ((table->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE)
			consider_table(search, table->arg);
		else if (table->longName)
			consider(search, table->longName);
	}
}

const char *
rsp_hint_option(const struct poptOption *table, const char *typed)
{
	char name[RSP_HINT_WORD_MAX];
	const char *begin = typed + strspn(typed, "-");
	size_t n = strcspn(begin, "=");

	if (n == 0 || n >= sizeof(name))
		return NULL;
	memcpy(name, begin, n);
	name[n] = '\0';
	struct search search = search_for(name);
	consider_table(&search, table);
	return search.best;
}
