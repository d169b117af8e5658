/**
 * A watch engine for one active trigger node, from its activation to its end: with the state that suits it, restarted
 * where that has to change. All decisions about files are the engine's, all about names and executions those
 * of the modules beside.
 */
import type { ITriggerFunctions } from 'n8n-workflow';
import { nodeThreadFile } from '../node-threads.ts';
import type { Clock } from '../watch/clock.ts';
import { createWatchEngine, type WatchEngine } from '../watch/watch-engine.ts';
import { createAutoHints } from '../watch/hints/auto.ts';
import { createIdentity, type Identity } from '../watch/identity.ts';
import { createThreadReader } from '../watch/reader/reader-in-thread.ts';
import { createThreadScanner } from '../watch/scan/scanner-in-thread.ts';
import type { FileRow, FileState, StateChange, StateHead } from '../watch/state/file-state-port.ts';
import type { NewestTexts, StaticData } from '../watch/state/static-data.ts';
import { createGuard, type WatchedRoot } from './folder-access.ts';
import { createClaims, isClaiming } from './claims.ts';
import { createDelivery } from './delivery.ts';
import { createExecutions } from './executions.ts';
import {
	chooseFileState,
	ownSourceId,
	shouldMove,
	type ChosenFileState,
	type StateSetting,
} from './file-state.ts';
import { createNaming, type EngineName } from './naming.ts';
import type { OpenSources } from './open-sources.ts';
import { createRenewal } from './renewal.ts';
import type { TriggerSettings } from './trigger-parameters.ts';
import { engineProblem, leftProblem, refusalProblem, startProblem } from './problems.ts';
import type { Machine } from './read-rules.ts';
import { asNodeError, createReport } from './report.ts';
import { createSnapshots } from './snapshots.ts';
import { findSource, noteEpoch, sourceNameOf } from './source-register.ts';
import { walkFiles } from './look-around.ts';

export interface Watching {
	/** Resolves when the folders are watched, before the first scan has ended. Rejects with a TriggerProblem where a person has to see to it. */
	start(): Promise<void>;
	close(): Promise<void>;
}

export interface WatchingDeps {
	readonly context: ITriggerFunctions;
	readonly settings: TriggerSettings;
	readonly roots: readonly WatchedRoot[];
	/** A person activated the workflow; otherwise n8n started, or another main process took over. */
	readonly isByPerson: boolean;
	readonly machine: Machine;
	readonly clock: Clock;
	/** One for the process. */
	readonly newest: NewestTexts;
	/** Epochs by node, one for the process: sample.ts reads what is noted here. */
	readonly epochs: Map<string, string>;
	/** One for the process. */
	readonly sources: OpenSources;
}

/** What is in flight at the end has this long to come back, ms; then it is sent again at the next start. */
const CLOSE_WAIT = 1000;
/** Longest time that files are counted before a start, ms. */
const COUNT_TIME = 1000;
/** Rounds of deletions that a person's word is for: those of files, then those that the API paused. */
const CONFIRM_ROUNDS = 2;

