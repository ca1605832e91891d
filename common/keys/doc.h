#ifndef RSP_KEYS_DOC_H
#define RSP_KEYS_DOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/file.h"

/* Strict typed reading of the scope directory's JSON files: a member that is missing, of another type, out of range or
 * unknown is an error that names it. The first error sticks; readers after it return zeros. Private to keys. */

struct rsp_doc {
	const char *path;
	struct rsp_why *why;
	enum rsp_err err;
	const char *list; /* "keys" while reading keys[index], else NULL */
	size_t index;
};

/** One of these files: what its "schema" must be, and who reads the rest of it @into something. */
struct rsp_doc_kind {
	const char *schema;
	enum rsp_file_kind file; /* of a secret one nothing that was read stays behind in freed memory */
	size_t max;		 /* octets */
	void (*read)(struct rsp_doc *doc, const json_t *root, void *into);
};

/** Parse @text, whose file is @path, @into what @kind reads. The messages never quote the text. */
enum rsp_err rsp_doc_parse(const struct rsp_doc_kind *kind, struct rsp_bytes text, const char *path, void *into,
			   struct rsp_why *why) RSP_NODISCARD;

/** The same with what is in the file @path. Errors as rsp_keyring_load(). */
enum rsp_err rsp_doc_load(const struct rsp_doc_kind *kind, const char *path, void *into,
			  struct rsp_why *why) RSP_NODISCARD;

/** Fail: the member @key is wrong. Returns doc->err. */
enum rsp_err rsp_doc_bad(struct rsp_doc *doc, const char *key, const char *fmt, ...) RSP_PRINTF(3, 4);

/** Fail: out of memory. Returns doc->err. */
enum rsp_err rsp_doc_no_memory(struct rsp_doc *doc);

/** Check that @object is one, and has no members but @allowed (ends with NULL). */
bool rsp_doc_object(struct rsp_doc *doc, const json_t *object, const char *const *allowed);

/** The string @key. "" on error. */
const char *rsp_doc_text(struct rsp_doc *doc, const json_t *object, const char *key);

/** The string @key if it is a name (keys/name.h), into @out. With @nullable, null gives "". */
void rsp_doc_name(struct rsp_doc *doc, const json_t *object, const char *key, bool nullable, char *out);

/** The moment @key; null stands for @if_null. */
int64_t rsp_doc_time(struct rsp_doc *doc, const json_t *object, const char *key, int64_t if_null);

/** The array @key, of at most @max items; NULL on error. */
const json_t *rsp_doc_list(struct rsp_doc *doc, const json_t *object, const char *key, size_t max);

/** Item @i of the array of strings @list, which is the member @key. "" on error. */
const char *rsp_doc_item(struct rsp_doc *doc, const json_t *list, const char *key, size_t i);

/** Put @value, stealing it, into *@object. Out of memory (also a NULL @value) makes *@object NULL, and so it stays. */
void rsp_doc_put(json_t **object, const char *key, json_t *value);

/** The same for an array. */
void rsp_doc_append(json_t **array, json_t *value);

/** Write @root, which may be NULL for "out of memory", indented to @path. Not for secrets. */
enum rsp_err rsp_doc_save(const json_t *root, const char *path, bool replace, struct rsp_why *why) RSP_NODISCARD;

#endif
