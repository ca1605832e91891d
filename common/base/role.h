#ifndef RSP_BASE_ROLE_H
#define RSP_BASE_ROLE_H

/** The role in which the other side of a connection has authenticated. RFC 5355 s.2.1-2.7; rsp(7), "Security". */
enum rsp_role {
	RSP_ROLE_NONE,	  /* no TLS: not authenticated */
	RSP_ROLE_USER,	  /* TLS without a key: may resolve and report */
	RSP_ROLE_ELEMENT, /* pre-shared key: may register itself */
	RSP_ROLE_PEER,	  /* pre-shared key: a registrar of the scope, on the ENRP port */
	RSP_ROLE_MONITOR, /* pre-shared key: may read on the ENRP port, and change nothing */
	RSP_ROLE_NOTIFY,  /* pre-shared key: a registrar that connects to an element */
	RSP_ROLE_COUNT
};

/** "none", "user", "element", "peer", "monitor", "notify". Static. */
const char *rsp_role_name(enum rsp_role role);

/** The role with the name @name; RSP_ROLE_COUNT: there is none. */
enum rsp_role rsp_role_named(const char *name);

#endif