export function createWatching(deps: WatchingDeps): Watching {
	const { context, settings, roots, machine, clock } = deps;
	const naming = createNaming(settings.naming, roots.length > 1);
	const report = createReport({ context, clock });
	const guard = createGuard(roots, settings.watch.followLinks, machine);
	const data = context.getWorkflowStaticData('global') as StaticData;
	const ids = { workflowId: String(context.getWorkflow().id), nodeId: context.getNode().id };
	const ownId = ownSourceId(ids.workflowId, ids.nodeId);
	const source = findSource({ ...ids, ...machine, data }, { roots, naming, settings, now: clock.now() });
	const { isByPerson } = deps;
	const renewal = createRenewal({
		...{ sourceId: source.sourceId, sources: deps.sources, clock, isByPerson, renew },
		isOvertaken: source.isOvertaken && !isByPerson,
	});
	let { epoch } = source;
	/** Names of another making are other documents: they begin with a new epoch. */
	const namesKey = `docdrop:${ids.nodeId}:names`;
	const hasOtherNames = typeof data[namesKey] === 'string' && data[namesKey] !== naming.fingerprint;
	const startedAt = clock.now();
	let current: { readonly engine: WatchEngine; readonly kind: ChosenFileState['kind'] } | null = null;
	const closing = new AbortController();
	let isFailed = false;
	/** Starts, restarts and the end, one after the other. */
	let turns: Promise<unknown> = Promise.resolve();

	/** Spares large folders a start in static data, from which the engine would soon have to be moved by a restart. */
	async function pickState(): Promise<StateSetting> {
		const { state: setting } = settings;
		if (setting !== 'auto' || choose(setting, false).kind === 'sqlite') return setting;
		// A fresh state tells of what was there before.
		if (settings.onActivation === 'fromNow') return 'sqlite';
		let files = 0;
		const { watch } = settings;
		const late = new AbortController();
		const cancel = clock.after(COUNT_TIME, () => late.abort());
		const signal = AbortSignal.any([closing.signal, late.signal]);
		const see = () => !shouldMove('staticData', setting, (files += 1));
		await walkFiles({ roots, watch, clock, signal, see }).catch(() => {});
		cancel();
		return shouldMove('staticData', setting, files) ? 'sqlite' : setting;
	}

	/** Opens an engine on the state of the setting. `renew`: what is stored is dropped first. */
	async function open(setting: StateSetting, renew: boolean): Promise<void> {
		const chosen = choose(setting, renew);
		const claims = naming.isInjective ? null : createClaims();
		let identity: Identity | null = null;
		const locate = (engineId: string) => {
			const place = identity?.locate(engineId) ?? null;
			const root = roots.find(({ label }) => label === place?.label);
			if (place === null || root === undefined) return null;
			const { label, relPath } = place;
			return { root: label, relPath, docId: engineId, path: `${root.dir}/${relPath}` };
		};
		let baseline: number | null = null;
		/** Documents of folders that are no longer in the settings, by label. */
		const left = new Map<string, number>();
		const state = observed(chosen.state, {
			onOpen(head) {
				identity = createIdentity(roots, head.firstRoot ?? roots[0]?.label ?? '');
				deps.epochs.set(ownId, head.epoch);
				if (head.epoch !== epoch) noteEpoch(machine, head);
				epoch = head.epoch;
				// A state that was lost would otherwise tell of everything that was there before.
				const isNew = head.firstRoot === null;
				if (settings.onActivation === 'fromNow' && (deps.isByPerson || isNew)) baseline = startedAt;
			},
			onRow(row) {
				if (!roots.some(({ label }) => label === row.root) && isClaiming(row)) {
					left.set(row.root, (left.get(row.root) ?? 0) + 1);
				}
				if (claims === null || identity === null || !isClaiming(row)) return;
				const file: EngineName = {
					root: row.root,
					relPath: row.path,
					docId: identity.docId(row.root, row.path),
				};
				const name = naming.nameOf(file);
				if (!('fault' in name)) claims.claim(name, file.docId);
			},
			onCommit({ remove = [], firstRoot }) {
				for (const { root, path } of remove) {
					if (claims === null || identity === null) break;
					const docId = identity.docId(root, path);
					const name = naming.nameOf({ root, relPath: path, docId });
					if (!('fault' in name)) claims.release(name, docId);
				}
				if (firstRoot !== undefined) identity = createIdentity(roots, firstRoot);
			},
		});
		const executions = createExecutions({
			context,
			beforeEmit: chosen.beforeEmit,
			onUnsupported: () => fail(engineProblem()),
			onSuperseded: () => renewal.superseded(),
			isHeld: () => renewal.isHeld(),
			name: `${ids.workflowId}:${ids.nodeId}`,
		});
		const isConfirmed = settings.confirmHeld && deps.isByPerson;
		const engine = createWatchEngine({
			...{ roots, state, clock, log: report.log },
			hints: createAutoHints,
			reader: createThreadReader(nodeThreadFile('watch/reader/read-thread')),
			scanner: createThreadScanner(nodeThreadFile('watch/scan/scan-thread')),
			settings: { ...settings.watch, closeWaitMs: CLOSE_WAIT },
			deliver: createDelivery({
				...{ settings, naming, claims, guard, locate, executions, clock },
				sourceName: sourceNameOf(context.getWorkflow().name),
				baseline: () => baseline,
				onRefused: (reason, relPaths) =>
					report.trouble(`refused ${reason}`, refusalProblem(reason, relPaths)),
			}),
			snapshot: createSnapshots({ settings, isConfirmed, naming, locate, executions, clock }),
			onStatus: ({ roots: all }) => {
				const files = all.reduce((sum, root) => sum + root.files, 0);
				if (shouldMove(chosen.kind, setting, files))
					restart(engine, 'sqlite', 'the folders have become large');
			},
		});
		await engine.start();
		current = { engine, kind: chosen.kind };
		// Who took a folder out is there to hear it; a restart has nothing new to say.
		for (const [label, documents] of deps.isByPerson ? left : []) {
			report.trouble(`left ${label}`, leftProblem(label, documents));
		}
		data[namesKey] = naming.fingerprint;
		context.logger.debug('DocDrop Trigger: watching', { state: chosen.kind, reason: chosen.reason });
		void firstRound(engine, isConfirmed, () => (baseline = null));
	}

	function choose(setting: StateSetting, renew: boolean): ChosenFileState {
		return chooseFileState({
			...{ setting, data, ...ids, sourceId: source.sourceId, clock, renew },
			...{ env: machine.env, home: machine.home, newest: deps.newest },
			roots: roots.map(({ dir }) => dir),
			onOverwritten: () => {
				const { engine } = current ?? {};
				if (engine !== undefined)
					restart(engine, setting, 'somebody else wrote the static data of the workflow');
			},
		});
	}

	/** Everything that was there at the start has been seen to. */
	async function firstRound(engine: WatchEngine, isConfirmed: boolean, onEnd: () => void): Promise<void> {
		const agreementEnds = isConfirmed ? report.agreedToHeld() : () => {};
		try {
			await engine.idle();
			onEnd();
			for (let round = 0; isConfirmed && round < CONFIRM_ROUNDS; round += 1) {
				if (engine.release() > 0) await engine.idle();
			}
			agreementEnds();
		} catch {
			// The engine has closed.
		}
	}

	/** The trigger cannot go on: n8n closes it, says why, and tries to activate it again. */
	function fail(error: unknown): void {
		if (closing.signal.aborted || isFailed) return;
		isFailed = true;
		context.emitError(asNodeError(context, error));
	}

	/** Begins a newer epoch of the present state. */
	function renew(): void {
		const reason = 'another workflow had published this folder meanwhile';
		if (current !== null) restart(current.engine, settings.state, reason, true);
	}

	/** Closes the engine, if it is still the present one, and opens the next. */
	function restart(engine: WatchEngine, setting: StateSetting, reason: string, renew = false): void {
		turns = turns.then(async () => {
			if (closing.signal.aborted || current?.engine !== engine) return;
			current = null;
			context.logger.info(`DocDrop Trigger: begins with a new state, because ${reason}`);
			await end(engine);
			await open(setting, renew).catch((error: unknown) => fail(startProblem(error)));
		});
	}

	/** What the state refuses to take at the end is sent again at the next start. */
	async function end(engine: WatchEngine): Promise<void> {
		await engine
			.close()
			.catch(() => context.logger.debug('DocDrop Trigger: the state was not saved at the end'));
	}

	return {
		async start() {
			const isWanted = isByPerson && (source.isOvertaken || settings.onActivation === 'everything');
			const isFresh = source.isAdopted || hasOtherNames || isWanted;
			const opening = pickState().then((setting) => open(setting, isFresh));
			turns = opening.catch(() => {});
			await opening.catch((error: unknown) => {
				renewal.close();
				throw startProblem(error);
			});
		},
		async close() {
			closing.abort(new Error('the trigger closes'));
			renewal.close();
			await turns;
			const engine = current?.engine;
			current = null;
			if (engine !== undefined) await end(engine);
		},
	};
}

/** Sees what comes out of a state on its way to the engine. */
function observed(
	state: FileState,
	see: {
		onOpen: (head: StateHead) => void;
		onRow: (row: FileRow) => void;
		onCommit: (change: StateChange) => void;
	},
): FileState {
	return {
		...state,
		async open() {
			const head = await state.open();
			see.onOpen(head);
			return head;
		},
		async *rows() {
			for await (const page of state.rows()) {
				for (const row of page) see.onRow(row);
				yield page;
			}
		},
		async commit(change) {
			await state.commit(change);
			see.onCommit(change);
		},
	};
}
