#include "keys/doc.h"

#include <gnutls/gnutls.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/date.h"
#include "keys/name.h"

/* Error texts of jansson quote the input, which may be a secret: they are not used. */
static const char *
syntax_text(const json_error_t *error)
{
	static const char *const text[] = {
		[json_error_stack_overflow] = "nested too deeply",
		[json_error_invalid_utf8] = "is not UTF-8",
		[json_error_premature_end_of_input] = "ends too early",
		[json_error_end_of_input_expected] = "goes on after the end of the object",
		[json_error_invalid_syntax] = "malformed JSON",
		[json_error_null_character] = "has a NUL character",
		[json_error_null_byte_in_key] = "has a NUL character",
		[json_error_duplicate_key] = "has the same member twice",
		[json_error_numeric_overflow] = "has too large a number",
	};
	enum json_error_code code = json_error_code(error);

	return code < RSP_COUNT(text) && text[code] ? text[code] : "malformed JSON";
}

/* The root object, if its "schema" is the expected one; NULL on error. */
static json_t *
open_root(struct rsp_doc *doc, struct rsp_bytes text, const char *schema)
{
	json_error_t error;
	text = rsp_bytes_skip_mark(text);
	json_t *root = json_loadb(text.n ? (const char *)text.p : "", text.n, JSON_REJECT_DUPLICATES, &error);

	if (!root) {
		char place[RSP_OBJECT_MAX];

		if (json_error_code(&error) == json_error_out_of_memory) {
			(void)rsp_doc_no_memory(doc);
			return NULL;
		}
		(void)snprintf(place, sizeof(place), "%s:%d:%d", doc->path, error.line, error.column);
		doc->err = rsp_fail(doc->why, RSP_ECONFIG, place, "%s", syntax_text(&error));
		if (doc->why)
			doc->why->offset = error.position > 0 ? (size_t)error.position : 0;
		return NULL;
	}
	if (!json_is_object(root))
		(void)rsp_doc_bad(doc, "", "is not an object");
	else if (strcmp(rsp_doc_text(doc, root, "schema"), schema) != 0)
		(void)rsp_doc_bad(doc, "schema", "is not \"%s\", which this version reads: write the file by the same version", schema);
	if (!doc->err)
		return root;
	json_decref(root);
	return NULL;
}

/* While a secret file is parsed, jansson's memory is wiped before it is freed. */
static json_free_t plain_free;

static void
wiping_free(void *p)
{
	if (p)
		gnutls_memset(p, 0, malloc_usable_size(p));
	plain_free(p);
}

enum rsp_err
rsp_doc_parse(const struct rsp_doc_kind *kind, struct rsp_bytes text, const char *path, void *into, struct rsp_why *why)
{
	struct rsp_doc doc = { .path = path, .why = why };
	json_malloc_t plain_malloc;

	json_get_alloc_funcs(&plain_malloc, &plain_free);
	if (kind->file == RSP_FILE_SECRET)
		json_set_alloc_funcs(plain_malloc, wiping_free);
	json_t *root = open_root(&doc, text, kind->schema);
	if (root)
		kind->read(&doc, root, into);
	json_decref(root);
	json_set_alloc_funcs(plain_malloc, plain_free);
	return doc.err;
}

enum rsp_err
rsp_doc_load(const struct rsp_doc_kind *kind, const char *path, void *into, struct rsp_why *why)
{
	uint8_t *text;
	size_t n;
	enum rsp_err err = rsp_file_read(path, kind->file, kind->max, &text, &n, why);

	if (err)
		return err;
	err = rsp_doc_parse(kind, rsp_bytes_of(text, n), path, into, why);
	if (kind->file == RSP_FILE_SECRET)
		gnutls_memset(text, 0, n);
	free(text);
	return err;
}

