#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/message_json.h"
#include "net/trace.h"
#include "proto/message.h"

/* The longest input line: a message of the largest size in hex, with blanks between its octets, and a name. */
enum { LINE_MAX_OCTETS = 4 * (RSP_MESSAGE_MAX + 1) };

enum { OPT_PROTOCOL = 1, OPT_REENCODE, OPT_TRACE };

static struct poptOption options[] = {
	{ "protocol", 0, POPT_ARG_STRING, NULL, OPT_PROTOCOL, "what lines of hex alone are", "asap|enrp" },
	{ "reencode", 0, POPT_ARG_NONE, NULL, OPT_REENCODE, "show each message encoded again", NULL },
	{ "trace-pcap", 0, POPT_ARG_STRING, NULL, OPT_TRACE, "write the messages there, for Wireshark", "FILE" },
	POPT_TABLEEND
};

static struct {
	bool protocol_given, reencode;
	enum rsp_protocol protocol;
	char *trace_path;

	struct rsp_trace *trace;
	bool any_bad;
	char line[LINE_MAX_OCTETS + 1];
	uint8_t octets[LINE_MAX_OCTETS / 2];
	uint8_t encoded[RSP_MESSAGE_MAX + 1];
} decode;

/* A line of input, split into its fields. */
struct entry {
	const char *file; /* NULL: standard input */
	unsigned long long line;
	const char *name; /* NULL: none */
	bool protocol_known;
	enum rsp_protocol protocol;
	struct rsp_bytes octets;
};

static enum rsp_err
protocol_named(const char *text, enum rsp_protocol *ret)
{
	if (strcmp(text, "asap") != 0 && strcmp(text, "enrp") != 0)
		return RSP_EVALUE;
	*ret = strcmp(text, "asap") == 0 ? RSP_ASAP : RSP_ENRP;
	return RSP_OK;
}

static enum rsp_err
take(int opt, const char *arg, struct rsp_why *why)
{
	switch (opt) {
	case OPT_PROTOCOL:
		if (protocol_named(arg, &decode.protocol))
			return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is neither asap nor enrp", arg);
		decode.protocol_given = true;
		return RSP_OK;
	case OPT_REENCODE:
		decode.reencode = true;
		return RSP_OK;
	default:
		return rsp_cli_string(arg, &decode.trace_path, why);
	}
}

static enum rsp_err
bad_line(struct rsp_why *why, size_t offset, const char *reason)
{
	(void)rsp_fail(why, RSP_EVALUE, "line", "%s", reason);
	why->offset = offset;
	why->cause = RSP_CAUSE_NONE;
	return RSP_EVALUE;
}

/* Read hex digits, with or without blanks between them, from @text, and remove the blanks from @text. */
static enum rsp_err
read_hex(char *text, struct rsp_bytes *ret, struct rsp_why *why)
{
	size_t n = 0, bad = 0;

	for (const char *c = text; *c; c++)
		if (*c != ' ')
			text[n++] = *c;
	text[n] = '\0';
	if (rsp_hex_decode(text, n, decode.octets, &bad))
		return n % 2 && strspn(text, "0123456789abcdefABCDEF") == n
			       ? bad_line(why, n, "an odd number of hex digits")
			       : bad_line(why, bad, "not a hex digit: the offset counts digits");
	*ret = rsp_bytes_of(decode.octets, n / 2);
	return RSP_OK;
}

/* Split decode.line into its fields: HEX, or NAME TAB PROTOCOL TAB HEX. */
static enum rsp_err
parse(struct entry *entry, struct rsp_why *why)
{
	char *first = strchr(decode.line, '\t'), *second = first ? strchr(first + 1, '\t') : NULL;

	if (!first) {
		entry->protocol_known = decode.protocol_given;
		entry->protocol = decode.protocol;
		if (!decode.protocol_given)
			return bad_line(why, 0, "ASAP or ENRP? --protocol tells");
		return read_hex(decode.line, &entry->octets, why);
	}
	if (!second)
		return bad_line(why, 0, "neither hex nor name, protocol and hex with tabs between them");
	*first = *second = '\0';
	entry->name = decode.line;
	if (protocol_named(first + 1, &entry->protocol))
		return bad_line(why, 0, "the protocol is neither asap nor enrp");
	entry->protocol_known = true;
	return read_hex(second + 1, &entry->octets, why);
}

/* The bits of the flags that the message type does not define: a receiver ignores them, so @msg lacks them (RFC 5354
 * s.4). */
static uint8_t
unknown_flags(const struct entry *entry, const struct rsp_message *msg)
{
	const struct rsp_grammar *grammar = rsp_grammar(entry->protocol, msg->type);

	return grammar && entry->octets.n > 1 ? entry->octets.p[1] & (uint8_t)~grammar->flag_mask : 0;
}

static json_t *
reencoded(const struct entry *entry, const struct rsp_message *msg)
{
	size_t n = 0;

	if (rsp_message_encode(msg, decode.encoded, sizeof(decode.encoded), &n))
		return json_null();
	if (n > 1)
		decode.encoded[1] |= unknown_flags(entry, msg);
	return rsp_json_hex(rsp_bytes_of(decode.encoded, n));
}

