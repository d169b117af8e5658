import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Every metric, in one table: what it means and in which unit. GET /metrics shows them under these names.
 * A registry belongs to one app, so that several can live in one process (tests).
 */
const metrics = {
	docdrop_changes_total: {
		kind: 'counter',
		help: 'Changes that arrived, by what became of them at the door',
		labels: ['result'],
	},
	docdrop_receipts_total: {
		kind: 'counter',
		help: 'Changes that were worked on, by final state',
		labels: ['state'],
	},
	docdrop_chunks_total: {
		kind: 'counter',
		help: 'Chunks by what publishing did with them',
		labels: ['action'],
	},
	docdrop_batches_total: {
		kind: 'counter',
		help: 'Bulk writes, by why they were closed',
		labels: ['closed_by'],
	},
	docdrop_retries_total: {
		kind: 'counter',
		help: 'Work that was tried again, by error code',
		labels: ['code'],
	},
	docdrop_lost_leases_total: {
		kind: 'counter',
		help: 'Work that was finished after its lease was lost',
		labels: [],
	},
	docdrop_wait_seconds: { kind: 'histogram', help: 'From accept to claim, window included', labels: [] },
	docdrop_lane_wait_seconds: {
		kind: 'histogram',
		help: "Per document: ready, and waiting for the lock of its tenant's lane",
		labels: [],
	},
	docdrop_prepare_seconds: { kind: 'histogram', help: 'Extract, chunk and embed, per document', labels: [] },
	docdrop_publish_seconds: { kind: 'histogram', help: 'One bulk write, from intent to manifest', labels: [] },
	docdrop_lag_seconds: { kind: 'histogram', help: 'From accept to searchable, per document', labels: [] },
	docdrop_request_seconds: {
		kind: 'histogram',
		help: 'HTTP requests, by route and status',
		labels: ['method', 'route', 'status'],
	},
	docdrop_document_limit_free: {
		kind: 'gauge',
		help: 'Documents that may be taken at once; absent without a limit',
		labels: ['scope'],
	},
	docdrop_document_limit_turns: {
		kind: 'gauge',
		help: 'Tenants that a limit of documents has refused and that have a turn',
		labels: [],
	},
	docdrop_vectors_total: {
		kind: 'counter',
		help: 'Vectors that documents needed, by where they came from; counted where there is a vector cache',
		labels: ['from'],
	},
	docdrop_embedder_limit: {
		kind: 'gauge',
		help: 'What the embedder’s server allows, by requests and tokens',
		labels: ['kind'],
	},
	docdrop_embedder_left: { kind: 'gauge', help: 'What of it may be sent at once', labels: ['kind'] },
	docdrop_embedder_waiting_requests: {
		kind: 'gauge',
		help: 'Requests to the embedder that wait for their turn',
		labels: [],
	},
	docdrop_embedder_refusals_total: { kind: 'counter', help: 'Answers 429 of the embedder', labels: [] },
	docdrop_credit_tenants: {
		kind: 'gauge',
		help: 'Tenants with a limit of credits, and those of them with nothing left',
		labels: ['state'],
	},
	docdrop_credits: {
		kind: 'gauge',
		help: 'Credits of all tenants: granted and left of those with a limit; spent and refunded, ever',
		labels: ['kind'],
	},
	docdrop_documents: { kind: 'gauge', help: 'Published documents', labels: [] },
	docdrop_chunks: { kind: 'gauge', help: 'Published chunks', labels: [] },
	docdrop_pending_documents: { kind: 'gauge', help: 'Documents with a change that waits', labels: [] },
	docdrop_pending_bytes: { kind: 'gauge', help: 'Bytes of the contents that wait', labels: [] },
	docdrop_failed_bytes: { kind: 'gauge', help: 'Bytes that dead letters keep for a retry', labels: [] },
	docdrop_leased_documents: { kind: 'gauge', help: 'Documents that are being worked on', labels: [] },
	docdrop_documents_per_second: { kind: 'gauge', help: 'Published over the last minute', labels: [] },
	docdrop_contended_lanes: {
		kind: 'gauge',
		help: 'Tenants whose documents wait for their lane: 100 ms (warning) or 1 s (alert) in the mean of a minute',
		labels: ['level'],
	},
	docdrop_failed_documents: { kind: 'gauge', help: 'Dead letters', labels: [] },
	docdrop_oldest_pending_seconds: { kind: 'gauge', help: 'Age of the change that is due first', labels: [] },
	docdrop_queue_alert: {
		kind: 'gauge',
		help: '1 while too much waits (pending) or fails (errors)',
		labels: ['alert'],
	},
	docdrop_queue_error_rate: {
		kind: 'gauge',
		help: 'Share of the changes that failed in the last minute',
		labels: [],
	},
	docdrop_queue_changes_per_minute: {
		kind: 'gauge',
		help: 'Changes that ended in the last minute',
		labels: [],
	},
	docdrop_queue_left_seconds: {
		kind: 'gauge',
		help: 'Until nothing waits any more, at the rate of the last minute; -1 where nothing moves',
		labels: [],
	},
	docdrop_breaker_open: { kind: 'gauge', help: '1 while calls to the peer are paused', labels: ['peer'] },
	docdrop_peer_fault: {
		kind: 'gauge',
		help: '1 while documents wait for the peer; the status says for what',
		labels: ['peer'],
	},
	docdrop_peer_attempts_total: { kind: 'counter', help: 'Calls to the peer', labels: ['peer'] },
	docdrop_peer_probes_total: {
		kind: 'counter',
		help: 'Calls to the peer made while its breaker was open',
		labels: ['peer'],
	},
	docdrop_mended_points_total: {
		kind: 'counter',
		help: 'Points of an index that was not what the manifest says, by what was done',
		labels: ['action'],
	},
	docdrop_index_check_seconds_total: {
		kind: 'counter',
		help: 'Time in which the index was held against the manifest, mending aside',
		labels: [],
	},
	docdrop_index_unsound_tenants: {
		kind: 'gauge',
		help: 'Tenants whose index is being mended, or could not be',
		labels: [],
	},
	docdrop_audit_timestamp_seconds: {
		kind: 'gauge',
		help: 'When an audit of everything last came to its end; 0: never',
		labels: [],
	},
	docdrop_audit_points: { kind: 'gauge', help: 'Points that it looked at', labels: [] },
	docdrop_audit_findings: { kind: 'gauge', help: 'What it found, mended or not', labels: ['kind'] },
	docdrop_audit_left_findings: { kind: 'gauge', help: 'What of it is not mended', labels: [] },
	docdrop_loop_delay_p99_seconds: {
		kind: 'gauge',
		help: 'Delay of the event loop since the last scrape',
		labels: [],
	},
	docdrop_folder_files: { kind: 'gauge', help: 'Files of a followed folder', labels: ['source', 'root'] },
	docdrop_folder_verified_timestamp_seconds: {
		kind: 'gauge',
		help: 'When a scan last proved that all of a folder had been seen as it is; 0: never',
		labels: ['source', 'root'],
	},
	docdrop_folder_delivered: {
		kind: 'gauge',
		help: '1 where all that was seen in a folder has been handed over (equal set digests)',
		labels: ['source', 'root'],
	},
	docdrop_folder_held_deletions: {
		kind: 'gauge',
		help: 'Deletions of a folder that the brake holds',
		labels: ['source', 'root'],
	},
	docdrop_keyring_fault: {
		kind: 'gauge',
		help: '1 while the newest state of the keyring cannot be read and the keys of before are valid',
		labels: [],
	},
	docdrop_certificate_expires_timestamp_seconds: {
		kind: 'gauge',
		help: 'When the certificate of the API runs out; without TLS there is none, and it says 0',
		labels: [],
	},
	docdrop_resident_bytes: { kind: 'gauge', help: 'Memory of this process', labels: [] },
} as const satisfies Record<
	string,
	{ kind: 'counter' | 'gauge' | 'histogram'; help: string; labels: readonly string[] }
