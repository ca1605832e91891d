#include "engine/event.h"

static const char *const event_names[RSP_EVENT_COUNT] = {
#define ROW(kind, name) [RSP_EVENT_##kind] = (name),
	RSP_EVENTS(ROW)
#undef ROW
};

const char *
rsp_event_name(enum rsp_event_kind kind)
{
	return kind < RSP_EVENT_COUNT ? event_names[kind] : "unknown";
}
