/**
 * Early word that something may have changed under one root. Adapters: chokidar.
 *
 * A hint is never believed: it makes a path worth a look, nothing more. Hints may be lost, doubled, late or
 * wrong; scans make up for all of it.
 */
export interface Hint {
	/** Under the root, `/` separated; `''` is the root itself. */
	readonly relPath: string;
	readonly kind: 'file' | 'directory';
}

export interface Hints {
	/** Begins to watch; what changed before it began is not reported. Never throws: faults go to `onError`. */
	start(onHint: (hint: Hint) => void, onError: (error: unknown) => void): void;
	/** After it resolved, nothing is reported. */
	close(): Promise<void>;
}

/** Makes the hints of one root. `excludes` names entries that need no watching, with all that is below them. */
export type HintsFactory = (root: {
	readonly dir: string;
	readonly excludes: (relPath: string) => boolean;
}) => Hints;
