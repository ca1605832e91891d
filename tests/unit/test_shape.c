#include "model/shape.h"
#include "tap.h"

static void
each_policy_has_what_its_kind_of_shape_needs(void)
{
	const struct rsp_policy_row *row;

	for (unsigned i = 0; (row = rsp_policy_at(i)); i++) {
		const struct rsp_shape *shape = rsp_shape_of(row->type);

		CHECK_EQ(shape->key_of != NULL, shape->kind == RSP_SHAPE_RANKED);
		CHECK_EQ(shape->weight_of != NULL, shape->kind == RSP_SHAPE_WEIGHTED);
		CHECK(!shape->step_of || shape->kind == RSP_SHAPE_RANKED);
		CHECK(!shape->zero_cannot_serve || shape->step_of || shape->weight_of);
		CHECK(shape->choose != NULL);
	}
}

static void
no_two_policies_share_type_key_or_alias(void)
{
	const struct rsp_policy_row *row;

	for (unsigned i = 0; (row = rsp_policy_at(i)); i++) {
		CHECK(rsp_policy_row(row->type) == row);
		CHECK(rsp_policy_named(row->key) == row);
		CHECK(rsp_policy_named(row->alias) == row);
	}
	CHECK(!rsp_policy_row(0) && !rsp_policy_row(0x80000001) && !rsp_policy_named("none"));
}

static void
a_policy_that_is_not_in_the_table_has_the_shape_of_round_robin(void)
{
	CHECK(rsp_shape_of(0x80000001) == rsp_shape_of(RSP_POLICY_RR));
	CHECK(rsp_shape_of(RSP_POLICY_RAND) != rsp_shape_of(RSP_POLICY_RR));
}

int
main(void)
{
	TAP_RUN(each_policy_has_what_its_kind_of_shape_needs);
	TAP_RUN(no_two_policies_share_type_key_or_alias);
	TAP_RUN(a_policy_that_is_not_in_the_table_has_the_shape_of_round_robin);
	return tap_end();
}
