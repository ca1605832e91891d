#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "search.h"

/* rsp-explore: options, and one JSON object a line. `rsp-explore --help`. */

static const char *const start_name[STARTS] = { "settled", "register", "cold" };

static void
print_taken(const struct taken *taken)
{
	for (unsigned i = 0; i < taken->n; i++)
		printf("%s%u:%u", i ? "," : "", (unsigned)taken->at[i].step, (unsigned)taken->at[i].choice);
}

static void
print_setup(const struct setup *setup)
{
	printf("--registrars=%u --elements=%u --start=%s%s%s%s", setup->registrars, setup->elements, start_name[setup->start],
	       setup->twins ? " --twins" : "", setup->plain ? " --plain" : "", setup->relay ? "" : " --no-relay");
}

static void
report(const struct setup *setup, const struct taken *taken, const char *rule, const char *fault)
{
	printf("{\"violation\":\"%s\",\"fault\":\"%s\",\"replay\":\"", rule, fault);
	print_setup(setup);
	printf(" --replay=");
	print_taken(taken);
	printf("\"}\n");
}

static bool
parse_taken(const char *text, struct taken *ret)
{
	unsigned step, choice;
	int n;

	for (; ret->n < TAKEN_MAX && sscanf(text, "%u:%u%n", &step, &choice, &n) == 2; text += n + (text[n] == ',')) {
		ret->at[ret->n].step = step;
		ret->at[ret->n++].choice = (uint16_t)choice;
		if (!text[n])
			return true;
	}
	return !*text;
}

static bool
number(const char *arg, const char *name, long *ret)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) != 0 || arg[n] != '=')
		return false;
	*ret = strtol(arg + n + 1, NULL, 0);
	return true;
}

static int
usage(void)
{
	puts("rsp-explore [--registrars=2|3] [--elements=1|2] [--start=settled|register|cold] [--twins] [--plain] [--no-relay]\n"
	     "            [--deviations=N] [--faults=0|1] [--fault=N (only this)] [--fault-ms=MS] [--window-ms=MS] [--seconds=S]\n"
	     "            [--replay=STEP:CHOICE,... (prints each step)]  [--list-faults]");
	return 2;
}

static int
replay(const struct setup *setup, const char *text)
{
	struct taken taken = { .n = 0 };

	if (!parse_taken(text, &taken))
		return usage();
	world_verbose = true;
	const char *rule = search_replay(setup, &taken);
	printf("%s\n", rule ? rule : "all holds");
	return rule ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
list_faults(const struct setup *setup)
{
	struct world *w = world_new(setup);
	char text[80];

	for (unsigned i = 0; i < fault_count(w); i++) {
		fault_text(w, i, text, sizeof(text));
		printf("%u %s\n", i, text);
	}
	world_free(w);
	return 0;
}

int
main(int argc, char **argv)
{
	struct setup setup = { .registrars = 3, .elements = 1, .relay = true };
	struct bound bound = { .deviations = 1, .faults = 1, .fault_ms = 0, .window_ms = 4000, .only_fault = -1 };
	struct tally tally = { 0 };
	long n;

	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (number(a, "--registrars", &n) && n > 0 && n <= REGISTRARS_MAX) {
			setup.registrars = (unsigned)n;
		} else if (number(a, "--elements", &n) && n >= 0 && n <= ELEMENTS_MAX) {
			setup.elements = (unsigned)n;
		} else if (number(a, "--deviations", &n) && n >= 0 && n < TAKEN_MAX - 1) {
			bound.deviations = (unsigned)n;
		} else if (number(a, "--faults", &n) && n >= 0 && n <= 1) {
			bound.faults = (unsigned)n;
		} else if (number(a, "--fault", &n)) {
			bound.only_fault = (int)n;
		} else if (number(a, "--fault-ms", &n)) {
			bound.fault_ms = (uint64_t)n;
		} else if (number(a, "--window-ms", &n)) {
			bound.window_ms = (uint64_t)n;
		} else if (number(a, "--seconds", &n)) {
			bound.seconds = (double)n;
		} else if (!strncmp(a, "--start=", 8)) {
			for (unsigned s = 0; s < STARTS; s++)
				if (!strcmp(a + 8, start_name[s]))
					setup.start = s;
		} else if (!strcmp(a, "--twins")) {
			setup.twins = true;
			setup.elements = 2;
		} else if (!strcmp(a, "--plain")) {
			setup.plain = true;
		} else if (!strcmp(a, "--no-relay")) {
			setup.relay = false;
		} else if (!strncmp(a, "--replay=", 9)) {
			return replay(&setup, a + 9);
		} else if (!strcmp(a, "--list-faults")) {
			return list_faults(&setup);
		} else {
			return usage();
		}
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	search(&setup, &bound, report, &tally);
	printf("{\"setup\":\"");
	print_setup(&setup);
	printf("\",\"deviations\":%u,\"faults\":%u,\"fault_ms\":%" PRIu64 ",\"window_ms\":%" PRIu64 ",\"complete\":%s,"
	       "\"histories\":%" PRIu64 ",\"pruned\":%" PRIu64 ",\"states\":%" PRIu64 ",\"steps\":%" PRIu64
	       ",\"depth\":%u,\"violations\":%" PRIu64 "}\n",
	       bound.deviations, bound.faults, bound.fault_ms, bound.window_ms, tally.complete ? "true" : "false",
	       tally.histories, tally.pruned, tally.states, tally.steps, tally.depth, tally.violations);
	return tally.violations ? EXIT_FAILURE : EXIT_SUCCESS;
}
