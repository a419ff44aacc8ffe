/*
 * C_GetAttributeValue (§5.7.5): every attribute of the template is answered, and
 * what can't be is CK_UNAVAILABLE_INFORMATION.
 *
 * Bytes go straight to where the caller wants them. Numbers come in canonical form
 * into a small array here and are translated. Lists and templates are rare: their
 * length is asked for first, then they are fetched one by one.
 */
#include "front/pkcs11/call_priv.h"

#include "front/pkcs11/template_priv.h"
#include "util/mem.h"

#define FEW 32u

struct question {
	enum ash_attr_kind kind;
	uint8_t number[8];
};

struct reading {
	const struct ash_call *call;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE object;
	struct ash_attr_query *queries;
	struct question *questions;
};

static bool is_list(enum ash_attr_kind kind)
{
	return kind == ASH_ATTR_NUMBERS || kind == ASH_ATTR_TEMPLATE;
}

static void ask(CK_ATTRIBUTE attribute, struct question *question, struct ash_attr_query *query)
{
	question->kind = ash_template_kind(attribute.type);
	*query = (struct ash_attr_query){ .type = attribute.type };
	if (question->kind == ASH_ATTR_NUMBER)
		query->value = (struct ash_out){ .data = question->number, .cap = sizeof(question->number) };
	else if (!is_list(question->kind) && attribute.pValue != NULL)
		query->value = (struct ash_out){ .data = attribute.pValue, .cap = attribute.ulValueLen };
}

/* A list's value. It may have changed since its length was asked for; then it is read again. */
static struct ash_status fetch(const struct reading *on, uint64_t type, size_t len, struct ash_buf *value)
{
	struct ash_attr_query query = { .type = type };
	struct ash_status status = { ASH_E_BUFFER_TOO_SMALL };

	while (status.code == ASH_E_BUFFER_TOO_SMALL) {
		struct ash_mut room = { NULL, 0 };

		ash_buf_reset(value);
		ASH_TRY(ash_buf_extend(value, len, &room));
		query.value = (struct ash_out){ .data = room.data, .cap = room.len };
		status = on->call->api->get_attributes(on->call->hsm, on->session, on->object, &query, 1);
		len = query.value.len;
	}
	ASH_TRY(status);
	value->len = query.value.len;
	return ASH_DONE;
}

static struct ash_status give_list(const struct reading *on, const struct ash_attr_query *query,
				   CK_ATTRIBUTE *to)
{
	ASH_AUTO(ash_buf) value = ASH_BUF_SECRET;

	if (query->value.len != 0)
		ASH_TRY(fetch(on, query->type, query->value.len, &value));
	return ash_template_give(query->type, ash_buf_span(&value), to);
}

/* Sets one length, and the value where it is not there yet. */
static struct ash_status answer(const struct reading *on, size_t i, CK_ATTRIBUTE *attribute)
{
	const struct ash_attr_query *query = &on->queries[i];
	const struct question *question = &on->questions[i];

	if (query->code != ASH_OK) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return ASH_DONE;
	}
	if (is_list(question->kind))
		return give_list(on, query, attribute);
	if (question->kind == ASH_ATTR_NUMBER)
		return ash_template_give(query->type, ash_span(question->number, query->value.len),
					 attribute);
	attribute->ulValueLen = query->value.len;
	return ASH_DONE;
}

/* §5.7.5: these three tell of single attributes; the others were answered all the same. */
static bool is_answer(enum ash_code code)
{
	return code == ASH_OK || code == ASH_E_ATTRIBUTE_SENSITIVE || code == ASH_E_ATTRIBUTE_TYPE ||
	       code == ASH_E_BUFFER_TOO_SMALL;
}

static struct ash_status read_all(const struct reading *on, CK_ATTRIBUTE_PTR template, size_t count)
{
	struct ash_status first = ASH_DONE;

	for (size_t i = 0; i < count; i++)
		ask(ash_template_at(template, i), &on->questions[i], &on->queries[i]);
	first = on->call->api->get_attributes(on->call->hsm, on->session, on->object, on->queries, count);
	if (!is_answer(first.code))
		return first;
	for (size_t i = 0; i < count; i++) {
		CK_ATTRIBUTE attribute = ash_template_at(template, i);
		struct ash_status status = answer(on, i, &attribute);

		ash_template_put(template, i, attribute);
		if (!is_answer(status.code))
			return status;
		if (ash_is_ok(first))
			first = status;
	}
	return first;
}

static struct ash_status get_attribute_value(const struct ash_call *call, CK_SESSION_HANDLE session,
					     CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
					     CK_ULONG count)
{
	struct ash_attr_query few_queries[FEW];
	struct question few_questions[FEW];
	ASH_AUTO_MEM struct ash_attr_query *queries = NULL;
	ASH_AUTO_MEM struct question *questions = NULL;
	struct reading on = { call, session, object, few_queries, few_questions };

	ASH_ENSURE(template != NULL || count == 0, ASH_E_ARGUMENT);
	ASH_ENSURE(count <= ASH_TEMPLATE_COUNT_MAX, ASH_E_ARGUMENT);
	if (count > FEW) {
		on.queries = queries = ash_mem_new(count, sizeof(*queries));
		on.questions = questions = ash_mem_new(count, sizeof(*questions));
		ASH_ENSURE(queries != NULL && questions != NULL, ASH_E_MEMORY);
	}
	return read_all(&on, template, count);
}

ASH_ENTRY C_GetAttributeValue(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
			      CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	return ASH_SESSION_CALL(hSession, get_attribute_value(&call, hSession, hObject, pTemplate, ulCount));
}
