#include "tool/signals.h"

#include <signal.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "net/loop.h"
#include "net/signal.h"

/* Signals that end the process if it has no handler for them. */
static const int deadly[] = { SIGUSR1,  SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGXCPU, SIGXFSZ,
#ifdef SIGSTKFLT
			      SIGSTKFLT
#endif
};
static const int others[] = { SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH, SIGURG };

#define SIGNALS_MAX (RSP_COUNT(deadly) + RSP_COUNT(others) + 64)

struct tool_signals {
	struct rsp_signal *caught[SIGNALS_MAX];
	size_t n;
};

void
tool_signals_ignore(void)
{
	for (size_t i = 0; i < RSP_COUNT(deadly); i++)
		(void)signal(deadly[i], SIG_IGN);
	for (int signum = SIGRTMIN; signum <= SIGRTMAX; signum++)
		(void)signal(signum, SIG_IGN);
}

enum rsp_err
tool_signals_catch(struct rsp_loop *loop, void (*caught)(void *ctx, int signum), void *ctx, struct tool_signals **ret)
{
	struct tool_signals *signals = calloc(1, sizeof(*signals));
	enum rsp_err err = signals ? RSP_OK : RSP_ENOMEM;
	int signum[SIGNALS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < RSP_COUNT(deadly); i++)
		signum[n++] = deadly[i];
	for (size_t i = 0; i < RSP_COUNT(others); i++)
		signum[n++] = others[i];
	for (int i = SIGRTMIN; i <= SIGRTMAX && n < SIGNALS_MAX; i++)
		signum[n++] = i;
	for (size_t i = 0; !err && i < n; i++) {
		err = rsp_signal_new(loop, signum[i], caught, ctx, &signals->caught[signals->n]);
		if (!err)
			signals->n++;
		else if (err != RSP_ENOMEM && signum[i] >= SIGRTMIN)
			err = RSP_OK; /* valgrind, for example, keeps some real-time signals */
	}
	if (err) {
		tool_signals_free(signals);
		return err;
	}
	*ret = signals;
	return RSP_OK;
}

void
tool_signals_free(struct tool_signals *signals)
{
	for (size_t i = 0; signals && i < signals->n; i++)
		rsp_signal_free(signals->caught[i]);
	free(signals);
}
