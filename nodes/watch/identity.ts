/** How files are named to the consumer. Pure; fixed for the life of an engine. */

export interface Root {
	/** Names the root for ever; 1 to 128 characters, no `/`, no control characters. */
	readonly label: string;
	/** Its directory. */
	readonly dir: string;
}

export interface Identity {
	docId(label: string, relPath: string): string;
	/** Why a file can have no docId, or null. */
	fault(label: string, relPath: string): string | null;
	/** The root and path that a docId stands for; null where no root of this engine has it. */
	locate(docId: string): FilePlace | null;
}

/** Where a file is. */
export interface FilePlace {
	readonly label: string;
	readonly relPath: string;
}

const MAX_BYTES = 1024;
const CONTROL = /\p{Cc}/u;

/** `firstRoot` is the label of the root whose docIds are bare paths; the others' begin with their label. */
export function createIdentity(roots: readonly Root[], firstRoot: string): Identity {
	const labels = new Set<string>();
	for (const { label } of roots) {
		if (label === '' || label.length > 128 || label.includes('/') || CONTROL.test(label)) {
			throw new TypeError('a root label must be 1 to 128 characters without / and control characters');
		}
		if (labels.has(label)) throw new TypeError('root labels must differ');
		labels.add(label);
	}
	const docId = (label: string, relPath: string) => (label === firstRoot ? relPath : `${label}/${relPath}`);
	const prefixOf = (id: string) => id.slice(0, Math.max(0, id.indexOf('/')));
	return {
		docId,
		fault(label, relPath) {
			const id = docId(label, relPath);
			if (CONTROL.test(id)) return 'the name holds control characters';
			if (id.length * 3 > MAX_BYTES && Buffer.byteLength(id) > MAX_BYTES) {
				return `the path is longer than ${MAX_BYTES} bytes`;
			}
			const prefix = prefixOf(id);
			// A folder of the first root that is called like another root would share that root's ids.
			if (label === firstRoot && prefix !== firstRoot && labels.has(prefix)) {
				return 'the folder is called like another root';
			}
			return null;
		},
		locate(id) {
			const prefix = prefixOf(id);
			if (prefix !== firstRoot && labels.has(prefix)) {
				return { label: prefix, relPath: id.slice(prefix.length + 1) };
			}
			return labels.has(firstRoot) ? { label: firstRoot, relPath: id } : null;
		},
	};
}
