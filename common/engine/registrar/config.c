#include "engine/registrar/config.h"

struct rsp_registrar_config
rsp_registrar_defaults(void)
{
	return (struct rsp_registrar_config){
		.keepalive_interval_ms = 30000,
		.keepalive_timeout_ms = 5000,
		.keepalive_distance_ms = 1000,
		.reconnect_grace_ms = 5000,
		.max_bad_pe_report = 3,
		.push_distance_ms = 100,
		.hold_ms = 2000,
		.hold_window_ms = 5000,
		/* RFC 5353 s.4 */
		.peer_heartbeat_cycle_ms = 30000,
		.max_time_last_heard_ms = 61000,
		.max_time_no_response_ms = 5000,
		.tombstone_ms = 600000,
		.max_tombstones = 200000,
		.max_identity_tombstones = 50000,
		/* 67 updates a second for MAX-TIME-LAST-HEARD, of 256 octets each: after that the peer counts as dead anyway */
		.max_updates = 4096,
		.max_update_octets = 1048576,
		.max_peers = 256,
		.max_downloads = 16,
		.max_adoptions = 256,
		.limits = { .pools = 100000, .elements = 2000000, .pool_elements = 100000 },
		.max_identity_elements = 10000,
		.max_identity_pools = 1000,
		.max_registrar_elements = 1000000,
		.max_registrar_pools = 50000,
		.max_links = 65536,
		.max_items = 16,
		.max_subscriptions = 64,
		.registrations = { .per_s = 1000, .burst = 10000 },
		.resolutions = { 0 },
		.reports = { .per_s = 5, .burst = 20 },
		.complaints = { .per_s = 10, .burst = 100 },
	};
}
