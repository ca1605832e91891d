#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "fuzz.h"

/* Replays a fuzz target without libFuzzer: its seeds, then the files of tests/fuzz/repro/NAME when called fuzz_NAME, or
 * the files given. Prints TAP; an input that shows a fault ends the program. With -s DIR it writes its seeds there. */

static unsigned tests;

static void
replay(const char *name, const uint8_t *data, size_t size)
{
	uint8_t *exact = rsp_bytes_dup(rsp_bytes_of(data, size)); /* so that a sanitizer sees what reads beyond it */

	if (!exact)
		abort();
	printf("# %s\n", name);
	(void)fflush(stdout);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	printf("ok %u - %s\n", ++tests, name);
}

static const char *seed_dir;

static void
write_seed(const char *name, const uint8_t *data, size_t size)
{
	char path[4096];

	(void)name;
	(void)snprintf(path, sizeof(path), "%s/seed-%u", seed_dir, ++tests);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
		abort();
}

static void
replay_file(const char *path)
{
	uint8_t *data = NULL;
	size_t size = 0;

	if (rsp_file_read(path, RSP_FILE_PUBLIC, 1 << 20, &data, &size, NULL)) {
		printf("not ok %u - %s: cannot be read\n", ++tests, path);
		exit(EXIT_FAILURE);
	}
	replay(path, data, size);
	free(data);
}

static void
replay_dir(const char *dir)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char *path = rsp_path_join(dir, names[i]->d_name);

		if (path && names[i]->d_name[0] != '.')
			replay_file(path);
		free(path);
		free(names[i]);
	}
	free(names);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("RSP_SRCDIR"), *name = strstr(argv[0], "fuzz_");
	char dir[4096];

	if (argc == 3 && strcmp(argv[1], "-s") == 0) {
		seed_dir = argv[2];
		(void)fuzz_seeds(write_seed);
	} else if (argc > 1) {
		for (int i = 1; i < argc; i++)
			replay_file(argv[i]);
	} else {
		(void)fuzz_seeds(replay);
		(void)snprintf(dir, sizeof(dir), "%s/tests/fuzz/repro/%s", srcdir ? srcdir : ".", name ? name + 5 : "");
		replay_dir(dir);
	}
	printf("1..%u\n", tests);
	return tests ? EXIT_SUCCESS : EXIT_FAILURE;
}
