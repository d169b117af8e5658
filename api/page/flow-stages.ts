import type { Overview } from '../contract/overview-schema.ts';
import { bytes, count, duration, number } from './figures.ts';
import type { Tone } from './tone.ts';

/** The steps of the way from files to points, each with its figures and how it is. Pure. */
export interface Stage {
	readonly id: 'folders' | 'queue' | 'prepare' | 'write' | 'index';
	readonly title: string;
	readonly figure: string;
	readonly unit: string;
	readonly lines: readonly string[];
	readonly tone: Tone;
	readonly state: string;
}

/** The way from files to points. */
export function stagesOf(overview: Overview): Stage[] {
	return [
		folderStage(overview),
		queueStage(overview),
		prepareStage(overview),
		writeStage(overview),
		indexStage(overview),
	];
}

/** Whether something moves, so that the picture may. */
export const isMoving = ({ progress, inWork }: Overview): boolean =>
	progress.filesPerMinute > 0 && (progress.pending > 0 || (inWork ?? 0) > 0);

function folderStage({ folders }: Overview): Stage {
	const files = folders.reduce((sum, folder) => sum + folder.files, 0);
	const moving = folders.reduce((sum, { pending, inFlight }) => sum + pending + inFlight, 0);
	const isHeld = folders.some(({ held }) => held !== null);
	const isTroubled = folders.some(({ trouble, unreadable }) => trouble !== null || unreadable.length > 0);
	const verified = folders.filter(({ verifiedAt }) => verifiedAt !== null).length;
	const [tone, state]: [Tone, string] =
		folders.length === 0
			? ['idle', 'none followed']
			: isTroubled
				? ['bad', 'needs a look']
				: isHeld
					? ['warn', 'deletions paused']
					: moving > 0
						? ['busy', 'sending']
						: verified === folders.length
							? ['ok', 'verified']
							: ['busy', 'looking'];
	return {
		...{
			id: 'folders',
			title: 'Folders',
			figure: number(files),
			unit: files === 1 ? 'file' : 'files',
			tone,
			state,
		},
		lines: [count(folders.length, 'folder'), `${number(moving)} being sent`],
	};
}

function queueStage({ progress, oldestPendingSeconds, pendingBytes }: Overview): Stage {
	const { pending, secondsLeft } = progress;
	return {
		...{ id: 'queue', title: 'Queue', figure: number(pending), unit: 'waiting' },
		lines: [
			pending === 0 || oldestPendingSeconds === null
				? 'nothing is old'
				: `oldest ${duration(oldestPendingSeconds)}`,
			pendingBytes === null ? '' : pending === 0 ? 'empty' : bytes(pendingBytes),
		].filter((line) => line !== ''),
		...(pending === 0
			? { tone: 'ok', state: 'empty' }
			: secondsLeft === null
				? { tone: 'warn', state: 'standing still' }
				: { tone: 'busy', state: 'draining' }),
	};
}

function prepareStage({ inWork, embedder, lanes }: Overview): Stage {
	const isWell = embedder.breaker === 'closed' && embedder.fault === null;
	return {
		...{ id: 'prepare', title: 'Prepare', figure: inWork === null ? '–' : number(inWork), unit: 'in work' },
		lines: [embedder.model, lanes === null ? '' : `${number(lanes.processingMeanMs)} ms each`].filter(
			(line) => line !== '',
		),
		...(isWell
			? { tone: (inWork ?? 0) > 0 ? 'busy' : 'ok', state: (inWork ?? 0) > 0 ? 'working' : 'ready' }
			: { tone: 'bad', state: embedder.breaker === 'half-open' ? 'being asked again' : 'embedder away' }),
	};
}

function writeStage({ lanes, progress, inWork }: Overview): Stage {
	if (lanes === null)
		return {
			...{ id: 'write', title: 'Write', figure: number(progress.filesPerMinute), unit: 'a minute' },
			...{ lines: [], tone: 'idle', state: 'in batches' },
		};
	const waits = lanes.contended.length;
	return {
		...{ id: 'write', title: 'Write', figure: number(lanes.documentsPerSecond), unit: 'a second' },
		lines: [
			`turns wait ${number(lanes.waitMeanMs)} ms`,
			waits === 0 ? 'no tenant waits' : count(waits, 'tenant waits', 'tenants wait'),
		],
		...(lanes.level === 'ok' || progress.pending === 0
			? { tone: (inWork ?? 0) > 0 ? 'busy' : 'ok', state: (inWork ?? 0) > 0 ? 'writing' : 'ready' }
			: { tone: 'warn', state: 'turns are long' }),
	};
}

const checkWords: Readonly<Record<string, string>> = {
	unchecked: 'not checked yet',
	checking: 'being checked',
	mending: 'being mended',
	sound: 'checked and sound',
	newer: 'newer than known',
	unsound: 'not sound',
};

function indexStage({ index, progress, chunks }: Overview): Stage {
	const check = index.check?.state;
	const isWhole = check === undefined || !['mending', 'newer', 'unsound'].includes(check);
	const [tone, state]: [Tone, string] =
		index.breaker !== 'closed'
			? ['bad', index.breaker === 'open' ? 'away' : 'being asked again']
			: isWhole
				? ['ok', 'answers']
				: ['warn', checkWords[check ?? ''] ?? 'not sound'];
	return {
		...{
			id: 'index',
			title: 'Index',
			figure: number(progress.processed),
			unit: progress.processed === 1 ? 'document' : 'documents',
			tone,
			state,
		},
		lines: [
			...(chunks === null ? [] : [count(chunks, 'passage')]),
			[index.kind, ...(check === undefined ? [] : [checkWords[check] ?? check])].join(', '),
		],
	};
}