>;

type Names<K extends string> = {
	[N in keyof typeof metrics]: (typeof metrics)[N]['kind'] extends K ? N : never;
}[keyof typeof metrics];
type Labels<N extends keyof typeof metrics> = Record<(typeof metrics)[N]['labels'][number], string>;

export interface Telemetry {
	count<N extends Names<'counter'>>(name: N, labels: Labels<N>, by?: number): void;
	set<N extends Names<'gauge'>>(name: N, labels: Labels<N>, value: number): void;
	/** Seconds. */
	observe<N extends Names<'histogram'>>(name: N, labels: Labels<N>, seconds: number): void;
	/** In the Prometheus text format. */
	render(): Promise<string>;
}

const buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createTelemetry(): Telemetry {
	const registry = new Registry();
	const counters = new Map<string, Counter>();
	const gauges = new Map<string, Gauge>();
	const histograms = new Map<string, Histogram>();
	for (const [name, { kind, help, labels }] of Object.entries(metrics)) {
		const options = { name, help, labelNames: [...labels], registers: [registry] };
		if (kind === 'counter') counters.set(name, new Counter(options));
		else if (kind === 'gauge') gauges.set(name, new Gauge(options));
		else histograms.set(name, new Histogram({ ...options, buckets }));
	}
	return {
		count: (name, labels, by = 1) => counters.get(name)?.inc(labels, by),
		set: (name, labels, value) => gauges.get(name)?.set(labels, value),
		observe: (name, labels, seconds) => histograms.get(name)?.observe(labels, seconds),
		render: () => registry.metrics(),
	};
}

/** Structured logs: a static message and fields; never content, never keys. pino fits. */
export interface Log {
	debug(fields: object, message: string): void;
	info(fields: object, message: string): void;
	warn(fields: object, message: string): void;
	error(fields: object, message: string): void;
}
