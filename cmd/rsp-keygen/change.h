#ifndef CMD_RSP_KEYGEN_CHANGE_H
#define CMD_RSP_KEYGEN_CHANGE_H

#include "base/err.h"

/* A change of several files of a master directory that happens completely or not at all, even if this process is
 * killed. New contents are staged in DIR/.change; then DIR/.change/steps is written atomically: that is the commit.
 * After it the steps are executed. A run that finds .change with steps executes them (again); one that finds it
 * without steps removes it. The caller holds the directory's lock all the time. */

struct change {
	const char *dir; /* NULL: no change was begun */
	char *steps;     /* lines: "write PATH" or "remove PATH" */
	unsigned n;
};

#define CHANGE_STEPS_MAX 4096

enum change_state {
	CHANGE_NONE,
	CHANGE_STAGED,   /* a run ended before the commit: nothing was changed */
	CHANGE_COMMITTED /* a run ended after the commit: some files may be new and others old */
};

/** What an earlier run left in @dir. Call it with the lock held; without it, another run may be at work. */
enum change_state change_found(const char *dir);

/** Finish the change that an earlier run left in @dir, or remove it. RSP_ECONFIG: .change/steps is no list of steps. */
enum rsp_err change_recover(const char *dir, struct rsp_why *why) RSP_NODISCARD;

/** Begin a change of @dir; the string must outlive it. */
enum rsp_err change_begin(struct change *change, const char *dir, struct rsp_why *why) RSP_NODISCARD;

/** The directory where new files of the master directory itself are staged, on the heap; NULL: out of memory. */
char *change_stage(const struct change *change) RSP_NODISCARD;

/**
 * Plan to write the file @path, relative to the directory. *@ret, on the heap, is the path where the caller writes the
 * content before the commit; a file of the directory itself has the same name in change_stage().
 */
enum rsp_err change_write(struct change *change, const char *path, char **ret, struct rsp_why *why) RSP_NODISCARD;

/** Plan to remove the file @path, relative to the directory. It may be missing. */
enum rsp_err change_remove(struct change *change, const char *path, struct rsp_why *why) RSP_NODISCARD;

/**
 * Commit and execute the change. An error before the commit leaves all files as they were; after it, the next run
 * finishes the change.
 */
enum rsp_err change_commit(struct change *change, struct rsp_why *why) RSP_NODISCARD;

/** Free the change; its stage is removed unless it was committed. { 0 } is fine. */
void change_done(struct change *change);

#endif
