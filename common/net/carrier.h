#ifndef RSP_NET_CARRIER_H
#define RSP_NET_CARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/carrier.h"
#include "base/err.h"
#include "base/ip.h"
#include "net/sockaddr.h"

/* For net's own files only. */

/**
 * What a transport protocol does with sockets, one row per protocol. Descriptors are non-blocking and close on exec.
 */
struct rsp_carrier_ops {
	/* The protocol delivers user messages whole; a send is one message. Else it carries octets, and a message needs
	 * a length. */
	bool has_messages;
	/* Either side may end its direction, and the other direction stays open. */
	bool half_closes;
	/**
	 * Begin to connect to @to, from the address @from if that has a family. *@ret_errno is 0, or why connect(2)
	 * failed at once. RSP_EUNREACHABLE, RSP_EIO: there is no socket, *@ret_errno says why.
	 */
	enum rsp_err (*connect)(const struct rsp_sockaddr *to, const struct rsp_ip *from, int *ret_fd, int *ret_errno);
	/** A socket that listens at @at; -1 with errno. */
	int (*listen)(const struct rsp_sockaddr *at);
	/** Set the options of a connection that was accepted. */
	void (*tune)(int fd);
	/** The outcome of a connect that was in progress: 0 (connected) or an errno. */
	int (*result)(int fd);
	/** As send(2) and recv(2), without a signal. */
	ssize_t (*send)(int fd, const void *octets, size_t n);
	ssize_t (*recv)(int fd, void *octets, size_t n);
	/** End our direction: 0; -1 with errno. */
	int (*shut)(int fd);
	/** The local address and port of @fd; unchanged if the socket has no IP address. */
	void (*local)(int fd, struct rsp_ip *ret_ip, uint16_t *ret_port);
	/** Of a Unix socket: the user at the other end when it connected. False for others. */
	bool (*user)(int fd, uid_t *ret);
	/**
	 * Further addresses of the other side: fill @ret, of @room entries, and return how many. NULL: it has one only.
	 */
	unsigned (*others)(int fd, struct rsp_ip *ret, unsigned room);
};

/** The row of @carrier. Static. */
const struct rsp_carrier_ops *rsp_carrier_ops_of(enum rsp_carrier carrier);

#endif
