/** The node's parameters as a person set them, read into settings and checked. Pure. */
import { globFault, globsOf } from '../watch/globs.ts';
import { DEFAULT_EXCLUDES, type WatchSettings } from '../watch/settings.ts';
import type { FileChange } from '../watch/file-change.ts';
import type { StateSetting } from './file-state.ts';
import type { NamingSettings } from './naming.ts';
import { numberOptions, type NumberOptionName } from './number-options.ts';
import { optionGroups } from './option-groups.ts';
import { TriggerProblem } from './problem.ts';

export type FileEvent = FileChange['event'];

/** A folder as it was typed; its label is fixed here. */
export interface FolderSetting {
	readonly path: string;
	readonly label: string;
}

export interface TriggerSettings {
	/** At least one. */
	readonly folders: readonly FolderSetting[];
	readonly watch: WatchSlice;
	readonly naming: NamingSettings;
	/** Those that lead to an execution. */
	readonly events: ReadonlySet<FileEvent>;
	/** What a person's activation does; a restart of n8n always catches up. */
	readonly onActivation: 'catchUp' | 'fromNow' | 'everything';
	readonly takeOver: boolean;
	/** A person agrees to the deletions that are paused. */
	readonly confirmHeld: boolean;
	readonly state: StateSetting;
}

export type WatchSlice = Pick<
	WatchSettings,
	| 'include'
	| 'exclude'
	| 'maxFileBytes'
	| 'followLinks'
	| 'quietMs'
	| 'longestWaitMs'
	| 'deletionDelayMs'
	| 'guardShare'
	| 'windowMs'
	| 'batchFiles'
	| 'batchesInFlight'
	| 'scanEveryMs'
	| 'mode'
	| 'pollEveryMs'
>;

const EVENTS: readonly FileEvent[] = ['changed', 'created', 'deleted', 'moved'];
const MODES = { automatic: 'auto', native: 'watch', polling: 'poll' } as const;
const MB = 1024 * 1024;
/** What is in flight where the setting is 0, by what an execution carries. */
const IN_FLIGHT = { batch: 4, file: 50 } as const;

type Values = Readonly<Record<string, unknown>>;

/** Of the parameters `folder`, `tenantFrom`, `tenant`, `tenantSegment`, `changes` and of the groups of options. Throws a TriggerProblem. */
export function readSettings(get: (name: string) => unknown): TriggerSettings {
	const options = Object.fromEntries(
		optionGroups.flatMap(({ name }) => Object.entries((get(name) ?? {}) as Values)),
	);
	const number = (name: NumberOptionName) => whole(name, options[name]);
	const choice = <T extends string>(name: string, allowed: readonly T[], label: string): T =>
		oneOf(options[name] ?? allowed[0], allowed, label);
	const emit = choice('emit', ['batch', 'file'], 'Executions');
	const inFlight = number('maxInFlight');
	const filter = {
		include: includesOf(options),
		exclude: options['exclude'] === undefined ? DEFAULT_EXCLUDES : listOf(options['exclude']),
	};
	checkGlobs(filter);
	return {
		folders: foldersOf(located(get('folder')), options),
		watch: {
			...filter,
			maxFileBytes: number('maxFileSize') * MB,
			followLinks: options['followLinks'] === true,
			quietMs: number('settleTime'),
			longestWaitMs: number('longestWait'),
			deletionDelayMs: number('deletionGrace') * 1000,
			guardShare: number('brake') / 100,
			windowMs: number('batchWindow'),
			batchFiles: emit === 'file' ? 1 : number('batchSize'),
			batchesInFlight: inFlight === 0 ? IN_FLIGHT[emit] : inFlight,
			scanEveryMs: number('rescanInterval') * 1000,
			mode: MODES[choice('watchMode', ['automatic', 'native', 'polling'], 'Watch Mode')],
			pollEveryMs: number('pollInterval') * 1000,
		},
		naming: {
			tenant:
				oneOf(get('tenantFrom') ?? 'fixed', ['fixed', 'segment'], 'Tenant From') === 'fixed'
					? { kind: 'fixed', tenant: text(get('tenant')) }
					: { kind: 'segment', number: whole('tenantSegment', get('tenantSegment')) },
			template: text(options['documentId']) === '' ? null : text(options['documentId']),
		},
		events: eventsOf(get('changes')),
		onActivation: choice('onActivation', ['catchUp', 'fromNow', 'everything'], 'When Published'),
		takeOver: options['takeOver'] === true,
		confirmHeld: options['confirmHeld'] === true,
		state: choice('state', ['auto', 'staticData', 'sqlite'], 'State'),
	};
}

