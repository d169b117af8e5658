import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { DocId, Tenant } from '../contract/id-schema.ts';
import { isDocDropError, type DocDropError } from '../errors.ts';
import { refusalOf, type Refused } from '../domain/index.ts';

const Named = Compile(
	Type.Object({ tenant: Tenant, docId: DocId, op: Type.Optional(Type.Enum(['put', 'delete', 'patch'])) }),
);

/**
 * Whose document it was that a schema or a route refused, read from what was sent as far as that holds. A document
 * of a tenant that the key may not touch leaves no trace there. Throws what is no error of the table.
 */
export function refusedBy(request: FastifyRequest, sent: unknown, error: unknown): Refused | DocDropError {
	if (!isDocDropError(error)) throw error;
	if (!Named.Check(sent)) return error;
	const { onlyTenant } = request;
	return onlyTenant === null || onlyTenant === sent.tenant ? refusalOf(error, sent) : error;
}
