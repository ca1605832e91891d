#include <string.h>

#include "proto/reason.h"
#include "tap.h"

static void
each_word_is_found_and_there_is_no_second_one(void)
{
	for (enum rsp_reason reason = RSP_REASON_NONE + 1; reason < RSP_REASON_COUNT; reason++) {
		const char *word = rsp_reason_word(reason);
		enum rsp_reason found = RSP_REASON_NONE;

		CHECK(rsp_reason_find(word, &found));
		CHECK_EQ(found, reason);
		CHECK(strlen(word) > 0 && word[strspn(word, "abcdefghijklmnopqrstuvwxyz-'")] == '\0');
	}
}

static bool
is_sentence(const char *text)
{
	size_t n = strlen(text);

	return n > 10 && n < 200 && text[n - 1] == '.' && !strstr(text, "  ");
}

static void
each_word_has_a_cause_and_a_cure(void)
{
	for (enum rsp_reason reason = RSP_REASON_NONE + 1; reason < RSP_REASON_COUNT; reason++) {
		CHECK(is_sentence(rsp_reason_cause(reason)));
		CHECK(is_sentence(rsp_reason_cure(reason)));
	}
}

/* The cause is the member "reason" of a record: one that lists the cases of several events is wrong in each of them. */
static void
a_cause_is_true_of_each_event_that_has_its_word(void)
{
	for (enum rsp_reason reason = RSP_REASON_NONE + 1; reason < RSP_REASON_COUNT; reason++) {
		CHECK(!strchr(rsp_reason_cause(reason), ':'));
		CHECK(!strstr(rsp_reason_cause(reason), "If ") && !strstr(rsp_reason_cause(reason), "same name or"));
		CHECK(!strstr(rsp_reason_cure(reason), "duplicate-"));
	}
}

static void
no_reason_has_no_word(void)
{
	enum rsp_reason found = RSP_REASON_RATE;

	CHECK(!rsp_reason_word(RSP_REASON_NONE) && !rsp_reason_cause(RSP_REASON_NONE));
	CHECK(!rsp_reason_word(RSP_REASON_COUNT) && !rsp_reason_cure(RSP_REASON_COUNT));
	CHECK(!rsp_reason_find("", &found) && !rsp_reason_find("rates", &found));
	CHECK_EQ(found, RSP_REASON_RATE);
}

static void
an_error_whose_key_is_a_reason_word_is_that_reason(void)
{
	CHECK_EQ(rsp_reason_of_err(RSP_ENOMEM), RSP_REASON_NO_MEMORY);
	CHECK_EQ(rsp_reason_of_err(RSP_ECERT_REVOKED), RSP_REASON_CERTIFICATE_REVOKED);
	CHECK_EQ(rsp_reason_of_err(RSP_ECRL_EXPIRED), RSP_REASON_CRL_EXPIRED);
	CHECK_EQ(rsp_reason_of_err(RSP_EKEY), RSP_REASON_BAD_KEY);
	CHECK_EQ(rsp_reason_of_err(RSP_EAUTH), RSP_REASON_AUTH_FAILED);
	CHECK_EQ(rsp_reason_of_err(RSP_OK), RSP_REASON_NONE);
	for (enum rsp_err err = RSP_ECERT_EXPIRED; err <= RSP_ECRL_EXPIRED; err++)
		CHECK_STR(rsp_reason_word(rsp_reason_of_err(err)), rsp_err_key(err));
}

int
main(void)
{
	TAP_RUN(each_word_is_found_and_there_is_no_second_one);
	TAP_RUN(each_word_has_a_cause_and_a_cure);
	TAP_RUN(a_cause_is_true_of_each_event_that_has_its_word);
	TAP_RUN(no_reason_has_no_word);
	TAP_RUN(an_error_whose_key_is_a_reason_word_is_that_reason);
	return tap_end();
}
