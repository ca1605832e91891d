#ifndef RSP_ENGINE_FAULT_H
#define RSP_ENGINE_FAULT_H

/* Mistakes that the simulator's tests make on purpose, to see that its invariants catch them (tests/sim). They exist in
 * a build of the engine for that test only. */
#ifdef RSP_FAULTS
enum rsp_fault {
	RSP_FAULT_NONE,
	RSP_FAULT_LATE_ADD_RESURRECTS,	  /* tombstones are not looked at */
	RSP_FAULT_VERSION_IGNORED,	  /* an older statement replaces a newer one */
	RSP_FAULT_NO_UPDATE,		  /* a new registration is not announced, nor is it in the checksum's audit */
	RSP_FAULT_DELETE_NOT_ANNOUNCED,	  /* a removal is not announced, and audits remove nothing */
	RSP_FAULT_ANSWERS_WHILE_JOINING,  /* users are served before the table is complete */
	RSP_FAULT_NO_TAKEOVER,		  /* a dead registrar's elements are left alone */
	RSP_FAULT_TAKEOVER_WITHOUT_ADOPTION, /* they are claimed, but not told so */
	RSP_FAULT_CHECKSUM_NOT_UPDATED,	  /* a removal leaves its part in the checksum */
	RSP_FAULT_NO_CONTEST,		  /* an owner yields to any claim, although its element is there */
	RSP_FAULT_PROBE_UNANSWERED,	  /* presences that require a reply get none */
	RSP_FAULT_STAYS_AWAY,		  /* after a pause it goes on as if nothing had happened */
	RSP_FAULT_KEEPALIVE_IGNORED,	  /* an element that does not answer is kept */
	RSP_FAULT_COUNT
};

extern enum rsp_fault rsp_fault;
#define RSP_FAULTY(name) (rsp_fault == RSP_FAULT_##name)
#else
#define RSP_FAULTY(name) false
#endif

#endif
