/** Every setting of the watch engine with its unit and default. */
export interface WatchSettings {
	/** Globs a file must match, on its path under the root (without a slash: on its name); empty: all files. */
	readonly include: readonly string[];
	/**
	 * Globs that leave out a file, or a directory with all below it; those of LITTER leave out files alone. Replaces the
	 * defaults; spread DEFAULT_EXCLUDES to add.
	 */
	readonly exclude: readonly string[];
	/** Larger files are skipped, bytes. */
	readonly maxFileBytes: number;
	/** Whether a symbolic link stands for the file or directory it leads to; otherwise it is left out. */
	readonly followLinks: boolean;
	/** A file is read when its size, times and inode stood still for this long, ms. */
	readonly quietMs: number;
	/**
	 * A file that never stands still for so long is taken as it is after this long, ms, and again each time that it
	 * passes; at least `quietMs`.
	 */
	readonly longestWaitMs: number;
	/** Files that are looked at or read at the same time; each holds at most 1 MiB of memory. */
	readonly parallelReads: number;
	/** A file must be gone for this long before it is reported as deleted, ms. */
	readonly deletionDelayMs: number;
	/**
	 * Deletions are paused where more than this share of a root's files went at once, or where the root itself was
	 * replaced; 1 switches the mass-delete guard off.
	 */
	readonly guardShare: number;
	/** Losses of up to this many files are never paused for their share. */
	readonly guardFloor: number;
	/** A batch is sent after this time, ms, ... */
	readonly windowMs: number;
	/** ... or at this many files, ... */
	readonly batchFiles: number;
	/** ... or at this many bytes of content. */
	readonly batchBytes: number;
	readonly batchesInFlight: number;
	/** First wait after a failed delivery, ms; doubles up to `retryMaxMs`. */
	readonly retryMs: number;
	readonly retryMaxMs: number;
	/** Failures of a file alone, others meanwhile succeeding, after which it counts as refused. */
	readonly maxTries: number;
	/** What was refused is tried again after this time, ms, besides at a change and at a start. */
	readonly failedRetryMs: number;
	/** A scan follows a burst of hints after this much quiet, ms, ... */
	readonly burstQuietMs: number;
	/** ... and at the latest this long after the burst's first hint, ms. */
	readonly burstMaxMs: number;
	/** Time between scans when nothing happens, ms; each is moved by up to a quarter either way. */
	readonly scanEveryMs: number;
	/** How often a watcher is asked for a sign of life, ms. */
	readonly probeEveryMs: number;
	/** How long it may take to give one, ms; then it is replaced. */
	readonly probeWaitMs: number;
	/** `poll`: no watcher, a scan every `pollEveryMs`; `auto`: that, where a file system reports no changes. */
	readonly mode: 'auto' | 'watch' | 'poll';
	readonly pollEveryMs: number;
	/** Longest wait of `close` for batches in flight, ms. */
	readonly closeWaitMs: number;
}

/** What editors, browsers and office programs leave beside the files that matter: never a directory, whatever it is called. */
export const LITTER: readonly string[] = [
	'*~',
	'*.swp',
	'.~lock*',
	'~$*',
	'*.part',
	'*.crdownload',
	'*.tmp',
	'4913',
];

/** Hidden files and directories, and litter. */
export const DEFAULT_EXCLUDES: readonly string[] = ['.*', ...LITTER];

export const DEFAULT_SETTINGS: WatchSettings = {
	include: [],
	exclude: DEFAULT_EXCLUDES,
	maxFileBytes: 256 * 1024 * 1024,
	followLinks: false,
	quietMs: 300,
	longestWaitMs: 5000,
	parallelReads: 64,
	deletionDelayMs: 5000,
	guardShare: 0.2,
	guardFloor: 4,
	windowMs: 100,
	batchFiles: 200,
	batchBytes: 32 * 1024 * 1024,
	batchesInFlight: 4,
	retryMs: 1000,
	retryMaxMs: 60_000,
	maxTries: 5,
	failedRetryMs: 3_600_000,
	burstQuietMs: 500,
	burstMaxMs: 2000,
	scanEveryMs: 60_000,
	probeEveryMs: 30_000,
	probeWaitMs: 10_000,
	mode: 'auto',
	pollEveryMs: 5000,
	closeWaitMs: 5000,
};
