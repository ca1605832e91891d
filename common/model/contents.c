#include "model/contents.h"

#include "wire/writer.h"

/* The unknown parameters of @from that need no report. */
static struct rsp_unknown
silent(const struct rsp_unknown *from)
{
	struct rsp_unknown kept = { 0 };

	for (unsigned i = 0; i < from->n; i++)
		if (!(from->to_report >> i & 1))
			kept.tlv[kept.n++] = from->tlv[i];
	return kept;
}

static void
encode_kept(struct rsp_wr *wr, const struct rsp_pool_element *pe)
{
	struct rsp_pool_element kept = *pe;

	kept.unknown = pe->statement.rank ? silent(&pe->unknown) : (struct rsp_unknown){ 0 };
	kept.version = 0;
	rsp_pool_element_encode(wr, &kept);
}

enum rsp_err
rsp_contents_encode(uint8_t room[static RSP_CONTENTS_MAX], const struct rsp_pool_element *pe, struct rsp_bytes *ret)
{
	struct rsp_wr wr = rsp_wr_init(room, pe->statement.rank ? RSP_CONTENTS_MAX : RSP_CONTENTS_WORD_MAX);

	if (pe->unknown.n > 0 || pe->version)
		encode_kept(&wr, pe);
	else
		rsp_pool_element_encode(&wr, pe);
	if (wr.err)
		return RSP_ELIMIT;
	*ret = rsp_bytes_of(room, wr.pos);
	return RSP_OK;
}
