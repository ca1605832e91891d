/* The schema of rsp.peer/1 allows the words of proto/reason.h as "key", and no others. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/reason.h"
#include "tap.h"

static unsigned times[RSP_REASON_COUNT]; /* that the schema has each word */
static unsigned n_null, n_unknown;

/* The schema's list of words. NULL: there is none. A reference of the caller's. */
static json_t *
load_words(void)
{
	const char *srcdir = getenv("RSP_SRCDIR");
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/cmd/schema/rsp.peer.schema.json", srcdir ? srcdir : ".");
	json_t *schema = json_load_file(path, 0, NULL);
	json_t *definition = json_object_get(json_object_get(schema, "definitions"), "word_or_null");
	json_t *words = json_incref(json_object_get(definition, "enum"));

	json_decref(schema);
	return words;
}

static void
count(const json_t *words)
{
	enum rsp_reason reason;
	json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
	{
		if (json_is_null(word)) {
			n_null++;
		} else if (rsp_reason_find(json_string_value(word), &reason)) {
			times[reason]++;
		} else {
			n_unknown++;
			printf("# the schema has a word \"%s\", proto/reason.h has not\n", json_string_value(word));
		}
	}
}

static void
the_schema_has_each_word_once(void)
{
	for (enum rsp_reason reason = RSP_REASON_NONE + 1; reason < RSP_REASON_COUNT; reason++) {
		CHECK_EQ(times[reason], 1);
		if (times[reason] != 1)
			printf("# %s\n", rsp_reason_word(reason));
	}
}

static void
the_schema_has_no_other_word(void)
{
	CHECK_EQ(n_unknown, 0);
	CHECK_EQ(n_null, 1);
}

int
main(void)
{
	json_t *words = load_words();

	if (!json_is_array(words)) {
		printf("Bail out! cmd/schema/rsp.peer.schema.json has no list of words\n");
		return 1;
	}
	count(words);
	json_decref(words);
	TAP_RUN(the_schema_has_each_word_once);
	TAP_RUN(the_schema_has_no_other_word);
	return tap_end();
}
