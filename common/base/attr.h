#ifndef RSP_BASE_ATTR_H
#define RSP_BASE_ATTR_H

/** The caller must use the result. */
#define RSP_NODISCARD __attribute__((warn_unused_result))

/**
 * Call @fn(variable) when the variable leaves its scope. Initialise the variable on its own line. A variable that
 * exists only for this cleanup is not reported as unused.
 */
#define RSP_AUTO(fn) __attribute__((unused, cleanup(fn##_auto)))

/** Define the cleanup that RSP_AUTO(@fn) uses for variables of type @type. @fn takes the value and accepts its zero. */
#define RSP_AUTO_DEFINE(type, fn)                                                                  \
	static inline void fn##_auto(type *p)                                                      \
	{                                                                                          \
		fn(*p);                                                                            \
	}

/** The value of the pointer variable @p, which becomes NULL: so its RSP_AUTO cleanup does not free what is returned. */
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
