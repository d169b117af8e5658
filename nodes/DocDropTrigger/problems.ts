/** What may go wrong while the trigger runs, for people. */
import { isTriggerProblem, TriggerProblem } from './problem.ts';

export function engineProblem(): TriggerProblem {
	return new TriggerProblem(
		"The workflow runs on n8n's Engine 2.0, which cannot tell a trigger when an execution has ended",
		'Choose the other engine in the settings of the workflow: without an answer nobody knows which files have arrived.',
	);
}

const LISTED = 5;

/** Files that cannot be told of. */
export function refusalProblem(reason: string, relPaths: readonly string[]): TriggerProblem {
	const listed = relPaths.slice(0, LISTED).map((path) => JSON.stringify(path));
	const more = relPaths.length > LISTED ? ` and ${relPaths.length - LISTED} more` : '';
	return new TriggerProblem(
		`${relPaths.length === 1 ? 'A file is' : `${relPaths.length} files are`} left out: ${reason}`,
		`${listed.join(', ')}${more}. Change the files or the settings of the trigger; the trigger tries them again by itself.`,
	);
}

/** A folder is no longer among those of the node. It may have been taken out by mistake: nothing goes by itself. */
export function leftProblem(label: string, documents: number): TriggerProblem {
	const stay = documents === 1 ? '1 document of it stays' : `${documents} documents of it stay`;
	return new TriggerProblem(
		`The folder "${label}" is no longer in the settings, and ${stay} in the index`,
		'To let them go, set When Published (under Advanced) to Everything Again, publish the workflow, and set it back; where they are more than a fifth of all, switch on Confirm Held Deletions (under Deletions) as well. To go on with the folder, enter it again with the same label.',
	);
}

/** Nodes that start a sub-workflow and go on. */
export function unawaitedProblem(nodes: readonly string[]): TriggerProblem {
	const named = nodes.map((name) => JSON.stringify(name)).join(', ');
	return new TriggerProblem(
		`${named} does not wait for its sub-workflow: a file counts as delivered although publishing it may fail there`,
		'Switch on its option Wait For Sub-Workflow Completion. Then what fails in there fails here as well, and is sent again.',
	);
}

const STATE_HINTS: Readonly<Record<string, string>> = {
	state_locked:
		'Another n8n process holds it: stop that one, or wait until it has ended. Two must not watch for one node.',
	state_newer: 'A newer version of DocDrop wrote it: install that version again.',
	state_corrupt:
		"Remove its file in the folder .n8n/docdrop of n8n's user folder, and publish the workflow again: everything is sent once more, and what has not changed is not indexed again.",
};

/** What kept the watch engine from starting. */
export function startProblem(error: unknown): unknown {
	const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
	const hint = name === 'StateError' ? STATE_HINTS[String(code)] : undefined;
	if (hint !== undefined) return new TriggerProblem((error as Error).message, hint);
	if (isTriggerProblem(error) || !(error instanceof Error)) return error;
	if (!('syscall' in error)) return error;
	return new TriggerProblem(
		`The state of the files cannot be opened (${String(code)})`,
		'Let n8n write to the folder .n8n/docdrop of its user folder, and free some space on that disk.',
	);
}
