#ifndef RSP_BASE_ERR_H
#define RSP_BASE_ERR_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* All errors, one row for each: name, exit status of a tool that ends with this error, key in records, and text. A key is
 * an interface: it is never renamed, and never gets another meaning. rsp(7) explains the exit statuses. */
/* clang-format off */
#define RSP_ERRORS(X)                                                                               \
	X(OK,              0, "ok",                         "done")                                 \
	X(EUNKNOWN_POOL,   1, "unknown-pool",               "no such pool")                         \
	X(EUNKNOWN_PE,     1, "unknown-element",            "no such pool element")                 \
	X(EDIFFERS,        1, "differs",                    "not the same")                         \
	X(EDUE,            1, "due",                        "expired or due for renewal")           \
	X(EUSAGE,          2, "usage",                      "wrong usage")                          \
	X(EIO,             3, "io",                         "cannot read or write")                 \
	X(ENOTFOUND,       3, "not-found",                  "does not exist")                       \
	X(EEXISTS,         3, "exists",                     "exists already")                       \
	X(EPERMS,          3, "permissions",                "permissions are wrong")                \
	X(ECONFIG,         3, "config",                     "bad configuration")                    \
	X(EKEY,            3, "bad-key",                    "bad key or certificate")               \
	X(ENOKEY,          3, "no-key",                     "no key for this")                      \
	X(EOUTPUT,         3, "output",                     "cannot write the output")              \
	X(EUNREACHABLE,    4, "unreachable",                "not reachable")                        \
	X(ETIMEOUT,        4, "timeout",                    "no answer in time")                    \
	X(ELOOKUP,         4, "name-lookup",                "name does not resolve")                \
	X(ECLOSED,         4, "closed",                     "connection closed")                    \
	X(EAUTH,           5, "auth-failed",                "authentication failed")                \
	X(EUNKNOWN_ID,     5, "unknown-identity",           "unknown key identity")                 \
	X(EROLE,           5, "wrong-role",                 "authenticated in another role")        \
	X(ECERT_EXPIRED,   5, "certificate-expired",        "certificate expired")                  \
	X(ECERT_NOTYET,    5, "certificate-not-yet-valid",  "certificate is not yet valid")         \
	X(ECERT_CA,        5, "unknown-ca",                 "certificate of an unknown CA")         \
	X(ECERT_NAME,      5, "wrong-name",                 "certificate of another name")          \
	X(ECERT_REVOKED,   5, "certificate-revoked",        "certificate revoked")                  \
	X(ECERT_PURPOSE,   5, "certificate-purpose",        "certificate not made for this")        \
	X(ECRL_EXPIRED,    5, "crl-expired",                "certificate revocation list expired")  \
	X(EREJECTED,       6, "rejected",                   "rejected by the other side")           \
	X(EMALFORM,        7, "malformed",                  "malformed message")                    \
	X(EUNKNOWN_PARAM,  7, "unrecognized-parameter",     "unrecognized parameter")               \
	X(EUNKNOWN_MSG,    7, "unrecognized-message",       "unrecognized message")                 \
	X(EVALUE,          7, "invalid-value",              "invalid value")                        \
	X(EPROTO,          7, "protocol",                   "protocol violated")                    \
	X(EPLAIN,          7, "not-tls",                    "the other side does not speak TLS")    \
	X(ELOST,           8, "lost",                       "given up")                             \
	X(EPARTIAL,        9, "partial",                    "partly failed")                        \
	X(ELIMIT,         10, "limit",                      "a limit is reached")                   \
	X(ENOMEM,         10, "no-memory",                  "out of memory")                        \
	X(EINTERNAL,      10, "internal",                   "internal error")
/* clang-format on */

enum rsp_err {
#define RSP_ERR_NAME(name, exit_status, key, text) RSP_##name,
	RSP_ERRORS(RSP_ERR_NAME)
#undef RSP_ERR_NAME
	RSP_ERR_COUNT
};

/** The exit status of a tool that ends with @err. */
int rsp_err_exit(enum rsp_err err);

/** The key of @err in records. Static. */
const char *rsp_err_key(enum rsp_err err);

/** The text of @err. Static. */
const char *rsp_err_text(enum rsp_err err);

#define RSP_OBJECT_MAX 256
#define RSP_REASON_MAX 384

/** Why an operation failed, for records and for people. { 0 } is empty. */
struct rsp_why {
	enum rsp_err err;
	size_t offset;	     /* offset of the error in a message or a text, if a message or a text is wrong */
	uint16_t param_type; /* type of the invalid parameter; 0: none */
	uint16_t cause;	     /* the error cause received, or to be sent: RFC 5354 s.3.12 */
	char object[RSP_OBJECT_MAX]; /* the file, message, registrar or other object of the error */
	char reason[RSP_REASON_MAX]; /* the reason as text; "": the text of @err is sufficient */
};

/** Set @why (may be NULL) to @err, @object and the reason; each text is truncated if it is too long. Returns @err. */
enum rsp_err rsp_fail(struct rsp_why *why, enum rsp_err err, const char *object, const char *fmt, ...)
	RSP_PRINTF(4, 5);

#endif
