#ifndef RSP_SERVE_INQUIRY_H
#define RSP_SERVE_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/monitor/monitor.h"
#include "net/sockaddr.h"

/* A question to registrars at their ENRP ports: the monitor's engine with connections, name lookups, keys and the
 * clock. */

struct rsp_loop;
struct rsp_scope;
struct rsp_tls;
struct rsp_trace;

#define RSP_INQUIRY_SERVERS_MAX 256
#define RSP_INQUIRY_STAGGER_MS	500 /* without an answer for this time, the next registrar is asked, too */

struct rsp_inquiry_config {
	/* The registrars and their addresses. Must outlive the inquiry. May be NULL with @servers and plain text. */
	const struct rsp_scope *scope;
	/* [NAME@]HOST[:PORT], [NAME@][V6]:PORT, NAME: the registrars to ask (rsp_scope_registrar_at()). None: all of
	 * the scope that have an ENRP address. Must outlive the inquiry. */
	const char *const *servers;
	unsigned n_servers;
	bool plaintext;
	struct rsp_tls *tls; /* the keys of role monitor; NULL in plain text. Must outlive the inquiry */

	struct rsp_monitor_config ask; /* all but its deadline */
	bool each;		       /* ask every registrar; else the first answer is enough */
	bool wait;		       /* ask a registrar that is not reached, or not ready, again until the timeout */
	uint64_t timeout_ms;	       /* the whole run; 0: none */
	/* the capture of all messages (net/trace.h); NULL: none. Must outlive the inquiry */
	struct rsp_trace *trace;
};

/** How far the way to a registrar has led. */
enum rsp_inquiry_step { RSP_INQUIRY_DNS, RSP_INQUIRY_TCP, RSP_INQUIRY_TLS, RSP_INQUIRY_ENRP };

/** "dns", "tcp", "tls", "enrp". Static. */
const char *rsp_inquiry_step_name(enum rsp_inquiry_step step);

/** A registrar of the list, for records. Lives as long as the inquiry; texts of TLS until the connection ends. */
struct rsp_inquiry_server {
	const char *name;		     /* as keys call it; in plain text the host */
	/* the address that is connected, or was dialled first, as ADDR:PORT; "" before */
	char address[RSP_SOCKADDR_TEXT_MAX];
	uint32_t server_id;		     /* 0 until it has answered */
	struct rsp_ip ip;		     /* the address that is connected; none if there is no connection */
	uint16_t port;
	bool secure;
	const char *tls_version; /* "" in plain text */
	bool tried, answered;	 /* @answered: it has answered at least once, not counting rejections */
	bool again;		 /* with FAILED: it will be asked again */
	enum rsp_inquiry_step step;
	struct rsp_why why; /* the newest failure; .err is RSP_OK without one */
};

/**
 * What came of it: RSP_MONITOR_LISTED, PAGE, PRESENT, REJECTED; and DONE or FAILED, which is a server's last unless
 * it is tried again. Neither is told of those that are left alone because another answered. @rtt_us is how long the
 * answer took. May not call the inquiry.
 */
typedef void rsp_inquiry_event(void *ctx, const struct rsp_inquiry_server *server,
			       const struct rsp_monitor_event *event, uint64_t rtt_us);

struct rsp_inquiry;

/**
 * Begin to ask, on @loop; @over is called after the last event. RSP_EUSAGE (no registrar is known),
 * RSP_ENOTFOUND, RSP_EIO, RSP_ENOMEM with @why.
 */
enum rsp_err rsp_inquiry_new(struct rsp_loop *loop, const struct rsp_inquiry_config *config, rsp_inquiry_event *event,
			     void (*over)(void *ctx), void *ctx, struct rsp_inquiry **ret,
			     struct rsp_why *why) RSP_NODISCARD;

/** Free @q; not from its callbacks. NULL is fine. The loop must run on until it has nothing to do. */
void rsp_inquiry_free(struct rsp_inquiry *q);

/** The registrars, in the order of the list: @ret_n of them. */
const struct rsp_inquiry_server *rsp_inquiry_server_at(const struct rsp_inquiry *q, unsigned i);
unsigned rsp_inquiry_servers(const struct rsp_inquiry *q);

#endif
