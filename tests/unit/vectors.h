#ifndef TESTS_UNIT_VECTORS_H
#define TESTS_UNIT_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "proto/message.h"

/* One message of tests/vectors: what rsplib sent. */
struct vector {
	char name[256];
	enum rsp_protocol protocol;
	uint8_t *octets; /* an allocation of just this size, so that a sanitizer sees each read beyond it */
	size_t n;
};

/* Call @each with each line "name TAB protocol TAB hex" of tests/vectors/@file; returns how many, 0 if it cannot be
 * read. */
static inline unsigned
vectors(const char *file, void (*each)(const struct vector *))
{
	const char *srcdir = getenv("RSP_SRCDIR");
	char path[4096], protocol[8];
	static char line[300000], hex[280000];
	unsigned n = 0;

	(void)snprintf(path, sizeof(path), "%s/tests/vectors/%s", srcdir ? srcdir : ".", file);
	FILE *in = fopen(path, "r");
	while (in && fgets(line, sizeof(line), in)) {
		struct vector v = { 0 };

		if (sscanf(line, "%255[^\t]\t%7[a-z]\t%279999[0-9a-f]", v.name, protocol, hex) != 3)
			continue;
		v.protocol = strcmp(protocol, "enrp") == 0 ? RSP_ENRP : RSP_ASAP;
		v.n = strlen(hex) / 2;
		v.octets = malloc(v.n);
		if (!v.octets || rsp_hex_decode(hex, v.n * 2, v.octets, NULL))
			abort();
		each(&v);
		free(v.octets);
		n++;
	}
	if (in)
		(void)fclose(in);
	return n;
}

#endif
