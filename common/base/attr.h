#ifndef RSP_BASE_ATTR_H
#define RSP_BASE_ATTR_H

/** The caller of the function must use its result. */
#define RSP_NODISCARD __attribute__((warn_unused_result))

/**
 * Call @fn(variable) when the variable leaves its scope. Initialise the variable in its own declaration. The compiler
 * does not report a variable that exists only for this cleanup as unused.
 */
#define RSP_AUTO(fn) __attribute__((unused, cleanup(fn##_auto)))

/** Define the cleanup function of RSP_AUTO(@fn) for variables of @type. @fn gets
 * the value of the variable, and must accept 0. */
#define RSP_AUTO_DEFINE(type, fn)                                                                  \
	static inline void fn##_auto(type *p)                                                      \
	{                                                                                          \
		fn(*p);                                                                            \
	}

/** Return the value of the pointer variable @p, and set @p to NULL, so that the RSP_AUTO
 * cleanup of @p does not free the returned object. */
#define RSP_TAKE(p)                                                                                \
	__extension__({                                                                            \
		__typeof__(p) rsp_taken_ = (p);                                                    \
		(p) = NULL;                                                                        \
		rsp_taken_;                                                                        \
	})

#define RSP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define RSP_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** The object of @type whose @member is at @ptr. */
#define RSP_CONTAINER(ptr, type, member)                                                           \
	((type *)(void *)((char *)(ptr) - __builtin_offsetof(type, member)))

#endif
