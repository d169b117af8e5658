import type { WorldOptions, World } from './world.ts';

/** One row of the fault plan: what breaks, for how long, and what must be seen of it. */
export interface FaultRow {
	readonly name: string;
	/** Qdrant (the double) and the built-in embedder where nothing else is said. */
	readonly index?: WorldOptions['index'];
	readonly embedder?: WorldOptions['embedder'];
	readonly settings?: Readonly<Record<string, string>>;
	readonly mount?: WorldOptions['mount'];
	readonly unmount?: WorldOptions['unmount'];
	/** Resolves with a reason where the row cannot be made here. */
	readonly skip?: () => Promise<string | null>;
	/** Callers reach the process through the proxy before it. */
	readonly throughCallersProxy?: boolean;
	/** How long the fault lasts under load, ms. */
	readonly lastsMs?: number;
	/** The load goes on while it lasts; otherwise everything is settled before, and nothing is sent meanwhile. */
	readonly isQuiet?: boolean;
	strike(world: World): Promise<void>;
	lift(world: World): Promise<void>;
	/** Asked after everything sent is published; recovery lasts until it says so. */
	isRecovered?(world: World): Promise<boolean>;
	/** What the process may log at level error. */
	readonly mayLog?: RegExp;
	/** What the row demands of what was seen; null where it is met. */
	readonly demand?: (seen: Seen) => string | null;
}

/** A row that needs no process of its own. */
export interface InProcessRow {
	readonly name: string;
	carryOut(seed: number): Promise<RowResult>;
}

/** What happened while the fault lasted and until it was recovered from. */
export interface Seen {
	/** How often the fault itself was met. */
	readonly struck: number;
	/** Of the index, or the embedder, whichever opened. */
	readonly breakerOpened: boolean;
	/** Calls to index and embedder while the fault lasted. */
	readonly attempts: number;
	/** Of all calls until the end, those made while a breaker was open. */
	readonly probes: number;
	/** Work that was tried again, by error code. */
	readonly retries: Readonly<Record<string, number>>;
	/** Answers to callers, by status. */
	readonly answers: Readonly<Record<string, number>>;
	/** Callers' requests that got no answer. */
	readonly unanswered: number;
	/** Points that a repair has written and removed. */
	readonly repaired: { readonly written: number; readonly removed: number };
}

export interface RowResult {
	readonly name: string;
	readonly skipped: string | null;
	readonly seen: Seen | null;
	/** What happened, where nothing was seen from outside. */
	readonly told?: string;
	readonly changes: number;
	readonly lost: number;
	/** Doubled, left behind, or of an older version. */
	readonly leaked: number;
	readonly recoverySeconds: number | null;
	readonly seconds: number;
	/** Everything that must not be, lost and leaked included. */
	readonly faults: readonly string[];
	readonly home: string | null;
}
