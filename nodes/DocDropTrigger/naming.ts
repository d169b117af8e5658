/**
 * Under which tenant and document ID a file is known to the API. Pure. The watch engine has names of its own
 * (root and path), which never change; these are made of them when a change is sent.
 */
import { createHash } from 'node:crypto';
import { isTenant, limits, tenantDemand } from '../../api/contract/limits.ts';
import type { FileChange } from '../watch/file-change.ts';
import { TriggerProblem } from './problem.ts';

export interface NamingSettings {
	/** `segment`: the n-th folder of the path under the root, from 1. */
	readonly tenant:
		| { readonly kind: 'fixed'; readonly tenant: string }
		| { readonly kind: 'segment'; readonly number: number };
	/** Null: the watch engine's own document IDs. */
	readonly template: string | null;
}

/** A file as the watch engine names it. */
export type EngineName = Pick<FileChange, 'root' | 'relPath' | 'docId'>;

export interface DocumentName {
	readonly tenant: string;
	readonly docId: string;
}

export interface Naming {
	/** `fault`: why the file can have no name, for people, without the path. */
	nameOf(file: EngineName): DocumentName | { readonly fault: string };
	/** Whether two files never get one name; otherwise that has to be looked out for. */
	readonly isInjective: boolean;
	/** Changes with everything that changes names. */
	readonly fingerprint: string;
}

const PLACEHOLDERS = ['dir', 'ext', 'name', 'relPath', 'root', 'stem', 'tenant'] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

/** Throws a TriggerProblem where the settings name nothing. */
export function createNaming(settings: NamingSettings, hasSeveralFolders: boolean): Naming {
	const { tenant } = settings;
	if (tenant.kind === 'fixed' && !isTenant(tenant.tenant)) {
		throw new TriggerProblem(
			`${JSON.stringify(tenant.tenant)} cannot be a tenant`,
			`It must be ${tenantDemand}.`,
		);
	}
	const used = placeholdersOf(settings.template ?? '');

	function tenantOf(relPath: string): string | { readonly fault: string } {
		if (tenant.kind === 'fixed') return tenant.tenant;
		const segment = relPath.split('/').slice(0, -1)[tenant.number - 1];
		if (segment === undefined) {
			return { fault: `it lies in no folder number ${tenant.number}, which would be its tenant` };
		}
		if (isTenant(segment)) return segment;
		return { fault: `folder number ${tenant.number} of its path cannot be a tenant` };
	}

	return {
		nameOf(file) {
			const found = tenantOf(file.relPath);
			if (typeof found !== 'string') return found;
			const docId = settings.template === null ? file.docId : fill(settings.template, file, found);
			const fault = faultOf(docId);
			return fault === null ? { tenant: found, docId } : { fault };
		},
		// The tenant is a part of the name, so that it may stand in the ID without making two of them alike.
		isInjective:
			settings.template === null ||
			(!hasSeveralFolders && used.filter((one) => one !== 'tenant').join() === 'relPath'),
		fingerprint: createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16),
	};
}

function placeholdersOf(template: string): Placeholder[] {
	return Array.from(template.matchAll(/\{([^{}]*)\}/g), ([, name = '']) => {
		const known = PLACEHOLDERS.find((one) => one === name);
		if (known !== undefined) return known;
		throw new TriggerProblem(
			`Document ID has no {${name}}`,
			`Use ${PLACEHOLDERS.map((one) => `{${one}}`).join(', ')} and text of your own.`,
		);
	});
}

function fill(template: string, file: EngineName, tenant: string): string {
	const slash = file.relPath.lastIndexOf('/');
	const name = file.relPath.slice(slash + 1);
	const dot = name.lastIndexOf('.');
	const parts: Readonly<Record<Placeholder, string>> = {
		dir: file.relPath.slice(0, Math.max(0, slash)),
		ext: dot > 0 ? name.slice(dot + 1) : '',
		name,
		relPath: file.relPath,
		root: file.root,
		stem: dot > 0 ? name.slice(0, dot) : name,
		tenant,
	};
	return template.replaceAll(/\{([^{}]*)\}/g, (_, one: Placeholder) => parts[one]);
}

function faultOf(docId: string): string | null {
	if (docId === '') return 'its document ID is empty';
	if (/\p{Cc}/u.test(docId) || !docId.isWellFormed()) return 'its document ID holds control characters';
	if (Buffer.byteLength(docId) > limits.docIdBytes) {
		return `its document ID is longer than ${limits.docIdBytes} bytes`;
	}
	return null;
}
