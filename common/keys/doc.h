#ifndef RSP_KEYS_DOC_H
#define RSP_KEYS_DOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/file.h"

/* Strict reading of the scope directory's JSON files: a member that is missing, unknown, of a wrong type or out of
 * range is an error that names it. After the first error readers return zeros. Private to keys. */

struct rsp_doc {
	const char *path;
	struct rsp_why *why;
	enum rsp_err err;
	const char *list; /* "keys" while keys[index] is read; else NULL */
	size_t index;
};

/** A kind of file: its "schema", and the function that reads the other members @into an object. */
struct rsp_doc_kind {
	const char *schema;
	enum rsp_file_kind file; /* RSP_FILE_SECRET: the memory is wiped after reading */
	size_t max;		 /* octets */
	void (*read)(struct rsp_doc *doc, const json_t *root, void *into);
};

/** Parse @text, which is the content of @path, @into an object as @kind does. Error texts never quote the content. */
enum rsp_err rsp_doc_parse(const struct rsp_doc_kind *kind, struct rsp_bytes text, const char *path, void *into,
			   struct rsp_why *why) RSP_NODISCARD;

/** Read and parse the file @path. Errors as rsp_keyring_load(). */
enum rsp_err rsp_doc_load(const struct rsp_doc_kind *kind, const char *path, void *into,
			  struct rsp_why *why) RSP_NODISCARD;

/** Fail: the member @key is not valid. Returns doc->err. */
enum rsp_err rsp_doc_bad(struct rsp_doc *doc, const char *key, const char *fmt, ...) RSP_PRINTF(3, 4);

/** Fail: out of memory. Returns doc->err. */
enum rsp_err rsp_doc_no_memory(struct rsp_doc *doc);

/** Check that @object is an object and has no members but @allowed (which ends with NULL). */
bool rsp_doc_object(struct rsp_doc *doc, const json_t *object, const char *const *allowed);

/** The string @key. "" on error. */
const char *rsp_doc_text(struct rsp_doc *doc, const json_t *object, const char *key);

/** The string @key if it is a name (keys/name.h), into @out. With @nullable, null gives "". */
void rsp_doc_name(struct rsp_doc *doc, const json_t *object, const char *key, bool nullable, char *out);

/** The moment @key; @if_null for null. */
int64_t rsp_doc_time(struct rsp_doc *doc, const json_t *object, const char *key, int64_t if_null);

/** The array @key of at most @max items; NULL on error. */
const json_t *rsp_doc_list(struct rsp_doc *doc, const json_t *object, const char *key, size_t max);

/** Item @i of the array of strings @list, which is the member @key. "" on error. */
const char *rsp_doc_item(struct rsp_doc *doc, const json_t *list, const char *key, size_t i);

/**
 * Put @value, stealing it, into *@object. If memory runs out, or @value is NULL, *@object is freed and becomes NULL.
 */
void rsp_doc_put(json_t **object, const char *key, json_t *value);

/** As rsp_doc_put(): append @value to an array. */
void rsp_doc_append(json_t **array, json_t *value);

/** Write @root indented to @path; NULL means that memory ran out. Not for secrets. */
enum rsp_err rsp_doc_save(const json_t *root, const char *path, bool replace, struct rsp_why *why) RSP_NODISCARD;

#endif
