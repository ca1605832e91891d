#include "cli/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/output.h"

json_t *
rsp_json_record(const char *schema, bool ok)
{
	json_t *record = json_object();

	rsp_json_put(&record, "schema", json_string(schema));
	rsp_json_put(&record, "ts", rsp_json_time(rsp_clock_wall_ms()));
	rsp_json_put(&record, "ok", json_boolean(ok));
	return record;
}

void
rsp_json_put(json_t **object, const char *key, json_t *value)
{
	if (!*object) {
		json_decref(value);
	} else if (json_object_set_new(*object, key, value)) {
		json_decref(*object);
		*object = NULL;
	}
}

void
rsp_json_append(json_t **array, json_t *value)
{
	if (!*array) {
		json_decref(value);
	} else if (json_array_append_new(*array, value)) {
		json_decref(*array);
		*array = NULL;
	}
}

json_t *
rsp_json_id(uint32_t id)
{
	return json_sprintf("0x%08x", (unsigned)id);
}

json_t *
rsp_json_id_or_null(uint32_t id)
{
	return id ? rsp_json_id(id) : json_null();
}

json_t *
rsp_json_count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

json_t *
rsp_json_u64(uint64_t value)
{
	return json_sprintf("0x%016llx", (unsigned long long)value);
}

json_t *
rsp_json_code(uint16_t code)
{
	return json_sprintf("0x%04x", (unsigned)code);
}

json_t *
rsp_json_hex(struct rsp_bytes bytes)
{
	RSP_AUTO(rsp_free) char *text = calloc(bytes.n + 1, 2);

	if (!text)
		return NULL;
	rsp_hex_encode(bytes, text);
	return json_stringn(text, bytes.n * 2);
}

json_t *
rsp_json_ip(const struct rsp_ip *ip)
{
	char text[RSP_IP_TEXT_MAX];

	rsp_ip_format(ip, text);
	return ip->family ? json_string(text) : json_null();
}

json_t *
rsp_json_time(int64_t wall_ms)
{
	char text[RSP_TIMESTAMP_MAX];

	rsp_clock_format(wall_ms, text);
	return json_string(text);
}

/* @text is not UTF-8 (from a command line or a file name): write each octet beyond ASCII as \\xNN, so that nothing is lost. */
static json_t *
escaped(const char *text)
{
	RSP_AUTO(rsp_free) char *out = calloc(strlen(text) + 1, 4);
	size_t n = 0;

	if (!out)
		return NULL;
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x80) {
			out[n++] = (char)*c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		rsp_hex_encode(rsp_bytes_of(c, 1), out + n);
		n += 2;
	}
	return json_stringn(out, n);
}

json_t *
rsp_json_text(const char *text)
{
	if (!text)
		return json_null();
	json_t *string = json_string(text);
	return string ? string : escaped(text);
}

json_t *
rsp_json_text_or_null(struct rsp_bytes bytes)
{
	json_t *string = NULL;

	if (bytes.n > 0 && !memchr(bytes.p, 0, bytes.n))
		string = json_stringn((const char *)bytes.p, bytes.n);
	return string ? string : json_null();
}

void
rsp_json_put_handle(json_t **object, struct rsp_bytes handle)
{
	rsp_json_put(object, "handle", rsp_json_text_or_null(handle));
	rsp_json_put(object, "handle_hex", rsp_json_hex(handle));
}

enum rsp_err
rsp_json_emit(json_t *record)
{
	/* ASCII only: a pool handle must not send control characters to a terminal */
	RSP_AUTO(rsp_free) char *line = NULL;
	size_t style = JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9) | (rsp_output_is_pretty() ? JSON_INDENT(2) : JSON_COMPACT);
	RSP_AUTO(rsp_free) char *text = record ? json_dumps(record, style) : NULL;

	json_decref(record);
	size_t n = text ? strlen(text) : 0;
	line = text ? realloc(text, n + 2) : NULL;
	if (!line)
		return rsp_output_lose(RSP_ENOMEM, "out of memory");
	text = NULL;
	line[n] = '\n';
	return rsp_output_write(rsp_bytes_of(line, n + 1));
}
