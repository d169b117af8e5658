/**
 * What goes on in the watch engine, for people: into n8n's log, and what they have to see to as a failed execution,
 * which n8n lists and tells its error workflow of. Each trouble is told once, and again when it comes back after an hour.
 */
import { NodeOperationError, type ITriggerFunctions } from 'n8n-workflow';
import type { Clock } from '../watch/clock.ts';
import type { WatchEngineDeps } from '../watch/engine-parts.ts';
import { isTriggerProblem, TriggerProblem } from './problem.ts';

export interface Report {
	/** For the watch engine. */
	readonly log: WatchEngineDeps['log'];
	/** `kind` names the trouble. */
	trouble(kind: string, problem: TriggerProblem): void;
	/**
	 * A person has agreed to the deletions that are held: none is told of until the returned function is called, and
	 * then those that are held still.
	 */
	agreedToHeld(): () => void;
}

type Context = Pick<ITriggerFunctions, 'getNode' | 'logger' | 'saveFailedExecution'>;

/** Trouble of one kind is told once in this time, ms. */
const TELL_AGAIN = 3_600_000;

export function createReport(deps: { context: Context; clock: Clock }): Report {
	const { context, clock } = deps;
	const { logger } = context;
	const told = new Map<string, number>();
	/** Held deletions that a person has agreed to, by folder; null: nobody has. */
	let agreed: Map<string, Trouble> | null = null;

	function trouble(kind: string, problem: TriggerProblem): void {
		logger.warn(`DocDrop Trigger: ${problem.message}`);
		const now = clock.monotonic();
		if (now - (told.get(kind) ?? -Infinity) < TELL_AGAIN) return;
		told.set(kind, now);
		context.saveFailedExecution(
			asNodeError(context, problem) as Parameters<Context['saveFailedExecution']>[0],
		);
	}

	return {
		trouble,
		log(level, event, data) {
			logger[level === 'info' ? 'debug' : level](`DocDrop Trigger: ${event}`, data);
			const root = String(data['root']);
			if (event === 'deletions.released') agreed?.delete(root);
			const found = troubleOf(event, data);
			if (found === null) return;
			if (event === 'deletions.held' && agreed !== null) agreed.set(root, found);
			else trouble(found.kind, found.problem);
		},
		agreedToHeld() {
			const waiting = new Map<string, Trouble>();
			agreed = waiting;
			return () => {
				agreed = null;
				for (const { kind, problem } of waiting.values()) trouble(kind, problem);
			};
		},
	};
}

export function asNodeError(context: Pick<Context, 'getNode'>, error: unknown): Error {
	const cause = error instanceof Error ? error : new Error('unknown error');
	if (!isTriggerProblem(cause)) return new NodeOperationError(context.getNode(), cause);
	return new NodeOperationError(context.getNode(), cause.message, { description: cause.hint });
}

/** n8n shows nothing but the message of what is thrown while a workflow is published: it says what to do as well. */
export function asActivationError(context: Pick<Context, 'getNode'>, error: unknown): Error {
	const told = asNodeError(context, error);
	if (isTriggerProblem(error)) told.message = `${error.message}. ${error.hint}`;
	return told;
}

type Data = Readonly<Record<string, unknown>>;

interface Trouble {
	readonly kind: string;
	readonly problem: TriggerProblem;
}

/** Events of the watch engine that a person has to see to. */
function troubleOf(event: string, data: Data): Trouble | null {
	const root = `"${String(data['root'])}"`;
	const code = String(data['code']);
	const tell = (message: string, hint: string) => ({
		kind: `${event} ${root} ${code}`,
		problem: new TriggerProblem(message, hint),
	});
	switch (event) {
		case 'root.away':
			if (data['away'] !== true) return null;
			return tell(
				`The folder ${root} is gone or cannot be read`,
				'Bring it back (is its disk or volume mounted?). Until then nothing is taken as deleted; afterwards the trigger goes on by itself.',
			);
		case 'hints.failed':
			return tell(...watchTrouble(root, code));
		case 'deletions.held':
			return tell(
				`Deletions in the folder ${root} are held: ${String(data['reason'])}`,
				'If the files are to come back (a volume that is not mounted), do nothing. If they are meant to be gone, switch on Confirm Held Deletions (under Deletions), publish the workflow, and switch it off again.',
			);
		case 'state.commit_failed':
			if (code === 'state_overwritten') return null;
			return tell(
				`The state of the files cannot be saved (${code})`,
				"Free some space on the disk of n8n's user folder, and let n8n write to .n8n/docdrop in it. Nothing is sent until then, and nothing is lost.",
			);
		default:
			return null;
	}
}

function watchTrouble(root: string, code: string): [message: string, hint: string] {
	const meanwhile = 'Until then changes are found by the rescans alone.';
	if (code === 'ENOSPC') {
		return [
			`The system has no watches left for the folder ${root}`,
			`On the machine itself (not in a container) run: sudo sysctl fs.inotify.max_user_watches=524288 – then unpublish the workflow and publish it again. ${meanwhile}`,
		];
	}
	if (code === 'EMFILE' || code === 'ENFILE') {
		return [
			`Too many files are open to watch the folder ${root}`,
			`On the machine itself run: sudo sysctl fs.inotify.max_user_instances=1024 – or raise the limit of open files (ulimit -n) – then unpublish the workflow and publish it again. ${meanwhile}`,
		];
	}
	return [
		`Changes in the folder ${root} are not reported (${code})`,
		`Watch Mode: Polling (under Advanced) suits file systems that report none. ${meanwhile}`,
	];
}
