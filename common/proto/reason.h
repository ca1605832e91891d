#ifndef RSP_PROTO_REASON_H
#define RSP_PROTO_REASON_H

#include <stdbool.h>

#include "base/err.h"

/*
 * The words for the member "key" of records, one row for each: id, word, cause, cure; the cause is the member "reason".
 * A word is an interface: it is never renamed, and never gets another meaning. If several events use a word, its cause
 * is true of each of them; else they need two words. The man pages print this table, and
 * cmd/schema/rsp.peer.schema.json has its words.
 */
/* clang-format off */
#define RSP_REASONS(X)                                                                                                 \
	/* a registration, a deregistration or a resolution is refused */                                              \
	X(PLAIN_TEXT, "plain-text", "The request came over a connection without TLS.",                                 \
	  "Give the sender a key, and let it use the TLS port.")                                                       \
	X(NOT_AN_ELEMENT, "not-an-element", "The sender's key is not one of a pool element.",                          \
	  "Register with a key that rsp-keygen made for an element.")                                                  \
	X(RATE, "rate", "The sender sends more requests of this kind per second than the registrar allows.",           \
	  "Let it send fewer, or raise the registrar's rate limit.")                                                   \
	X(HANDLE_LENGTH, "handle-length", "The pool handle is empty or longer than 4096 octets.",                      \
	  "Choose a pool handle of 1 to 4096 octets.")                                                                 \
	X(PE_ID_ZERO, "pe-id-zero", "The PE identifier is 0.", "Choose another identifier, or a random one.")          \
	X(LIFETIME, "lifetime", "The registration lifetime is 0 or below -1.",                                         \
	  "Choose a positive lifetime, or -1 for one that does not end.")                                              \
	X(PORT_ZERO, "port-zero", "The element's transport has port 0.", "Name the port that the element serves.")     \
	X(ADDRESS_UNUSABLE, "address-unusable", "No host can be reached at an address of the element.",                \
	  "Replace wildcard, multicast and other special addresses by the element's own.")                             \
	X(POLICY, "policy", "The policy type is reserved and has no meaning.", "Choose a policy of RFC 5356.")         \
	X(INCONSISTENT_POLICY, "inconsistent-policy", "The pool has another policy than the element.",                 \
	  "Register with the pool's policy, or in another pool.")                                                      \
	X(INCONSISTENT_TRANSPORT, "inconsistent-transport", "The pool has another transport than the element.",        \
	  "Register with the pool's transport, or in another pool.")                                                   \
	X(INCONSISTENT_USE, "inconsistent-transport-use", "The pool's transport is for data only, the element's for "  \
	  "data and control, or the reverse.", "Register with the pool's transport use.")                              \
	X(POOL_NOT_ALLOWED, "pool-not-allowed", "The element's identity may not register in this pool.",               \
	  "Add the pool to the identity's line in authz.json.")                                                        \
	X(ADDRESS_NOT_OWN, "address-not-own", "The element names an address that its connection does not come from.",  \
	  "Register from that address, or add it to the identity's line in authz.json.")                               \
	X(OPAQUE_NOT_ALLOWED, "opaque-not-allowed", "The element's identity may not register an opaque transport.",    \
	  "Allow it in authz.json, or register a transport with addresses.")                                           \
	X(ELEMENT_OF_ANOTHER, "element-of-another", "Another identity has registered this PE identifier.",             \
	  "Choose another PE identifier.")                                                                             \
	X(DISPLACED, "displaced", "Another process that knew of this one has registered the PE identifier.",           \
	  "None for a restart; else give one of the two another PE identifier.")                                       \
	X(NUMBERS_USED_UP, "numbers-used-up", "A registrar has used up the numbers of the PE identifier.",             \
	  "Choose another PE identifier; pe-contested names the registrar.")                                           \
	X(ELEMENTS_OF_ONE_IDENTITY, "elements-of-one-identity", "The identity has as many elements as it may have.",   \
	  "Deregister some, or raise its limit of elements.")                                                          \
	X(POOLS_OF_ONE_IDENTITY, "pools-of-one-identity", "The identity has made as many pools as it may make.",       \
	  "Use fewer pools, or raise its limit of pools.")                                                             \
	X(HANDLESPACE_FULL, "handlespace-full", "The registrar holds as many pools or elements as it may hold.",       \
	  "Raise its limits, or deregister what is not needed.")                                                       \
	X(MEMORY, "memory", "The registrar is out of memory.", "Give it more memory, or lower its limits.")            \
	/* a user reports an element unreachable */                                                                    \
	X(ASKED, "asked", "A user could not reach the element, and the registrar sent it a keep-alive.",               \
	  "Look at the network between the user and the element if this goes on.")                                     \
	X(UNKNOWN_ELEMENT, "unknown-element", "The user reported an element that the registrar does not know.",        \
	  "None is needed: the user has an old answer.")                                                               \
	X(REPORTS, "reports", "The sender reports more elements unreachable per second than it may.",                  \
	  "Look at the network of that user: it may reach no element at all.")                                         \
	X(RECORDS, "records", "The sender causes more records per second than the registrar writes.",                  \
	  "Look at the last record before this one: it shows what the sender does.")                                   \
	/* an element is removed */                                                                                    \
	X(DEREGISTERED, "deregistered", "The element deregistered.", "None is needed.")                                \
	X(EXPIRED, "expired", "The element did not register again within its lifetime.",                               \
	  "Start the element again, or choose a longer lifetime.")                                                     \
	X(KEEPALIVE_UNANSWERED, "keepalive-unanswered", "The element did not answer in time, nor when dialled.",       \
	  "Start the element again; look at its load and at its network.")                                             \
	X(REPORTED_UNREACHABLE, "reported-unreachable", "Users reported the element, and it did not answer in time.",  \
	  "Start the element again; look at its network.")                                                             \
	X(CONNECTION_LOST, "connection-lost", "The element is not connected, and did not answer when dialled.",          \
	  "Start the element again; look at the network if it still runs.")                                            \
	X(RIGHTS_ENDED, "rights-ended", "The key of the element or registrar, or its line in authz.json, is gone.",    \
	  "None if that was meant; else restore the key or the line, and reload.")                                     \
	X(HOME_LOST, "home-lost", "The element's registrar is silent, no other took it over, and it does not answer.", \
	  "Start the element again.")                                                                                  \
	/* the registrar begins to serve */                                                                            \
	X(ALONE, "alone", "No other registrar answered, so this one serves with the elements that it has itself.",     \
	  "None for the first registrar of a scope; else look at the addresses and keys of the others.")               \
	X(SYNCHRONISED, "synchronised", "The handlespace was downloaded from another registrar.", "None is needed.")   \
	/* ENRP messages are refused */                                                                                \
	X(NO_REGISTRAR, "no-registrar", "The sender's key is not one of a registrar.",                                 \
	  "Give it a key that rsp-keygen made for a registrar.")                                                       \
	X(MONITOR, "monitor", "The sender's key is one of a monitor, which may only ask.",                             \
	  "Use a registrar's key for anything else.")                                                                  \
	X(SERVER_ID_ZERO, "server-id-zero", "The sender's server id is 0.", "Update the sender: RFC 5353 forbids it.")   \
	X(SERVER_ID_OURS, "server-id-ours", "Another registrar has the server id of this one.",                        \
	  "None: one of the two draws another id. Remove --server-id from both.")                                      \
	X(SERVER_ID_OF_ANOTHER, "server-id-of-another", "A registrar has a server id that belongs to another one.",    \
	  "None: one of the two draws another id. Remove --server-id from both.")                                      \
	X(SERVER_ID_MIXED, "server-id-not-the-sender's", "The message has two server ids for its sender.",             \
	  "Update the sender: it breaks RFC 5353.")                                                                                          \
	X(ELEMENT, "element", "A registrar sent an element whose values are impossible.", "Update the sender: it breaks RFC 5353.")          \
	X(ELEMENT_OF_REGISTRAR, "element-of-another-registrar", "A registrar sent an element that is not its own.",    \
	  "None if it ends: the tables are compared. Else compare the versions of the two programs.")                  \
	X(ELEMENTS_OF_ONE_REGISTRAR, "elements-of-one-registrar", "A registrar has as many elements as it may have.",  \
	  "Raise the limit of elements of one registrar.")                                                             \
	X(POOLS_OF_ONE_REGISTRAR, "pools-of-one-registrar", "A registrar has made as many pools as it may make.",      \
	  "Raise the limit of pools of one registrar.")                                                                \
	X(SHARE_OF_REGISTRARS, "share-of-all-registrars", "Three quarters of the handlespace are used, and the rest "  \
	  "is kept for elements that register here.", "Raise the limits of the handlespace.")                          \
	X(PEERS_FULL, "peers-full", "The list of registrars is full.", "Raise --max-peers.")                           \
	X(NAME_OURS, "name-ours", "Another registrar runs with the name and the keys of this one.",                    \
	  "Stop one of the two, and start it with a name and keys of its own.")                                        \
	X(NAME_OF_ANOTHER, "name-of-another", "Two other registrars run with one name and its keys.",                  \
	  "Stop one of the two, and start it with a name and keys of its own.")                                        \
	/* a registrar fails, and is taken over */                                                                     \
	X(SILENCE, "silence", "The registrar was not heard for MAX-TIME-LAST-HEARD.",                                  \
	  "See whether it runs; look at the network.")                                                                 \
	X(PEER_DISCONNECTED, "peer-disconnected", "The connection to the other registrar ended.",                      \
	  "None if it comes back; else see whether it runs, and look at the network.")                                 \
	X(TAKEOVER_INITIATED, "takeover-initiated", "Another registrar says that this one is dead.",                   \
	  "None if it answers; else see whether it runs.")                                                             \
	X(NO_RESPONSE, "no-response", "The registrar did not answer within MAX-TIME-NO-RESPONSE.",                     \
	  "See whether it runs; look at the network.")                                                                 \
	X(SEND_FAILED, "send-failed", "The registrar could not be dialled again.", "See whether it runs.")             \
	X(RESTARTED, "restarted", "The registrar came back under another server id.", "None is needed.")               \
	X(NOT_TAKEN_OVER, "not-taken-over", "The registrar is silent, and none has taken it over in time.",            \
	  "None: this registrar begins a takeover.")                                                                   \
	X(TARGET_ALIVE, "target-alive", "The registrar to be taken over was heard again.", "None is needed.")          \
	X(OTHER_WINS, "other-wins", "Another registrar takes it over.", "None is needed.")                             \
	X(UNACKNOWLEDGED, "unacknowledged", "Not all registrars acknowledged the takeover, and no element is left.",   \
	  "Look for a registrar that runs and acknowledges nothing.")                                                  \
	X(TAKEOVER_OF_ITSELF, "takeover-of-itself", "A registrar says of itself that it is dead.", "Update the sender: it breaks RFC 5353.") \
	X(TAKEOVER_OF_LIVE, "takeover-of-a-live-registrar", "A registrar was declared dead while we hear it.",         \
	  "Look at the network between the sender and that registrar.")                                                \
	X(CLAIMED, "claimed", "Another registrar is said to be the home of the element now.",                          \
	  "None if it ends. If it goes on, two elements use one PE identifier and key: give one another.")             \
	X(REMOVED, "removed", "Another registrar says that the element is gone.",                                      \
	  "None: an element that is connected is asked, and stays if it registers again.")                             \
	/* a table is downloaded */                                                                                    \
	X(REJECTED, "rejected", "The other registrar does not give its table now.", "None: it is asked again.")        \
	X(PARTIAL, "partial", "Some entries of the other registrar's table were refused, so the two tables differ.",    \
	  "Look at the records of the refusals; compare authz.json and the limits of the two registrars.")             \
	X(PEER_DEAD, "peer-dead", "The other registrar was declared dead meanwhile.", "See whether it runs.")          \
	X(ENDLESS_TABLE, "endless-table", "The other registrar sends more pages than a table can have.",               \
	  "Mend that registrar.")                                                                                      \
	/* connections */                                                                                              \
	X(CONNECTION_QUEUE, "connection-queue", "The other side does not read, and the queue to it is full.",          \
	  "Look at the other side and at the network.")                                                                \
	X(MESSAGE_TIME, "message-time", "The other side began a message and did not finish it in time.",               \
	  "Look at the other side and at the network.")                                                                \
	X(MONITOR_NOT_ALLOWED, "monitor-not-allowed", "authz.json does not allow this monitor.",                       \
	  "Add it to authz.json.")                                                                                     \
	X(KEY_REMOVED, "key-removed", "The connection's key is no longer in the scope.", "None if that was meant.")    \
	X(KEY_REPLACED, "key-replaced", "The other side has another key now.", "None: it connects with the new one.")  \
	X(KEY_EXPIRED, "key-expired", "The connection's key has expired.", "Renew it with rsp-keygen.")                \
	/* errors whose key is the reason: rsp_reason_of_err() */                                                      \
	X(NO_MEMORY, "no-memory", "The registrar is out of memory.", "Give it more memory, or lower its limits.")      \
	X(CERTIFICATE_EXPIRED, "certificate-expired", "The user's certificate, or that of its CA, has expired.",       \
	  "Renew it with rsp-keygen.")                                                                                 \
	X(CERTIFICATE_NOT_YET, "certificate-not-yet-valid", "The user's certificate is not valid yet.",                \
	  "Compare the clocks of the hosts.")                                                                          \
	X(CERTIFICATE_REVOKED, "certificate-revoked", "The user's certificate is in crl.pem.",                         \
	  "None if that was meant; else make a new one.")                                                              \
	X(CERTIFICATE_PURPOSE, "certificate-purpose", "The user's certificate is not made for this.",                  \
	  "Make one with rsp-keygen.")                                                                                 \
	X(UNKNOWN_CA, "unknown-ca", "The user's certificate is not from the scope's CA.", "Make one with rsp-keygen.") \
	X(WRONG_NAME, "wrong-name", "The user's certificate is for another name.", "Make one with rsp-keygen.")        \
	X(CRL_EXPIRED, "crl-expired", "crl.pem is out of date.", "Renew it with rsp-keygen.")                          \
	X(BAD_KEY, "bad-key", "The user's certificate, or the scope's CA, cannot be used.", "Make a new one.")         \
	X(AUTH_FAILED, "auth-failed", "The user's certificate cannot be verified.", "Make one with rsp-keygen.")
/* clang-format on */

enum rsp_reason {
	RSP_REASON_NONE,
#define RSP_REASON_NAME(name, word, cause, cure) RSP_REASON_##name,
	RSP_REASONS(RSP_REASON_NAME)
#undef RSP_REASON_NAME
	RSP_REASON_COUNT
};

/** The word of @reason; NULL for RSP_REASON_NONE. Static, like the next two. */
const char *rsp_reason_word(enum rsp_reason reason);

/** The cause of @reason and its cure, in one or two sentences each; NULL for RSP_REASON_NONE. */
const char *rsp_reason_cause(enum rsp_reason reason);
const char *rsp_reason_cure(enum rsp_reason reason);

/** Find the reason with the word @word. False: there is none, and *@ret is unchanged. */
bool rsp_reason_find(const char *word, enum rsp_reason *ret);

/** The reason whose word is the key of @err; RSP_REASON_NONE: there is none. */
enum rsp_reason rsp_reason_of_err(enum rsp_err err);

#endif
