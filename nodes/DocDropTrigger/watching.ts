/**
 * A watch engine for one active trigger node, from its activation to its end: with the state that suits it, restarted
 * where that has to change. All decisions about files are the engine's, all about names and executions those
 * of the modules beside.
 */
import type { ITriggerFunctions } from 'n8n-workflow';
import { nodeThreadFile } from '../node-threads.ts';
import type { Clock } from '../watch/clock.ts';
import { createWatchEngine, type WatchEngine } from '../watch/watch-engine.ts';
import type { WatchStatus } from '../watch/watch-status.ts';
import { createAutoHints } from '../watch/hints/auto.ts';
import { createThreadReader } from '../watch/reader/reader-in-thread.ts';
import { createThreadScanner } from '../watch/scan/scanner-in-thread.ts';
import type { StateHead } from '../watch/state/file-state-port.ts';
import type { NewestTexts, StaticData } from '../watch/state/static-data.ts';
import { createGuard, type Guard, type WatchedRoot } from './folder-access.ts';
import { createDelivery } from './delivery.ts';
import { createExecutions } from './executions.ts';
import {
	chooseFileState,
	ownSourceId,
	shouldMove,
	type ChosenFileState,
	type StateSetting,
} from './file-state.ts';
import { createKnownFiles, type KnownFiles } from './known-files.ts';
import { createLatePublisher, type LatePublisher } from './late-publisher.ts';
import { createNaming, type Naming } from './naming.ts';
import type { OpenSources } from './open-sources.ts';
import { openTelling } from './open-telling.ts';
import { createRenewal, type Renewal } from './renewal.ts';
import type { TriggerSettings } from './trigger-parameters.ts';
import { engineProblem, leftProblem, refusalProblem, startProblem, unawaitedProblem } from './problems.ts';
import { unawaitedSubWorkflows } from './sub-workflows.ts';
import type { Machine } from './read-rules.ts';
import { asNodeError, createReport, type Report } from './report.ts';
import { createSnapshots } from './snapshots.ts';
import { findSource, isPublisher, noteEpoch, sourceNameOf, type Registered } from './source-register.ts';
import type { Telling } from './telling.ts';
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
	/** n8n is about to hear of a failure, and will activate the node again. */
	readonly onFailed: () => void;
}

/** What is in flight at the end has this long to come back, ms; then it is sent again at the next start. */
const CLOSE_WAIT = 1000;
/** Longest time that files are counted before a start, ms. */
const COUNT_TIME = 1000;
/** Rounds of deletions that a person's word is for: those of files, then those that the API paused. */
const CONFIRM_ROUNDS = 2;

/** A trigger node from its activation to its end. */
interface Activated extends WatchingDeps {
	readonly naming: Naming;
	readonly report: Report;
	readonly guard: Guard;
	/** The workflow's static data. */
	readonly data: StaticData;
	readonly ids: { readonly workflowId: string; readonly nodeId: string };
	readonly source: Registered;
	readonly renewal: Renewal;
	/** Null where the node has no credential. */
	readonly telling: Telling | null;
	readonly latePublisher: LatePublisher;
	/** Wall ms. */
	readonly startedAt: number;
	readonly closing: AbortController;
	/** Null before the first start and between two engines. */
	current: { readonly engine: WatchEngine; readonly kind: ChosenFileState['kind'] } | null;
	isFailed: boolean;
	/** The newest that the register knows of the source, as far as this node has told it. */
	epoch: Registered['epoch'];
	/** Starts, restarts and the end, one after the other. */
	turns: Promise<unknown>;
}

export function createWatching(deps: WatchingDeps): Watching {
	const { context, settings, roots, machine, clock, sources, isByPerson } = deps;
	const naming = createNaming(settings.naming, roots.length > 1);
	const data = context.getWorkflowStaticData('global') as StaticData;
	const ids = { workflowId: String(context.getWorkflow().id), nodeId: context.getNode().id };
	const publishes = isPublisher(context);
	const source = findSource(
		{ ...ids, ...machine, data },
		{ roots, naming, settings, isPublisher: publishes, now: clock.now() },
	);
	const report = createReport({ context, clock });
	const node: Activated = {
		...deps,
		...{ naming, data, ids, source, report },
		latePublisher: createLatePublisher({
			...{ data, nodeId: ids.nodeId, publishes },
			isSettled:
				settings.onActivation === 'fromNow' || (isByPerson && settings.onActivation === 'everything'),
			tell: (problem) => report.trouble('publishes by now', problem),
		}),
		guard: createGuard(roots, settings.watch.followLinks, machine),
		renewal: createRenewal({
			...{ sourceId: source.sourceId, sources, clock, isByPerson, renew: () => renew(node) },
			isOvertaken: source.isOvertaken && !isByPerson,
		}),
		telling: openTelling(context, {
			...{ clock, sourceId: source.sourceId, tenant: settings.naming.tenant },
			status: () => node.current?.engine.status() ?? null,
			onLeftAlone: () => node.renewal.leftAlone(),
		}),
		epoch: source.epoch,
		startedAt: clock.now(),
		closing: new AbortController(),
		...{ current: null, isFailed: false, turns: Promise.resolve() },
	};
	return { start: () => start(node), close: () => close(node) };
}

