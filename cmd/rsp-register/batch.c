#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "cli/options.h"
#include "hold.h"

/* What JSON has as numbers, options have as text. */
static enum rsp_err
set(struct element_spec *spec, const char *key, const json_t *value, struct rsp_why *why)
{
	char number[40];

	if (json_is_string(value))
		return element_set(spec, key, json_string_value(value), why);
	if (json_is_integer(value))
		(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		(void)snprintf(number, sizeof(number), "%.9f", json_real_value(value));
	else
		return rsp_fail(why, RSP_EUSAGE, NULL, "is neither text nor a number");
	return element_set(spec, key, number, why);
}

static enum rsp_err
member(struct element_spec *spec, const char *key, const json_t *value, struct rsp_why *why)
{
	bool taken = false;
	enum rsp_err err = batch_printed(spec, key, value, &taken, why);
	const json_t *one;
	size_t i;

	if (err || taken)
		return err;
	if (!json_is_array(value))
		return set(spec, key, value, why);
	json_array_foreach(value, i, one) if (!err) err = set(spec, key, one, why);
	return err;
}

/* As records print it: whatever octets the handle has. */
static enum rsp_err
printed_handle(const json_t *hex, uint8_t **ret_handle, size_t *ret_size, struct rsp_why *why)
{
	char *text = NULL;
	enum rsp_err err;

	if (!json_is_string(hex))
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"handle_hex\": is not text");
	if (asprintf(&text, "hex:%s", json_string_value(hex)) < 0)
		return rsp_fail(why, RSP_ENOMEM, NULL, "out of memory");
	err = rsp_cli_handle(text, ret_handle, ret_size, why);
	free(text);
	return err;
}

enum rsp_err
batch_line(struct rsp_bytes line, struct element_spec *spec, struct rsp_bytes default_handle, uint8_t **ret_handle,
	   size_t *ret_size, struct rsp_why *why)
{
	json_error_t error;
	json_auto_t *object = json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES, &error);
	const json_t *pool = json_object_get(object, "pool"), *hex = json_object_get(object, "handle_hex");
	const json_t *handle = json_object_get(object, "handle");
	enum rsp_err err = RSP_OK;
	const char *key;
	json_t *value;

	if (!object)
		return rsp_fail(why, RSP_ECONFIG, NULL, "column %d: %s", error.column, error.text);
	if (!json_is_object(object))
		return rsp_fail(why, RSP_ECONFIG, NULL, "is not a JSON object");
	if (json_object_get(object, "address"))
		spec->n_ips = 0; /* those of the options count for lines without any */
	json_object_foreach(object, key, value)
	{
		if (value == pool || value == handle || strcmp(key, "handle_hex") == 0)
			continue;
		err = member(spec, key, value, why);
		if (err)
			break;
	}
	if (err) {
		struct rsp_why inner = *why;
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"%.64s\": %s", key, inner.reason);
	}
	if (pool && !json_is_string(pool))
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"pool\": is not text");
	if (pool)
		return rsp_cli_handle(json_string_value(pool), ret_handle, ret_size, why);
	if (hex)
		return printed_handle(hex, ret_handle, ret_size, why);
	struct rsp_bytes bytes = default_handle;
	if (json_is_string(handle)) /* as records print it, where it is text */
		bytes = rsp_bytes_of(json_string_value(handle), json_string_length(handle));
	if (bytes.n == 0)
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"pool\": is missing");
	*ret_handle = rsp_bytes_dup(bytes);
	*ret_size = bytes.n;
	return *ret_handle ? RSP_OK : rsp_fail(why, RSP_ENOMEM, NULL, "out of memory");
}

struct batch_origin {
	uint64_t pool;
	uint32_t pe_id;
	unsigned line; /* 0: this place of the table is free */
};

static uint64_t
hash_of(struct rsp_bytes handle)
{
	static const struct rsp_hash_key key = { 0 }; /* the author of a batch deceives only himself */

	return rsp_hash(&key, handle);
}

/* Where this element is in the table of @room places, or where it belongs. There is always a free place. */
static struct batch_origin *
place_of(struct batch_origin *origin, unsigned room, uint64_t pool, uint32_t pe_id)
{
	unsigned at = (unsigned)(pool ^ pe_id * 0x9e3779b1U) & (room - 1);

	while (origin[at].line && (origin[at].pool != pool || origin[at].pe_id != pe_id))
		at = (at + 1) & (room - 1);
	return &origin[at];
}

static bool
grow(struct batch_lines *lines)
{
	unsigned room = lines->room ? lines->room * 2 : 64;
	struct batch_origin *grown = calloc(room, sizeof(*grown));

	if (!grown)
		return false;
	for (unsigned i = 0; i < lines->room; i++)
		if (lines->origin[i].line)
			*place_of(grown, room, lines->origin[i].pool, lines->origin[i].pe_id) = lines->origin[i];
	free(lines->origin);
	lines->origin = grown;
	lines->room = room;
	return true;
}

void
batch_note(struct batch_lines *lines, struct rsp_bytes handle, uint32_t pe_id, unsigned line)
{
	if (lines->n * 2 >= lines->room && !grow(lines))
		return; /* it is for a better word only */
	struct batch_origin *at = place_of(lines->origin, lines->room, hash_of(handle), pe_id);

	if (at->line)
		return; /* the line that was there first has the identifier */
	*at = (struct batch_origin){ hash_of(handle), pe_id, line };
	lines->n++;
}

unsigned
batch_line_of(const struct batch_lines *lines, struct rsp_bytes handle, uint32_t pe_id)
{
	return lines->room ? place_of(lines->origin, lines->room, hash_of(handle), pe_id)->line : 0;
}

void
batch_complain(const struct batch_lines *lines, struct rsp_bytes handle, uint32_t pe_id, const char *reason)
{
	char pool[256] = "", place[40];
	bool text = true;

	for (size_t i = 0; i < handle.n; i++)
		text = text && isgraph(handle.p[i]);
	(void)snprintf(pool, sizeof(pool), "%s%.*s",
		       text ? "" : "hex:", text ? (int)(handle.n < 200 ? handle.n : 200) : 0, (const char *)handle.p);
	if (!text)
		rsp_hex_encode(rsp_bytes_of(handle.p, handle.n < 100 ? handle.n : 100), pool + strlen(pool));
	(void)snprintf(place, sizeof(place), "stdin:%u", batch_line_of(lines, handle, pe_id));
	rsp_log(RSP_LOG_ERROR, place, "%s, 0x%08x: %s", pool, (unsigned)pe_id, reason);
}
