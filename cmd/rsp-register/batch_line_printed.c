#include <stdio.h>
#include <string.h>

#include "batch_line.h"

/* Members of a batch's line in the form in which rsp-resolve and rsp-peer dump print them. */

/* Members that the registrar or the protocol sets: a batch ignores them. */
static bool
is_of_no_use(const char *key)
{
	static const char *const keys[] = { "home_id", "asap_transport", "owner", "owner_hex", "version",
					    "statement", "unknown" };

	for (size_t i = 0; i < RSP_COUNT(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static enum rsp_err
set_text(struct element_spec *spec, const char *key, const json_t *value, struct rsp_why *why)
{
	if (!json_is_string(value))
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"%s\" is missing, or no text", key);
	return element_set(spec, key, json_string_value(value), why);
}

static enum rsp_err
set_policy(struct element_spec *spec, const json_t *policy, struct rsp_why *why)
{
	const char *extra = json_string_value(json_object_get(policy, "extra_hex")), *key;
	enum rsp_err err = RSP_OK;
	const json_t *name = json_object_get(policy, "name"), *value;
	union {
		const json_t *in;
		json_t *out;
	} object = { policy }; /* json_object_iter() takes no const object; the loop does not change it */

	if (!json_is_string(name))
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"name\" is missing, or no text");
	if (extra && *extra)
		return rsp_fail(why, RSP_ECONFIG, NULL, "\"extra_hex\": cannot be registered");
	err = element_set(spec, "policy", json_string_value(name), why);
	for (void *at = json_object_iter(object.out); at && !err; at = json_object_iter_next(object.out, at)) {
		key = json_object_iter_key(at);
		value = json_object_iter_value(at);
		if (strcmp(key, "name") != 0 && strcmp(key, "type_code") != 0 && strcmp(key, "extra_hex") != 0)
			err = element_set_raw(spec, key, json_is_integer(value) ? json_integer_value(value) : -1, why);
	}
	return err;
}

static enum rsp_err
set_transport(struct element_spec *spec, const json_t *transport, struct rsp_why *why)
{
	const json_t *port = json_object_get(transport, "port"), *addresses = json_object_get(transport, "addresses"),
		     *one;
	char number[24];
	size_t i;

	enum rsp_err err = set_text(spec, "protocol", json_object_get(transport, "type"), why);
	if (!err && !json_is_integer(port))
		err = rsp_fail(why, RSP_ECONFIG, NULL, "\"port\" is missing, or no number");
	(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(port));
	if (!err)
		err = element_set(spec, "port", number, why);
	spec->n_ips = 0;
	json_array_foreach(addresses, i, one) if (!err) err = set_text(spec, "address", one, why);
	return err;
}

enum rsp_err
batch_line_printed(struct element_spec *spec, const char *key, const json_t *value, bool *ret_taken, struct rsp_why *why)
{
	bool load = strcmp(key, "load") == 0 || strcmp(key, "load_degradation") == 0;
	char seconds[32];

	*ret_taken = true;
	if (is_of_no_use(key))
		return RSP_OK;
	if (strcmp(key, "policy") == 0 && json_is_object(value))
		return set_policy(spec, value, why);
	if (strcmp(key, "user_transport") == 0)
		return json_is_object(value) ? set_transport(spec, value, why)
					     : rsp_fail(why, RSP_ECONFIG, NULL, "is not a JSON object");
	if (strcmp(key, "lifetime_s") == 0) {
		(void)snprintf(seconds, sizeof(seconds), "%llds",
			       json_is_integer(value) ? (long long)json_integer_value(value) : -1);
		return element_set(spec, "lifetime", seconds, why);
	}
	if (load && json_is_integer(value) && json_integer_value(value) > 1)
		return element_set_raw(spec, key, json_integer_value(value), why);
	*ret_taken = false;
	return RSP_OK;
}