async function start(node: Activated): Promise<void> {
	const { data, settings, source } = node;
	// Names of another making are other documents: they begin with a new epoch.
	const names = data[namesKeyOf(node)];
	const hasOtherNames = typeof names === 'string' && names !== node.naming.fingerprint;
	const isWanted = node.isByPerson && (source.isOvertaken || settings.onActivation === 'everything');
	const isFresh = source.isAdopted || hasOtherNames || isWanted;
	const opening = pickState(node).then((setting) => open(node, setting, isFresh));
	node.turns = opening.catch(() => {});
	await opening.catch((error: unknown) => {
		node.renewal.close();
		void node.telling?.end();
		throw startProblem(error);
	});
}

async function close(node: Activated): Promise<void> {
	node.closing.abort(new Error('the trigger closes'));
	node.renewal.close();
	const told = node.telling?.end();
	await node.turns;
	const engine = node.current?.engine;
	node.current = null;
	if (engine !== undefined) await end(node, engine);
	await told;
}

const namesKeyOf = ({ ids }: Activated): string => `docdrop:${ids.nodeId}:names`;

/** Spares large folders a start in static data, from which the engine would soon have to be moved by a restart. */
async function pickState(node: Activated): Promise<StateSetting> {
	const { roots, settings, clock, closing } = node;
	const { state: setting, watch } = settings;
	if (setting !== 'auto' || choose(node, setting, false).kind === 'sqlite') return setting;
	// A fresh state tells of what was there before.
	if (settings.onActivation === 'fromNow') return 'sqlite';
	let files = 0;
	const late = new AbortController();
	const cancel = clock.after(COUNT_TIME, () => late.abort());
	const signal = AbortSignal.any([closing.signal, late.signal]);
	const see = () => !shouldMove('staticData', setting, (files += 1));
	await walkFiles({ roots, watch, clock, signal, see }).catch(() => {});
	cancel();
	return shouldMove('staticData', setting, files) ? 'sqlite' : setting;
}

/** Opens an engine on the state of the setting. `renew`: what is stored is dropped first. */
async function open(node: Activated, setting: StateSetting, renew: boolean): Promise<void> {
	const { context, data, naming, report } = node;
	const chosen = choose(node, setting, renew);
	const known = createKnownFiles({
		...{ state: chosen.state, roots: node.roots, naming },
		baselineOf: (head) => baselineOf(node, head),
		onOpen: (head) => opened(node, head),
	});
	const engine = engineOf(node, { chosen, known, setting });
	await engine.start();
	node.current = { engine, kind: chosen.kind };
	node.latePublisher.started(filesOf(engine.status()));
	// Who has published it is there to hear it; a restart has nothing new to say.
	const unawaited = node.isByPerson ? unawaitedSubWorkflows(context) : [];
	if (unawaited.length > 0) report.trouble('not waited for', unawaitedProblem(unawaited));
	for (const [label, documents] of node.isByPerson ? known.left() : []) {
		report.trouble(`left ${label}`, leftProblem(label, documents));
	}
	data[namesKeyOf(node)] = naming.fingerprint;
	context.logger.debug('DocDrop Trigger: watching', { state: chosen.kind, reason: chosen.reason });
	void firstRound(node, engine, known);
}

/** Others of the source learn from the register that this epoch is the newest. */
function opened(node: Activated, head: StateHead): void {
	node.epochs.set(ownSourceId(node.ids.workflowId, node.ids.nodeId), head.epoch);
	if (node.source.isNoted && head.epoch !== node.epoch) noteEpoch(node.machine, head);
	node.epoch = head.epoch;
}

/** A state that was lost would otherwise tell of everything that was there before. */
function baselineOf({ settings, isByPerson, startedAt }: Activated, { firstRoot }: StateHead): number | null {
	const isNew = firstRoot === null;
	return settings.onActivation === 'fromNow' && (isByPerson || isNew) ? startedAt : null;
}

