#ifndef RSP_BASE_ATTR_H
#define RSP_BASE_ATTR_H

/** The result must be looked at. */
#define RSP_NODISCARD __attribute__((warn_unused_result))

/**
 * Run @fn(&variable) when the variable leaves its scope. Initialise the variable on its own line. It may be held for that
 * alone, which clang would call unused.
 */
#define RSP_AUTO(fn) __attribute__((unused, cleanup(fn##_auto)))

/** Define the cleanup that RSP_AUTO(@fn) uses for variables of type @type. @fn takes the value and accepts its zero. */
#define RSP_AUTO_DEFINE(type, fn)                                                                  \
	static inline void fn##_auto(type *p)                                                      \
	{                                                                                          \
		fn(*p);                                                                            \
	}

/** Move a pointer out of an RSP_AUTO variable: its value, leaving NULL behind. */
#define RSP_TAKE(p)                                                                                \
	__extension__({                                                                            \
		__typeof__(p) rsp_taken_ = (p);                                                    \
		(p) = NULL;                                                                        \
		rsp_taken_;                                                                        \
	})

#define RSP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define RSP_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** The object that holds @member at @ptr. */
#define RSP_CONTAINER(ptr, type, member)                                                           \
	((type *)(void *)((char *)(ptr) - __builtin_offsetof(type, member)))

#endif
