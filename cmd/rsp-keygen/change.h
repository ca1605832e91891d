#ifndef CMD_RSP_KEYGEN_CHANGE_H
#define CMD_RSP_KEYGEN_CHANGE_H

#include "base/err.h"

/* A change of several files of a master directory that is made whole or not at all, also if this process is killed at any
 * moment. New contents are staged in DIR/.change, then DIR/.change/steps is written, in one step: that is the commit. From
 * then on the steps are carried out; a run that finds .change with steps carries them out (again), one that finds it
 * without steps removes it. The caller holds the lock of the directory throughout. */

struct change {
	const char *dir; /* NULL: no change was begun */
	char *steps;     /* lines: "write PATH" or "remove PATH" */
	unsigned n;
};

#define CHANGE_STEPS_MAX 4096

enum change_state {
	CHANGE_NONE,
	CHANGE_STAGED,   /* a run ended before the commit: nothing was changed */
	CHANGE_COMMITTED /* a run ended after it: some files may be new and others old */
};

/** What an earlier run left in @dir. Ask with the lock held: else a run may be at work. */
enum change_state change_found(const char *dir);

/** Finish or remove what an earlier run left in @dir. RSP_ECONFIG: .change/steps makes no sense. */
enum rsp_err change_recover(const char *dir, struct rsp_why *why) RSP_NODISCARD;

/** Begin a change of @dir, which must live as long as it. */
enum rsp_err change_begin(struct change *change, const char *dir, struct rsp_why *why) RSP_NODISCARD;

/** The directory where files of the master itself are staged, on the heap; NULL: out of memory. */
char *change_stage(const struct change *change) RSP_NODISCARD;

/**
 * Plan to write the file @path, relative to the directory. *@ret, on the heap, is where the caller puts its content before
 * the commit: for a file of the directory itself the same name in change_stage().
 */
enum rsp_err change_write(struct change *change, const char *path, char **ret, struct rsp_why *why) RSP_NODISCARD;

/** Plan to remove the file @path, relative to the directory; it need not be there. */
enum rsp_err change_remove(struct change *change, const char *path, struct rsp_why *why) RSP_NODISCARD;

/** Make the change. An error before the commit leaves everything as it was; after it the next run finishes it. */
enum rsp_err change_commit(struct change *change, struct rsp_why *why) RSP_NODISCARD;

/** Forget the change, unless it was committed. { 0 } is fine. */
void change_done(struct change *change);

#endif
