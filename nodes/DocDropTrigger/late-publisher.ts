/**
 * A workflow that begins to publish only after its trigger was activated: what was told of before is not in the index,
 * and counts as delivered. It is not told of again by itself, because other nodes may have done with it what
 * must not be done twice; a person is told. n8n leaves the trigger running when other nodes of its workflow change, so
 * that it has to be seen in the executions as well.
 */
import type { StaticData } from '../watch/state/static-data.ts';
import { TriggerProblem } from './problem.ts';

export interface LatePublisher {
	/** An execution has published some of its files; `known`: how many files there are, `told`: those of the execution. */
	published(counts: { readonly known: number; readonly told: number }): void;
	/** The trigger has been started; `known`: files that were told of before. */
	started(known: number): void;
}

export function createLatePublisher(deps: {
	readonly data: StaticData;
	readonly nodeId: string;
	/** Whether the workflow publishes, as it was when the trigger was activated. */
	readonly publishes: boolean;
	/** What was there is told of again anyway, or is not to be told of. */
	readonly isSettled: boolean;
	readonly tell: (problem: TriggerProblem) => void;
}): LatePublisher {
	const { data } = deps;
	const key = `docdrop:${deps.nodeId}:publishes`;
	const wasSilent = data[key] === false;
	data[key] = deps.publishes;
	function begins(left: number): void {
		data[key] = true;
		if (left > 0 && !deps.isSettled) deps.tell(lateProblem(left));
	}
	return {
		published({ known, told }) {
			if (data[key] === false) begins(known - told);
		},
		started(known) {
			if (wasSilent && deps.publishes) begins(known);
		},
	};
}

const lateProblem = (files: number): TriggerProblem =>
	new TriggerProblem(
		`The workflow publishes to the index by now, and ${files === 1 ? '1 file was' : `${files} files were`} told of before it did`,
		'They are not in the index until they change. To publish them, set When Published (under Advanced) to Everything Again, publish the workflow, and set it back; every node of the workflow gets them once more then.',
	);
