/** Active trigger nodes for the tests of the describe it is called in: real files, a real engine, n8n as a double. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { IDataObject, ITriggerResponse } from 'n8n-workflow';
import { DocDropTrigger } from '../../../nodes/DocDropTrigger/DocDropTrigger.node.ts';
import type { FileItem } from '../../../nodes/item.ts';
import {
	createTriggerContext,
	type TriggerContextDouble,
	type TriggerContextOptions,
} from '../../support/n8n-trigger-context.ts';
import { inGroups } from '../../support/trigger-options.ts';
import { until } from '../watch/harness.ts';
import { tempDirs } from '../watch/temp-dirs.ts';

/** Short enough for a test. */
export const QUICK = { settleTime: 30, batchWindow: 5, deletionGrace: 0 };

export interface ActiveTrigger extends TriggerContextDouble {
	/** `event docId` of all files told since the last call, sorted. */
	news(): string[];
	files(): FileItem[];
	close(): Promise<void>;
}

/** Of tests so far: the node keeps something for the process, so every test is another workflow. */
let count = 0;

export function triggers() {
	const running: { close(): Promise<void> }[] = [];
	afterEach(async () => {
		for (const one of running.splice(0)) await one.close();
	});
	const temp = tempDirs();
	const env = { ...process.env };
	let home = '';
	beforeEach(async () => {
		home = await temp.make();
		count += 1;
		Object.assign(process.env, {
			N8N_USER_FOLDER: join(home, 'user'),
			N8N_RESTRICT_FILE_ACCESS_TO: home,
		});
	});
	afterEach(() => {
		for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
		Object.assign(process.env, env);
	});
	const contextOf = ({ folder, options, ...parameters }: Parameters, over: Partial<TriggerContextOptions>) =>
		createTriggerContext({
			type: new DocDropTrigger(),
			parameters: { folder, ...parameters, ...inGroups({ ...QUICK, ...options }) },
			workflowId: `workflow-${count}`,
			...over,
		});
	return {
		home: () => home,
		/** A folder that n8n may read. */
		async folder(name = 'inbox'): Promise<string> {
			await mkdir(join(home, name), { recursive: true });
			return join(home, name);
		},
		contextOf,
		async start(
			parameters: Parameters,
			over: Partial<TriggerContextOptions> & { auto?: TriggerContextDouble['auto'] } = {},
		): Promise<ActiveTrigger> {
			const double = contextOf(parameters, over);
			if (over.auto !== undefined) double.auto = over.auto;
			const response: ITriggerResponse | undefined = await new DocDropTrigger().trigger.call(double.context);
			let told = 0;
			const files = () => double.emitted.flatMap((it) => it.files);
			const trigger: ActiveTrigger = Object.assign(double, {
				files,
				news() {
					const all = files();
					const fresh = all.slice(told).map(({ event, docId }) => `${event} ${docId}`);
					told = all.length;
					return fresh.sort();
				},
				close: async () => response?.closeFunction?.(),
			});
			running.push(trigger);
			return trigger;
		},
	};
}

type Parameters = {
	readonly folder: string;
	readonly options?: Readonly<Record<string, unknown>>;
} & Readonly<Record<string, unknown>>;

/** What n8n would have stored at that time. */
export const stored = (data: IDataObject): IDataObject => JSON.parse(JSON.stringify(data)) as IDataObject;

/** The first round is over: everything was told. */
export const rested = (trigger: TriggerContextDouble): Promise<void> =>
	until(() => trigger.emitted.some(({ snapshot }) => snapshot !== null));