function choose(node: Activated, setting: StateSetting, renew: boolean): ChosenFileState {
	const { data, ids, source, clock, machine, newest, roots } = node;
	return chooseFileState({
		...{ setting, data, ...ids, sourceId: source.sourceId, clock, renew },
		...{ env: machine.env, home: machine.home, newest },
		roots: roots.map(({ dir }) => dir),
		onOverwritten: () => {
			const { engine } = node.current ?? {};
			if (engine !== undefined)
				restart(node, engine, { setting, reason: 'somebody else wrote the static data of the workflow' });
		},
	});
}

/** What an engine is opened on. */
interface OpenedOn {
	readonly chosen: ChosenFileState;
	readonly known: KnownFiles;
	readonly setting: StateSetting;
}

function engineOf(node: Activated, { chosen, known, setting }: OpenedOn): WatchEngine {
	const { context, roots, settings, clock, naming, guard, report, ids, renewal } = node;
	const { claims, state, locate, baseline } = known;
	const executions = createExecutions({
		context,
		clock,
		beforeEmit: chosen.beforeEmit,
		onUnsupported: () => fail(node, engineProblem()),
		onSuperseded: renewal.superseded,
		onPublished: (told) => node.latePublisher.published({ told, known: filesOf(engine.status()) }),
		isHeld: renewal.isHeld,
		name: `${ids.workflowId}:${ids.nodeId}`,
	});
	const engine: WatchEngine = createWatchEngine({
		...{ roots, state, clock, log: report.log },
		hints: createAutoHints,
		reader: createThreadReader(nodeThreadFile('watch/reader/read-thread')),
		scanner: createThreadScanner(nodeThreadFile('watch/scan/scan-thread')),
		settings: { ...settings.watch, closeWaitMs: CLOSE_WAIT },
		deliver: createDelivery({
			...{ settings, naming, claims, guard, locate, executions, clock, baseline },
			sourceName: sourceNameOf(context.getWorkflow().name),
			onRefused: (reason, relPaths) => report.trouble(`refused ${reason}`, refusalProblem(reason, relPaths)),
		}),
		snapshot: createSnapshots({
			...{ settings, naming, locate, executions, clock },
			isConfirmed: isConfirmed(node),
		}),
		onStatus: ({ roots: all }) => {
			node.telling?.changed();
			if (shouldMove(chosen.kind, setting, filesOf({ roots: all })))
				restart(node, engine, { setting: 'sqlite', reason: 'the folders have become large' });
		},
	});
	return engine;
}

const filesOf = ({ roots }: Pick<WatchStatus, 'roots'>): number =>
	roots.reduce((sum, root) => sum + root.files, 0);

/** A person agrees to the deletions that are paused now. */
const isConfirmed = ({ settings, isByPerson }: Activated): boolean => settings.confirmHeld && isByPerson;

/** Everything that was there at the start has been seen to. */
async function firstRound(node: Activated, engine: WatchEngine, known: KnownFiles): Promise<void> {
	const agreementEnds = isConfirmed(node) ? node.report.agreedToHeld() : () => {};
	try {
		await engine.idle();
		known.endBaseline();
		for (let round = 0; isConfirmed(node) && round < CONFIRM_ROUNDS; round += 1) {
			if (engine.release() > 0) await engine.idle();
		}
		agreementEnds();
	} catch {
		// The engine has closed.
	}
}

/** The trigger cannot go on: n8n closes it, says why, and tries to activate it again. */
function fail(node: Activated, error: unknown): void {
	if (node.closing.signal.aborted || node.isFailed) return;
	node.isFailed = true;
	node.onFailed();
	node.context.emitError(asNodeError(node.context, error));
}

/** Begins a newer epoch of the present state. */
function renew(node: Activated): void {
	const reason = 'another workflow had published this folder meanwhile';
	const { engine } = node.current ?? {};
	if (engine !== undefined) restart(node, engine, { setting: node.settings.state, reason, isRenewal: true });
}

/** Closes the engine, if it is still the present one, and opens the next. */
function restart(
	node: Activated,
	engine: WatchEngine,
	next: { readonly setting: StateSetting; readonly reason: string; readonly isRenewal?: boolean },
): void {
	const { setting, reason, isRenewal = false } = next;
	node.turns = node.turns.then(async () => {
		if (node.closing.signal.aborted || node.current?.engine !== engine) return;
		node.current = null;
		node.context.logger.info(`DocDrop Trigger: begins with a new state, because ${reason}`);
		await end(node, engine);
		await open(node, setting, isRenewal).catch((error: unknown) => fail(node, startProblem(error)));
	});
}

/** What the state refuses to take at the end is sent again at the next start. */
async function end({ context }: Activated, engine: WatchEngine): Promise<void> {
	await engine
		.close()
		.catch(() => context.logger.debug('DocDrop Trigger: the state was not saved at the end'));
}
