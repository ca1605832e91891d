/* The section REASONS of rsp-peer(1) says what proto/reason.h says, word by word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/reason.h"
#include "tap.h"

#define TEXT_MAX 1024

/* What the page says: the text of each reason, cause and cure, its lines joined with blanks. */
static struct {
	char text[RSP_REASON_COUNT][TEXT_MAX];
	unsigned times[RSP_REASON_COUNT];
	unsigned unknown; /* words that the table does not have */
} page;

static void
add_line(enum rsp_reason reason, const char *line)
{
	char *text = page.text[reason];
	size_t n = strlen(text);

	(void)snprintf(text + n, TEXT_MAX - n, "%s%s", n ? " " : "", line);
}

static void
begin_word(const char *word, enum rsp_reason *ret)
{
	*ret = RSP_REASON_NONE;
	if (!rsp_reason_find(word, ret)) {
		printf("# the page has a reason \"%s\", proto/reason.h has not\n", word);
		page.unknown++;
	} else {
		page.times[*ret]++;
	}
}

static bool
read_page(void)
{
	const char *srcdir = getenv("RSP_SRCDIR");
	enum rsp_reason reason = RSP_REASON_NONE;
	char path[512], line[1024];
	bool inside = false;

	(void)snprintf(path, sizeof(path), "%s/man/rsp-peer.1", srcdir ? srcdir : ".");
	FILE *in = fopen(path, "re");

	if (!in)
		return false;
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, ".Sh ", 4) == 0)
			inside = strcmp(line, ".Sh REASONS") == 0;
		else if (inside && strncmp(line, ".It Li ", 7) == 0)
			begin_word(line + 7, &reason);
		else if (inside && reason && line[0] != '.')
			add_line(reason, line);
	}
	(void)fclose(in);
	return true;
}

static void
the_page_has_each_reason_once(void)
{
	for (enum rsp_reason reason = RSP_REASON_NONE + 1; reason < RSP_REASON_COUNT; reason++) {
		CHECK_EQ(page.times[reason], 1);
		if (page.times[reason] != 1)
			printf("# %s\n", rsp_reason_word(reason));
	}
}

static void
the_page_has_no_other_reason(void)
{
	CHECK_EQ(page.unknown, 0);
}

static void
the_page_has_cause_and_cure_as_the_table_has_them(void)
{
	char text[TEXT_MAX];

	for (enum rsp_reason reason = RSP_REASON_NONE + 1; reason < RSP_REASON_COUNT; reason++) {
		(void)snprintf(text, sizeof(text), "%s %s", rsp_reason_cause(reason), rsp_reason_cure(reason));
		CHECK_STR(page.text[reason], text);
	}
}

int
main(void)
{
	if (!read_page()) {
		printf("Bail out! man/rsp-peer.1 cannot be read\n");
		return 1;
	}
	TAP_RUN(the_page_has_each_reason_once);
	TAP_RUN(the_page_has_no_other_reason);
	TAP_RUN(the_page_has_cause_and_cure_as_the_table_has_them);
	return tap_end();
}