static enum rsp_err
emit(const struct entry *entry, const struct rsp_message *msg, const struct rsp_why *why)
{
	json_t *record = rsp_json_record("rsp.decode/1", msg != NULL);
	const char *protocol = entry->protocol == RSP_ASAP ? "asap" : "enrp";

	rsp_json_put(&record, "file", rsp_json_text(entry->file));
	rsp_json_put(&record, "line", json_integer((json_int_t)entry->line));
	rsp_json_put(&record, "name", rsp_json_text(entry->name));
	rsp_json_put(&record, "protocol", rsp_json_text(entry->protocol_known ? protocol : NULL));
	rsp_json_put(&record, "message", msg ? rsp_message_json(msg) : json_null());
	uint8_t flags = msg ? unknown_flags(entry, msg) : 0;
	rsp_json_put(&record, "unknown_flags", flags ? json_sprintf("0x%02x", (unsigned)flags) : json_null());
	rsp_json_put(&record, "reencoded", msg && decode.reencode ? reencoded(entry, msg) : json_null());
	rsp_json_put(&record, "error", msg ? json_null() : rsp_cli_error_json(why));
	if (!msg) {
		char place[RSP_OBJECT_MAX];

		(void)snprintf(place, sizeof(place), "%s:%llu", entry->file ? entry->file : "stdin", entry->line);
		rsp_log(RSP_LOG_ERROR, place, "%s", why->reason);
		decode.any_bad = true;
	}
	return rsp_json_emit(record);
}

static enum rsp_err
decode_line(struct entry *entry, bool too_long)
{
	struct rsp_why why = { 0 };
	struct rsp_message msg;
	enum rsp_err err;

	if (too_long)
		err = bad_line(&why, LINE_MAX_OCTETS, "longer than a line with the largest message");
	else
		err = parse(entry, &why);
	if (!err) {
		struct rsp_trace_flow flow = { .ppid = entry->protocol == RSP_ASAP ? RSP_PPID_ASAP : RSP_PPID_ENRP };

		rsp_trace_message(decode.trace, rsp_clock_wall_ms(), &flow, entry->octets);
		err = rsp_message_decode(entry->protocol, entry->octets, &msg, &why);
	}
	return emit(entry, err ? NULL : &msg, &why);
}

/* Read a line into decode.line, without its end and the blanks around it. False at the end of @in. */
static bool
read_line(FILE *in, bool *ret_too_long)
{
	size_t n = 0;
	int c;

	*ret_too_long = false;
	while ((c = getc_unlocked(in)) != EOF && c != '\n') {
		if (n == 0 && (c == ' ' || c == '\r'))
			continue;
		if (n < LINE_MAX_OCTETS)
			decode.line[n++] =
				c ? (char)c : '?'; /* not NUL, which would hide the rest */
		else
			*ret_too_long = true;
	}
	while (n > 0 && (decode.line[n - 1] == ' ' || decode.line[n - 1] == '\r'))
		n--;
	decode.line[n] = '\0';
	return c != EOF || n > 0;
}

static enum rsp_err
decode_stream(FILE *in, const char *path, struct rsp_why *why)
{
	bool too_long;

	for (unsigned long long line = 1; read_line(in, &too_long); line++) {
		struct entry entry = { .file = path, .line = line };

		if (line == 1) {
			struct rsp_bytes text = rsp_bytes_skip_mark(rsp_bytes_str(decode.line));
			memmove(decode.line, text.p, text.n + 1);
		}
		if (!decode.line[0] || (decode.line[0] == '#' && !too_long))
			continue;
		enum rsp_err err = decode_line(&entry, too_long);
		if (err) /* the loss was reported on stderr */
			return err;
	}
	if (ferror(in))
		return rsp_fail(why, RSP_EIO, path ? path : "stdin", "%s", strerror(errno));
	return RSP_OK;
}

static enum rsp_err
decode_file(const char *path, struct rsp_why *why)
{
	if (strcmp(path, "-") == 0)
		return decode_stream(stdin, NULL, why);
	FILE *in = fopen(path, "re");
	if (!in)
		return rsp_fail(why, errno == ENOENT ? RSP_ENOTFOUND : RSP_EIO, path, "%s", strerror(errno));
	enum rsp_err err = decode_stream(in, path, why);
	(void)fclose(in);
	return err;
}

static int
run(unsigned n, const char *const *operand)
{
	static const char *const standard_input[] = { "-" };
	struct rsp_why why = { 0 };
	enum rsp_err err = RSP_OK;

	if (decode.trace_path)
		err = rsp_trace_open(decode.trace_path, &decode.trace, &why);
	for (unsigned i = 0; i < (n ? n : 1) && !err; i++)
		err = decode_file(n ? operand[i] : standard_input[i], &why);
	if (rsp_trace_close(decode.trace) && !err)
		err = rsp_fail(&why, RSP_EOUTPUT, decode.trace_path,
			       "incomplete: part of it could not be written (disk full?)");
	free(decode.trace_path);
	if (err)
		return why.err ? rsp_cli_fail(&why) : rsp_err_exit(err);
	return rsp_err_exit(decode.any_bad ? RSP_EMALFORM : RSP_OK);
}

const struct rsp_cli_tool audit_decode = {
	.name = "rsp-audit",
	.verb = "decode",
	.operands = "[FILE...]",
	.summary = "show ASAP and ENRP messages given in hex",
	.options = options,
	.take = take,
	.run = run,
};
