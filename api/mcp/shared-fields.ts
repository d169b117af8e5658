import { Type } from 'typebox';
import { DocId, Tenant } from '../contract/id-schema.ts';
import { limits } from '../contract/limits.ts';

/** What several tools take and give. */
export const given = {
	tenant: { ...Tenant, description: 'Whose documents. Leave it out unless you were told one.' },
	docId: { ...DocId, description: 'As search and list_documents name it.' },
	after: Type.String({ description: '`next` of the answer before, to go on there.' }),
	rows: (unset: number) =>
		Type.Integer({ minimum: 1, maximum: limits.pageRows, description: `At most so many. Default ${unset}.` }),
};

export const uriField = Type.String({ description: 'Names the document as a resource.' });
export const nextField = Type.String({ description: 'There is more: call again with this as `after`.' });
