/** Which operation a run is: resource and operation, as the user chose them, to one function each. */
import {
	ManualExecutionCancelledError,
	NodeOperationError,
	type IExecuteFunctions,
	type INodeExecutionData,
} from 'n8n-workflow';
import { systemClock } from '../watch/clock.ts';
import { isApiFailure } from './node-errors.ts';
import { insist, toNodeError } from './failing.ts';
import { openApi } from './open-api.ts';
import { deleteByPrefix, deleteTenant } from './operations/bulk-deletion.ts';
import { deleteDocument, publish, publishListed, publishMany } from './operations/changes.ts';
import { preview } from './operations/document-preview.ts';
import { getDocument, getManyDocuments } from './operations/document-reads.ts';
import { search } from './operations/document-search.ts';
import { releaseHeldDeletions } from './operations/held-deletions.ts';
import { cancelJob, getJob, getManyJobs, retryJob } from './operations/job-calls.ts';
import { waitForJobs } from './operations/job-wait.ts';
import { syncList } from './operations/list-sync.ts';
import { updateMetadata, updateMetadataByFilter } from './operations/metadata-update.ts';
import { getManyTenants, getTenantStatus } from './operations/tenant-reads.ts';
import { createSession, type Session } from './session.ts';

type Operation = (session: Session) => Promise<INodeExecutionData[]>;

/** By resource and operation. */
const operations: ReadonlyMap<string, Operation> = new Map([
	['batch publishListed', publishListed],
	['batch publishMany', publishMany],
	['batch syncList', syncList],
	['document delete', deleteDocument],
	['document deleteByPrefix', deleteByPrefix],
	['document get', getDocument],
	['document getMany', getManyDocuments],
	['document preview', preview],
	['document publish', publish],
	['document releaseHeld', releaseHeldDeletions],
	['document search', search],
	['document updateMetadata', updateMetadata],
	['document updateMetadataByFilter', updateMetadataByFilter],
	['job cancel', cancelJob],
	['job get', getJob],
	['job getMany', getManyJobs],
	['job retry', retryJob],
	['job wait', waitForJobs],
	['tenant delete', deleteTenant],
	['tenant getMany', getManyTenants],
	['tenant status', getTenantStatus],
]);

/** What changes documents. Whatever is thrown here must not be passed over: see failing.ts. */
const changing: readonly Operation[] = [
	...[deleteByPrefix, deleteDocument, deleteTenant],
	...[publish, publishListed, publishMany, syncList, updateMetadata, updateMetadataByFilter],
];

export async function route(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const resource = context.getNodeParameter('resource', 0);
	const operation = context.getNodeParameter('operation', 0);
	const run = operations.get(`${resource} ${operation}`);
	if (run === undefined) {
		throw new NodeOperationError(context.getNode(), `there is no operation "${operation}" of "${resource}"`, {
			description: 'Choose resource and operation in the node again.',
		});
	}
	const start = async () => run(createSession(context, openApi(context), systemClock));
	return start().catch((error: unknown) => {
		// n8n calls an execution canceled by the name of what ended it; the reason of its own signal is an error to it.
		if (context.getExecutionCancelSignal()?.aborted === true)
			throw new ManualExecutionCancelledError(context.getExecutionId());
		if (changing.includes(run)) insist(context);
		throw isApiFailure(error) ? toNodeError(context, error) : error;
	});
}
