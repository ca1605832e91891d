/* rsp-peer run: warns before the registrar's certificate, a CA or a CRL expires. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/json.h"
#include "cli/options.h"
#include "keys/expiry.h"
#include "net/alarm.h"
#include "net/loop.h"
#include "peer.h"

#define LOOK_MS 3600000 /* the longest time between two checks, because the wall clock may be set */

struct peer_expiry {
	struct rsp_alarm *alarm;
	struct rsp_expiry list[RSP_EXPIRY_MAX];
	unsigned n;
	int64_t looked_ms; /* wall-clock time of the last check */
};

/* The file's name as the operator gave it. */
static const char *
file_of(const struct rsp_expiry *expiry)
{
	switch (expiry->kind) {
	case RSP_EXPIRY_CERT:
		return rsp_cli.tls_cert ? rsp_cli.tls_cert : "cert.pem";
	case RSP_EXPIRY_CA:
		return rsp_cli.tls_ca ? rsp_cli.tls_ca : "ca.pem";
	case RSP_EXPIRY_CRL:
		break;
	}
	return rsp_cli.tls_crl ? rsp_cli.tls_crl : "crl.pem";
}

static const char *
state_of(const struct rsp_expiry *expiry, int64_t now_ms)
{
	enum rsp_expiry_stage stage = rsp_expiry_stage(expiry, now_ms);

	return stage == RSP_EXPIRY_OVER         ? "expired"
	       : expiry->not_before_ms > now_ms ? "not-yet-valid"
	       : stage == RSP_EXPIRY_FINE       ? "ok"
						: "due";
}

static void
put_facts(json_t **object, const struct rsp_expiry *expiry, int64_t now_ms)
{
	rsp_json_put(object, "file", rsp_json_text(file_of(expiry)));
	rsp_json_put(object, "subject", rsp_json_text(expiry->subject));
	rsp_json_put(object, "state", json_string(state_of(expiry, now_ms)));
	rsp_json_put(object, "not_after", rsp_json_time(expiry->not_after_ms));
	rsp_json_put(object, "expires_in_s", json_integer((expiry->not_after_ms - now_ms) / 1000));
}

static void
warn_on_stderr(const struct rsp_expiry *expiry, int64_t now_ms)
{
	static const char *const cure[] = { [RSP_EXPIRY_CERT] = "rsp-keygen renew",
					    [RSP_EXPIRY_CA] = "rsp-keygen rollover",
					    [RSP_EXPIRY_CRL] = "rsp-keygen crl" };
	static const char *const within[] = { [RSP_EXPIRY_30_DAYS] = "in less than 30 days",
					      [RSP_EXPIRY_7_DAYS] = "in less than 7 days",
					      [RSP_EXPIRY_1_DAY] = "in less than a day" };
	enum rsp_expiry_stage stage = rsp_expiry_stage(expiry, now_ms);
	bool over = stage == RSP_EXPIRY_OVER, list = expiry->kind == RSP_EXPIRY_CRL;
	char date[RSP_TIMESTAMP_MAX];

	if (!over && expiry->not_before_ms > now_ms) {
		rsp_clock_format(expiry->not_before_ms, date);
		rsp_log(RSP_LOG_WARNING, file_of(expiry),
			"the certificate of \"%s\" is valid from %s on: until then users refuse it", expiry->subject,
			date);
		return;
	}
	rsp_clock_format(expiry->not_after_ms, date);
	if (over && list)
		rsp_log(RSP_LOG_ERROR, file_of(expiry),
			"a newer list of \"%s\" was due on %s: users refuse this registrar (%s)", expiry->subject, date,
			cure[expiry->kind]);
	else if (over)
		rsp_log(RSP_LOG_ERROR, file_of(expiry),
			"the certificate of \"%s\" expired on %s: users refuse what depends on it (%s)",
			expiry->subject, date, cure[expiry->kind]);
	else if (list)
		rsp_log(RSP_LOG_WARNING, file_of(expiry), "a newer list of \"%s\" is due %s, on %s (%s)",
			expiry->subject, within[stage], date, cure[expiry->kind]);
	else
		rsp_log(RSP_LOG_WARNING, file_of(expiry), "the certificate of \"%s\" expires %s, on %s (%s)",
			expiry->subject, within[stage], date, cure[expiry->kind]);
}

static void
warn(const struct rsp_expiry *expiry, int64_t now_ms)
{
	json_t *record = rsp_json_record("rsp.peer/1", rsp_expiry_stage(expiry, now_ms) != RSP_EXPIRY_OVER);

	rsp_json_put(&record, "event", json_string("expiry"));
	rsp_json_put(&record, "secure", json_true());
	put_facts(&record, expiry, now_ms);
	(void)rsp_json_emit(record);
	warn_on_stderr(expiry, now_ms);
}

static void
arm(struct peer_expiry *expiry, int64_t now_ms)
{
	int64_t next = rsp_expiry_next_ms(expiry->list, expiry->n, now_ms);

	rsp_alarm_in(expiry->alarm, next - now_ms < LOOK_MS ? (uint64_t)(next - now_ms) : LOOK_MS);
}

static void
on_alarm(void *ctx)
{
	struct peer_expiry *expiry = ctx;
	int64_t now_ms = rsp_clock_wall_ms();

	for (unsigned i = 0; i < expiry->n; i++)
		if (rsp_expiry_worse(&expiry->list[i], expiry->looked_ms, now_ms))
			warn(&expiry->list[i], now_ms);
	expiry->looked_ms = now_ms;
	arm(expiry, now_ms);
}

enum rsp_err
peer_expiry_new(struct rsp_loop *loop, struct peer_expiry **ret)
{
	struct peer_expiry *expiry = calloc(1, sizeof(*expiry));
	enum rsp_err err = expiry ? rsp_alarm_new(loop, on_alarm, expiry, &expiry->alarm) : RSP_ENOMEM;

	if (err)
		free(expiry);
	else
		*ret = expiry;
	return err;
}

void
peer_expiry_watch(struct peer_expiry *expiry, const struct rsp_scope *scope)
{
	int64_t now_ms = rsp_clock_wall_ms();

	if (!scope || rsp_cli.plaintext) /* in plain text certificates are not used */
		return;
	expiry->n = rsp_expiry_list(&scope->x509, expiry->list);
	expiry->looked_ms = now_ms;
	for (unsigned i = 0; i < expiry->n; i++)
		if (rsp_expiry_stage(&expiry->list[i], now_ms) != RSP_EXPIRY_FINE ||
		    expiry->list[i].not_before_ms > now_ms)
			warn(&expiry->list[i], now_ms);
	arm(expiry, now_ms);
}

json_t *
peer_expiry_json(const struct peer_expiry *expiry)
{
	json_t *list = json_array();
	int64_t now_ms = rsp_clock_wall_ms();

	for (unsigned i = 0; expiry && i < expiry->n; i++) {
		json_t *object = json_object();

		put_facts(&object, &expiry->list[i], now_ms);
		rsp_json_append(&list, object);
	}
	return list;
}

void
peer_expiry_free(struct peer_expiry *expiry)
{
	if (!expiry)
		return;
	rsp_alarm_free(expiry->alarm);
	free(expiry);
}
