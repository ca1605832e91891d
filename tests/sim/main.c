#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "scenario.h"

/* The simulator as a program: it runs seeds one after the other and prints a record of each. */

struct arguments {
	uint64_t from, to;
	struct sim_options options;
	bool keep_going, quiet;
};

static void
usage(FILE *to)
{
	(void)fputs("Usage: sim [--seeds FROM-TO | --seed N] [--style quiet|gentle|storm|layers] [--large] [--plain] [--strict] [--verbose]\n"
		    "           [--without N,N...] [--ignore INVARIANT,...] [--stop-at MS] [--keep-going] [--quiet]\n"
		    "Runs the scenario of each seed; prints a JSON object a line. Status 1: an invariant was violated.\n",
		    to);
}

static bool
read_number(const char *text, const char **end, uint64_t *ret)
{
	char *after;

	*ret = strtoull(text, &after, 10);
	*end = after;
	return after != text;
}

static bool
read_seeds(const char *text, struct arguments *args)
{
	if (!read_number(text, &text, &args->from))
		return false;
	args->to = args->from;
	if (*text == '-' && !read_number(text + 1, &text, &args->to))
		return false;
	return *text == '\0' && args->from <= args->to;
}

static bool
read_without(const char *text, uint64_t *ret)
{
	uint64_t number;

	do {
		if (!read_number(text, &text, &number) || number > 63)
			return false;
		*ret |= UINT64_C(1) << number;
	} while (*text++ == ',');
	return text[-1] == '\0';
}

static bool
read_style(const char *text, enum sim_style *ret)
{
	for (*ret = 0; *ret < SIM_STYLES; ++*ret)
		if (strcmp(text, sim_style_name(*ret)) == 0)
			return true;
	return false;
}

static bool
read_arguments(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
		{ "seeds", required_argument, NULL, 's' },   { "seed", required_argument, NULL, 's' },
		{ "style", required_argument, NULL, 't' },   { "large", no_argument, NULL, 'l' },
		{ "plain", no_argument, NULL, 'p' },	     { "strict", no_argument, NULL, 'S' },
		{ "ignore", required_argument, NULL, 'i' },
		{ "verbose", no_argument, NULL, 'v' },	     { "without", required_argument, NULL, 'w' },
		{ "stop-at", required_argument, NULL, 'm' },
		{ "keep-going", no_argument, NULL, 'k' },    { "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },	     { NULL, 0, NULL, 0 }
	};
	static char ignored[256];
	const char *end;
	bool ok = true;
	int option;

	while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			ok = read_seeds(optarg, args);
			break;
		case 't':
			ok = read_style(optarg, &args->options.style);
			break;
		case 'l':
			args->options.large = true;
			break;
		case 'i':
			(void)snprintf(ignored, sizeof(ignored), ",%s,", optarg);
			args->options.ignored = ignored;
			break;
		case 'p':
			args->options.plain = true;
			break;
		case 'S':
			args->options.strict = true;
			break;
		case 'v':
			args->options.verbose = true;
			break;
		case 'w':
			ok = read_without(optarg, &args->options.without);
			break;
		case 'm':
			ok = read_number(optarg, &end, &args->options.stop_ms) && !*end;
			break;
		case 'k':
			args->keep_going = true;
			break;
		case 'q':
			args->quiet = true;
			break;
		case 'h':
			usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			ok = false;
		}
	}
	return ok && optind == argc;
}

static double
seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
print_with(const struct sim_plan *plan)
{
	const char *name, *before = "";

	printf(",\"with\":[");
	for (unsigned i = 0; (name = sim_plan_with(plan, i)) != NULL; i++) {
		if (!*name)
			continue;
		printf("%s\"%s\"", before, name);
		before = ",";
	}
	printf("]");
}

static bool
run_one(uint64_t seed, const struct arguments *args, struct sim_coverage *coverage, struct sim_report *report)
{
	double began = seconds();
	struct sim_result result = sim_scenario(seed, &args->options, coverage, report);
	bool ok = !result.violation.invariant;

	if (ok && args->quiet)
		return true;
	printf("{\"schema\":\"sim.run/1\",\"seed\":%" PRIu64 ",\"ok\":%s,\"style\":\"%s\",\"registrars\":%u,"
	       "\"virtual_ms\":%" PRIu64 ",\"messages\":%" PRIu64 ",\"hash\":\"%016" PRIx64 "\",\"ms\":%.1f",
	       seed, ok ? "true" : "false", sim_style_name(result.plan.style), result.plan.registrars,
	       result.virtual_ms, result.messages, result.hash, (seconds() - began) * 1000);
	print_with(&result.plan);
	if (!ok)
		printf(",\"invariant\":\"%s\",\"at_ms\":%" PRIu64 ",\"what\":\"%s\"", result.violation.invariant,
		       result.violation.at, result.violation.text);
	puts("}");
	return ok;
}

int
main(int argc, char **argv)
{
	struct arguments args = { .from = 1, .to = 100, .options = { .style = SIM_STYLES } };
	static struct sim_coverage coverage;
	static struct sim_report report;
	uint64_t failed = 0;

	if (!read_arguments(argc, argv, &args)) {
		usage(stderr);
		return 2;
	}
	for (uint64_t seed = args.from; seed <= args.to && (!failed || args.keep_going); seed++)
		failed += !run_one(seed, &args, &coverage, &report);
	if (args.to > args.from || args.options.large) {
		sim_report_json(&report);
		sim_coverage_json(&coverage);
		sim_report_print(&report, "# ");
		(void)sim_coverage_print(&coverage, "# ");
	}
	sim_report_done(&report);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
