#include "keys/date.h"

#include <string.h>
#include <time.h>

/* Parse @n digits at *@text and advance it; -1 if they are not digits. */
static int
digits(const char **text, unsigned n)
{
	int value = 0;

	for (unsigned i = 0; i < n; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

static int
after(const char **text, char sign, unsigned n)
{
	if (**text != sign)
		return -1;
	(*text)++;
	return digits(text, n);
}

enum rsp_err
rsp_date_parse(const char *text, int64_t *ret_ms)
{
	struct tm tm = { 0 };
	int ms = 0;

	tm.tm_year = digits(&text, 4);
	if (tm.tm_year < 1970)
		return RSP_EVALUE;
	tm.tm_mon = after(&text, '-', 2);
	if (tm.tm_mon < 1 || tm.tm_mon > 12)
		return RSP_EVALUE;
	tm.tm_mday = after(&text, '-', 2);
	if (tm.tm_mday < 1 || tm.tm_mday > 31)
		return RSP_EVALUE;
	if (*text) {
		tm.tm_hour = after(&text, 'T', 2);
		tm.tm_min = tm.tm_hour < 0 ? -1 : after(&text, ':', 2);
		tm.tm_sec = tm.tm_min < 0 ? -1 : after(&text, ':', 2);
		if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
			return RSP_EVALUE;
		if (*text == '.' && (ms = after(&text, '.', 3)) < 0)
			return RSP_EVALUE;
		if (strcmp(text, "Z") != 0)
			return RSP_EVALUE;
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	int month = tm.tm_mon, second = tm.tm_sec;
	time_t seconds = timegm(&tm);
	if (tm.tm_mon != month && second < 60) /* timegm(3) would turn 31 April into 1 May */
		return RSP_EVALUE;
	*ret_ms = (int64_t)seconds * 1000 + ms;
	return RSP_OK;
}
