/**
 * One run of the action node: its context, the API, and its parameters. Made by router.ts, used by every operation.
 */
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Clock } from '../watch/clock.ts';
import { continuesOnFail } from './failing.ts';
import { createParameters, type Parameters } from './action-parameters.ts';
import type { Transport } from './transport.ts';

export interface Session {
	readonly context: IExecuteFunctions;
	readonly api: Transport;
	readonly clock: Clock;
	/** Of the execution. */
	readonly signal: AbortSignal | undefined;
	readonly items: readonly INodeExecutionData[];
	readonly parameters: Parameters;
	/** Permanent errors of items become items. */
	readonly continues: boolean;
}

export function createSession(context: IExecuteFunctions, api: Transport, clock: Clock): Session {
	return {
		context,
		api,
		clock,
		signal: context.getExecutionCancelSignal(),
		items: context.getInputData(),
		parameters: createParameters(context),
		continues: continuesOnFail(context),
	};
}

/** For a request's `signal`. */
export const until = ({ signal }: Pick<Session, 'signal'>) => (signal === undefined ? {} : { signal });
