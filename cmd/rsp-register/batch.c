#include <jansson.h>
#include <stdlib.h>

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
	enum rsp_err err = RSP_OK;
	const json_t *one;
	size_t i;

	if (!json_is_array(value))
		return set(spec, key, value, why);
	json_array_foreach(value, i, one)
		if (!err)
			err = set(spec, key, one, why);
	return err;
}

enum rsp_err
batch_line(struct rsp_bytes line, struct element_spec *spec, struct rsp_bytes default_handle, uint8_t **ret_handle,
	   size_t *ret_size, struct rsp_why *why)
{
	json_error_t error;
	json_auto_t *object = json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES, &error);
	const json_t *pool = json_object_get(object, "pool");
	enum rsp_err err = RSP_OK;
	const char *key;
	json_t *value;

	if (!object)
		return rsp_fail(why, RSP_ECONFIG, NULL, "column %d: %s", error.column, error.text);
	if (!json_is_object(object))
		return rsp_fail(why, RSP_ECONFIG, NULL, "is not a JSON object");
	if (json_object_get(object, "address"))
		spec->n_ips = 0; /* those of the options count for lines without any */
	json_object_foreach(object, key, value) {
		if (value == pool)
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
	if (default_handle.n == 0)
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"pool\": is missing");
	*ret_handle = rsp_bytes_dup(default_handle);
	*ret_size = default_handle.n;
	return *ret_handle ? RSP_OK : rsp_fail(why, RSP_ENOMEM, NULL, "out of memory");
}