/** What a resource locator holds, or what stands in its place. */
const located = (given: unknown): unknown =>
	typeof given === 'object' && given !== null && 'value' in given ? given.value : given;

function foldersOf(first: unknown, options: Values): FolderSetting[] {
	const more = (options['moreFolders'] as { folder?: readonly Values[] } | undefined)?.folder ?? [];
	const typed = [{ path: first, label: options['folderLabel'] }, ...more];
	const folders = typed.map((folder) => {
		const path = text(folder['path']);
		if (path === '') {
			throw new TriggerProblem('No folder is set', 'Set Folder to the path of the folder to watch.');
		}
		// The root of a drive has no name.
		return { path, label: text(folder['label']) || nameOf(path) || 'root' };
	});
	const labels = new Set<string>();
	for (const { label } of folders) {
		if (label.length > 128 || /[/\\]|\p{Cc}/u.test(label)) {
			throw new TriggerProblem(
				`"${label}" cannot be the label of a folder`,
				'Use at most 128 characters, without slashes.',
			);
		}
		if (labels.has(label)) {
			throw new TriggerProblem(
				`Two folders are called "${label}"`,
				'Give one of them another label: document IDs begin with it.',
			);
		}
		labels.add(label);
	}
	return folders;
}

const nameOf = (path: string): string =>
	path
		.split(/[/\\]/)
		.filter((part) => part !== '')
		.at(-1) ?? '';

function eventsOf(value: unknown): ReadonlySet<FileEvent> {
	const given: unknown = value ?? EVENTS;
	const events = EVENTS.filter((event) => Array.isArray(given) && given.includes(event));
	if (events.length > 0) return new Set(events);
	throw new TriggerProblem('No kind of change is chosen', 'Choose at least one in Changes.');
}

function includesOf(options: Values): readonly string[] {
	const globs = listOf(options['include']);
	const endings = listOf(options['fileTypes']).map((ending) => ending.replace(/^\*?\./, ''));
	if (globs.length > 0 && endings.length > 0) {
		throw new TriggerProblem(
			'File Types and Include are both set',
			'Set one of them: write the endings into the patterns, like docs/**/*.pdf.',
		);
	}
	const wrong = endings.find((ending) => !/^[\p{L}\p{N}_.-]+$/u.test(ending));
	if (wrong !== undefined) {
		throw new TriggerProblem(`"${wrong}" is no file type`, 'Write endings, like pdf, md, docx.');
	}
	return endings.length > 0 ? endings.map((ending) => `*.${inAnyCase(ending)}`) : globs;
}

const inAnyCase = (ending: string): string =>
	ending.replaceAll(/\p{L}/gu, (letter) => {
		const forms = [...new Set([letter.toLowerCase(), letter.toUpperCase()])];
		return forms.length === 2 && forms.every((form) => form.length === 1) ? `[${forms.join('')}]` : letter;
	});

const listOf = (value: unknown): string[] => globsOf(text(value));

/** What could match nothing is a mistake, and would leave out every file or none. */
function checkGlobs(globs: Pick<WatchSlice, 'include' | 'exclude'>): void {
	for (const [option, given] of [
		['Include', globs.include],
		['Exclude', globs.exclude],
	] as const) {
		for (const glob of given) {
			const fault = globFault(glob);
			if (fault === null) continue;
			throw new TriggerProblem(
				`${option} has a pattern that can match no file, ${JSON.stringify(glob.slice(0, SHOWN))}: ${fault}`,
				'Patterns look like *.pdf, drafts/** or {a,b}/*.md; see the description of the option.',
			);
		}
	}
}

/** Of a pattern, characters that a message shows. */
const SHOWN = 200;

function whole(name: NumberOptionName, given: unknown): number {
	const { label, unset, range } = numberOptions[name];
	const [least, most] = range;
	const value = given ?? unset;
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least && number <= most) {
		return number;
	}
	throw new TriggerProblem(
		`${label} is not usable`,
		`Set it to a whole number from ${least} to ${most}; got ${JSON.stringify(value)}.`,
	);
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], label: string): T {
	const found = allowed.find((one) => one === value);
	if (found !== undefined) return found;
	throw new TriggerProblem(
		`${label} is not usable`,
		`Set it to one of ${allowed.join(', ')}; got ${JSON.stringify(value)}.`,
	);
}

function text(value: unknown): string {
	if (value === undefined || value === null) return '';
	return typeof value === 'string' ? value.trim() : JSON.stringify(value);
}