enum rsp_err
rsp_doc_bad(struct rsp_doc *doc, const char *key, const char *fmt, ...)
{
	char reason[RSP_REASON_MAX - 128], where[128] = "";
	va_list args;

	if (doc->err)
		return doc->err;
	va_start(args, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	if (doc->list)
		(void)snprintf(where, sizeof(where), "%s[%zu]%s", doc->list, doc->index, *key ? "." : "");
	doc->err =
		rsp_fail(doc->why, RSP_ECONFIG, doc->path, "%s%s%s%s", where, key, *where || *key ? ": " : "", reason);
	return doc->err;
}

enum rsp_err
rsp_doc_no_memory(struct rsp_doc *doc)
{
	if (!doc->err)
		doc->err = rsp_fail(doc->why, RSP_ENOMEM, doc->path, "out of memory");
	return doc->err;
}

bool
rsp_doc_object(struct rsp_doc *doc, const json_t *object, const char *const *allowed)
{
	if (!json_is_object(object))
		return rsp_doc_bad(doc, "", "is not an object") == RSP_OK;
	size_t known = 0;
	for (const char *const *key = allowed; *key; key++)
		known += json_object_get(object, *key) != NULL;
	if (known == json_object_size(object))
		return doc->err == RSP_OK;

	/* json_object_iter() takes no const object, so an unknown member is found by counting; its name is not
	 * reported */
	return rsp_doc_bad(doc, "", "has %zu unknown members", json_object_size(object) - known) == RSP_OK;
}

static const json_t *
member(struct rsp_doc *doc, const json_t *object, const char *key)
{
	const json_t *value = doc->err ? NULL : json_object_get(object, key);

	if (!value)
		(void)rsp_doc_bad(doc, key, "is missing");
	return value;
}

const char *
rsp_doc_text(struct rsp_doc *doc, const json_t *object, const char *key)
{
	const json_t *value = member(doc, object, key);

	if (json_is_string(value))
		return json_string_value(value);
	(void)rsp_doc_bad(doc, key, "is not a string");
	return "";
}

void
rsp_doc_name(struct rsp_doc *doc, const json_t *object, const char *key, bool nullable, char *out)
{
	const json_t *value = member(doc, object, key);

	out[0] = '\0';
	if (nullable && json_is_null(value))
		return;
	const char *text = rsp_doc_text(doc, object, key);
	if (doc->err)
		return;
	if (!rsp_name_ok(text)) {
		(void)rsp_doc_bad(doc, key, "is not a name (letters, digits, '-', '_', '.', at most %d)", RSP_NAME_MAX);
		return;
	}
	memcpy(out, text, strlen(text) + 1);
}

int64_t
rsp_doc_time(struct rsp_doc *doc, const json_t *object, const char *key, int64_t if_null)
{
	const json_t *value = member(doc, object, key);
	int64_t ms = 0;

	if (!value || json_is_null(value))
		return if_null;
	if (rsp_date_parse(rsp_doc_text(doc, object, key), &ms))
		(void)rsp_doc_bad(doc, key, "is not a time like 2026-01-31T12:00:00Z");
	return ms;
}

const json_t *
rsp_doc_list(struct rsp_doc *doc, const json_t *object, const char *key, size_t max)
{
	const json_t *value = member(doc, object, key);

	if (value && !json_is_array(value))
		(void)rsp_doc_bad(doc, key, "is not an array");
	else if (value && json_array_size(value) > max)
		(void)rsp_doc_bad(doc, key, "has more than %zu items", max);
	return doc->err ? NULL : value;
}

const char *
rsp_doc_item(struct rsp_doc *doc, const json_t *list, const char *key, size_t i)
{
	const char *text = json_string_value(json_array_get(list, i));

	if (!text)
		(void)rsp_doc_bad(doc, key, "item %zu is not a string", i);
	return text ? text : "";
}

void
rsp_doc_put(json_t **object, const char *key, json_t *value)
{
	if (json_object_set_new(*object, key, value) == 0)
		return;
	json_decref(*object);
	*object = NULL;
}

void
rsp_doc_append(json_t **array, json_t *value)
{
	if (json_array_append_new(*array, value) == 0)
		return;
	json_decref(*array);
	*array = NULL;
}

enum rsp_err
rsp_doc_save(const json_t *root, const char *path, bool replace, struct rsp_why *why)
{
	char *text = NULL;
	size_t n = 0;
	FILE *stream = root ? open_memstream(&text, &n) : NULL;
	bool fits = false;

	if (stream) { /* jansson ignores some write errors; the stream remembers them */
		fits = json_dumpf(root, stream, JSON_INDENT(2)) == 0 && fputc('\n', stream) != EOF && !ferror(stream);
		fits = fclose(stream) == 0 && fits;
	}
	enum rsp_err err = fits ? rsp_file_write(path, RSP_FILE_PUBLIC, replace, rsp_bytes_of(text, n), why)
				: rsp_fail(why, RSP_ENOMEM, path, "out of memory");
	free(text);
	return err;
}
