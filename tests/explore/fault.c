#include <stdio.h>
#include <string.h>

#include "world.h"

/* One fault occurs in a history, at any step. What it breaks is repaired later, or never. */

#define SHORT_MS 6000 /* longer than it takes to declare a registrar dead and to take over its elements */

enum kind {
	RESTART,  /* a registrar is killed, and starts again with nothing: how 0 at once, 1 later, 2 at once under another id */
	KILL,	  /* a registrar is killed: how 0; or its machine is lost: how 1 */
	PAUSE,	  /* a registrar is stopped for a while: how 0 short, 1 long */
	CUT,	  /* nothing arrives between two nodes: how 0 for a while, 1 for ever */
	ONE_WAY,  /* nothing arrives at b from a: the same */
	DROP,	  /* the connections between two nodes break */
	DIE,	  /* an element's process is killed: how 0; or its machine is lost: how 1 */
	LEAVE,	  /* an element deregisters */
	UPDATE,	  /* an element has other contents */
	AGAIN	  /* an element's process is killed and starts again: how 0 with its clock, 1 with a clock that is lost */
};

static unsigned
list(const struct world *w, struct fault *ret)
{
	unsigned n = 0, r = w->setup.registrars;

#define ADD(...) ret[n++] = (struct fault){ __VA_ARGS__ }
	for (uint8_t a = 0; a < w->n_nodes; a++) {
		for (uint8_t how = 0; how < 3 && a < r; how++)
			ADD(RESTART, a, 0, how);
		for (uint8_t how = 0; how < 2; how++) {
			ADD(a < r ? KILL : DIE, a, 0, how);
			ADD(a < r ? PAUSE : AGAIN, a, 0, how);
		}
		if (a >= r) {
			ADD(LEAVE, a, 0, 0);
			ADD(UPDATE, a, 0, 0);
		}
		for (uint8_t b = 0; b < r; b++) {
			if (a < r && b >= a)
				continue;
			ADD(DROP, a, b, 0);
			for (uint8_t how = 0; how < 2; how++) {
				ADD(CUT, a, b, how);
				ADD(ONE_WAY, a, b, how);
				ADD(ONE_WAY, b, a, how);
			}
		}
	}
#undef ADD
	return n;
}

enum { LISTED_MAX = 160 };

unsigned
fault_count(const struct world *w)
{
	struct fault all[LISTED_MAX];

	return list(w, all);
}

static struct fault
fault_of(const struct world *w, unsigned i)
{
	struct fault all[LISTED_MAX];

	(void)list(w, all);
	return all[i];
}

bool
fault_possible(const struct world *w, unsigned i)
{
	struct fault f = fault_of(w, i);

	return f.kind == CUT || f.kind == ONE_WAY || (w->node[f.a].up && (w->node[f.a].is_registrar || w->node[f.a].wants));
}

static void
later(struct world *w, enum repair_kind kind, unsigned a, unsigned b, uint64_t in_ms)
{
	if (w->n_repairs < RSP_COUNT(w->repair))
		w->repair[w->n_repairs++] = (struct repair){ w->now + in_ms, kind, a, b };
}

static void
block(struct world *w, const struct fault *f)
{
	w->blocked[f->a][f->b]++;
	if (f->kind == CUT)
		w->blocked[f->b][f->a]++;
	if (f->how == 0)
		later(w, REPAIR_CUT, f->a, f->b | (f->kind == CUT ? 256u : 0), SHORT_MS);
	net_changed(w);
}

static void
drop(struct world *w, unsigned a, unsigned b)
{
	for (unsigned i = 0; i < w->n_connections; i++) {
		struct connection *c = w->connection[i];
		unsigned x = c->side[0].node->place, y = c->side[1].node->place;

		if ((x == a && y == b) || (x == b && y == a))
			net_drop(w, c);
	}
}

void
fault_occur(struct world *w, unsigned i)
{
	struct fault f = fault_of(w, i);
	struct node *n = &w->node[f.a];
	char text[80];

	fault_text(w, i, text, sizeof(text));
	world_say(w, "FAULT: %s", text);
	w->faults--;
	w->fault_ms = w->mended_ms = w->now;
	w->changes = 0;
	switch ((enum kind)f.kind) {
	case RESTART:
		world_stop(n, WORLD_KILLED);
		n->server_id += f.how == 2 ? 0x100 : 0;
		later(w, REPAIR_START, f.a, 0, f.how == 1 ? SHORT_MS : 100);
		break;
	case AGAIN:
		world_stop(n, WORLD_KILLED);
		n->skew_ms -= f.how ? INT64_C(40000000000) : 0;
		n->revision++;
		later(w, REPAIR_START, f.a, 0, 100);
		break;
	case KILL:
	case DIE:
		world_stop(n, f.how ? WORLD_VANISHED : WORLD_KILLED);
		n->wants = false;
		break;
	case PAUSE:
		n->paused = true;
		later(w, REPAIR_PAUSE, f.a, 0, f.how ? SHORT_MS : 1700);
		break;
	case CUT:
	case ONE_WAY:
		block(w, &f);
		break;
	case DROP:
		drop(w, f.a, f.b);
		break;
	case LEAVE:
		world_leave(n);
		break;
	case UPDATE:
		world_update(n);
		break;
	}
}

void
fault_text(const struct world *w, unsigned i, char *ret, size_t n)
{
	static const char *const name[] = { "registrar restarts", "registrar dies", "registrar pauses", "cut", "one-way cut",
					    "connections drop", "element dies", "element leaves", "element updates",
					    "element starts again" };
	static const char *const how[][3] = {
		[RESTART] = { "at once", "later", "under another id" }, [KILL] = { "killed", "vanished" },
		[PAUSE] = { "shortly", "long" }, [CUT] = { "for a while", "for ever" }, [ONE_WAY] = { "for a while", "for ever" },
		[DROP] = { "" }, [DIE] = { "killed", "vanished" }, [LEAVE] = { "" }, [UPDATE] = { "" },
		[AGAIN] = { "with its clock", "with a lost clock" }
	};
	struct fault f = fault_of(w, i);
	bool two = f.kind == CUT || f.kind == ONE_WAY || f.kind == DROP;

	(void)snprintf(ret, n, "%s %s%s%s %s", name[f.kind], w->node[f.a].name, two ? ">" : "", two ? w->node[f.b].name : "",
		       how[f.kind][f.how]);
}

uint64_t
fault_deadline(const struct world *w)
{
	uint64_t first = RSP_NEVER;

	for (unsigned i = 0; i < w->n_repairs; i++)
		first = w->repair[i].at_ms < first ? w->repair[i].at_ms : first;
	return first;
}

void
fault_repair(struct world *w)
{
	uint64_t at = fault_deadline(w);
	unsigned i = 0;

	while (w->repair[i].at_ms != at)
		i++;
	struct repair r = w->repair[i];
	w->repair[i] = w->repair[--w->n_repairs];
	w->now = at > w->now ? at : w->now;
	w->mended_ms = w->now;
	w->changes = 0;
	world_say(w, "repair: %s", w->node[r.a].name);
	if (r.kind == REPAIR_START) {
		world_start(&w->node[r.a]);
	} else if (r.kind == REPAIR_PAUSE) {
		w->node[r.a].paused = false;
	} else {
		w->blocked[r.a][r.b & 255]--;
		if (r.b & 256)
			w->blocked[r.b & 255][r.a]--;
	}
	net_changed(w);
}
