#include "batch_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

/* Set an attribute from a JSON string or number; options have only text. */
static enum rsp_err
set_from_text(struct element_spec *spec, const char *key, const json_t *value, struct rsp_why *why)
{
	char number[40];

	if (json_is_string(value))
		return element_set(spec, key, json_string_value(value), why);
	if (json_is_integer(value))
		(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		(void)snprintf(number, sizeof(number), "%.9f", json_real_value(value));
	else
		return rsp_fail(why, RSP_EUSAGE, NULL, "must be a string or a number");
	return element_set(spec, key, number, why);
}

static enum rsp_err
member(struct element_spec *spec, const char *key, const json_t *value, struct rsp_why *why)
{
	bool taken = false;
	enum rsp_err err = batch_line_printed(spec, key, value, &taken, why);
	const json_t *one;
	size_t i;

	if (err || taken)
		return err;
	if (!json_is_array(value))
		return set_from_text(spec, key, value, why);
	json_array_foreach(value, i, one) if (!err) err = set_from_text(spec, key, one, why);
	return err;
}

/* "handle_hex", as records print it: any octets. */
static enum rsp_err
printed_handle(const json_t *hex, uint8_t **ret_handle, size_t *ret_size, struct rsp_why *why)
{
	char *text = NULL;
	enum rsp_err err;

	if (!json_is_string(hex))
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"handle_hex\": must be a string");
	if (asprintf(&text, "hex:%s", json_string_value(hex)) < 0)
		return rsp_fail(why, RSP_ENOMEM, NULL, "out of memory");
	err = rsp_cli_handle(text, ret_handle, ret_size, why);
	free(text);
	return err;
}

enum rsp_err
batch_line_read(struct rsp_bytes line, struct element_spec *spec, struct rsp_bytes default_handle, uint8_t **ret_handle,
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
		return rsp_fail(why, RSP_ECONFIG, NULL, "the line must be a JSON object");
	if (json_object_get(object, "address"))
		spec->n_ips = 0; /* the addresses of the options are for lines without any */
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
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"pool\": must be a string");
	if (pool)
		return rsp_cli_handle(json_string_value(pool), ret_handle, ret_size, why);
	if (hex)
		return printed_handle(hex, ret_handle, ret_size, why);
	struct rsp_bytes bytes = default_handle;
	if (json_is_string(handle)) /* as records print a handle that is text */
		bytes = rsp_bytes_of(json_string_value(handle), json_string_length(handle));
	if (bytes.n == 0)
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"pool\" is missing, and the command line names no pool");
	*ret_handle = rsp_bytes_dup(bytes);
	*ret_size = bytes.n;
	return *ret_handle ? RSP_OK : rsp_fail(why, RSP_ENOMEM, NULL, "out of memory");
}
