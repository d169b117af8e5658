/** What the API takes at a time, and whether it speaks our contract: GET /v1/info, asked once a minute an address. */
import { systemClock, type Clock } from '../watch/clock.ts';
import { foreignAnswer, localFailure } from './node-errors.ts';
import type { Transport } from './transport.ts';

/** The contract that this package is written for. */
export const contractVersion = 1;

export interface Limits {
	/** Documents in one batch. */
	readonly batchDocuments: number;
	/** Of a JSON body, bytes. */
	readonly bodyBytes: number;
	/** Of one streamed file, bytes. */
	readonly fileBytes: number;
	/** What can be read. */
	readonly mimeTypes: readonly string[];
}

const keptMs = 60_000;
const known = new Map<string, { readonly limits: Limits; readonly until: number }>();

/** Throws an ApiFailure, `contract_mismatch` among others. */
export async function readLimits(api: Transport, clock: Clock = systemClock): Promise<Limits> {
	const { baseUrl, host } = await api.address();
	const kept = known.get(baseUrl);
	if (kept !== undefined && clock.monotonic() < kept.until) return kept.limits;
	known.delete(baseUrl);
	const { limits } = checkInfo(await api.request({ method: 'GET', path: '/v1/info' }), host);
	known.set(baseUrl, { limits, until: clock.monotonic() + keptMs });
	return limits;
}

/** What /v1/info answered, where it is an API that this package can talk to; throws an ApiFailure else. */
export function checkInfo(
	answer: unknown,
	host: string,
): { readonly version: string; readonly limits: Limits } {
	const { name, version, contract, limits, mimeTypes } = fieldsOf(answer);
	if (name !== 'docdrop' || typeof version !== 'string' || typeof contract !== 'number') {
		throw foreignAnswer(200, JSON.stringify(answer) ?? '', host);
	}
	if (contract !== contractVersion) {
		const older = contract < contractVersion ? 'the API' : 'the package n8n-nodes-docdrop in n8n';
		throw localFailure(
			'contract_mismatch',
			`the DocDrop API ${version} speaks contract ${contract}, these nodes speak contract ${contractVersion}`,
			`Update ${older}: both must speak the same.`,
			{ status: 200 },
		);
	}
	const { batchDocuments, bodyBytes, fileBytes } = fieldsOf(limits);
	const isWhole = isCount(batchDocuments) && isCount(bodyBytes) && isCount(fileBytes) && isTexts(mimeTypes);
	if (!isWhole) {
		throw foreignAnswer(200, JSON.stringify(answer), host);
	}
	return { version, limits: { batchDocuments, bodyBytes, fileBytes, mimeTypes } };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

const isTexts = (value: unknown): value is readonly string[] =>
	Array.isArray(value) && value.every((one) => typeof one === 'string');

const fieldsOf = (value: unknown): Record<string, unknown> & { [name in InfoField]?: unknown } =>
	typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

type InfoField = 'name' | 'version' | 'contract' | 'limits' | keyof Limits;
