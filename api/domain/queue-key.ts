/** 0 interactive, 1 retries, 2 bulk. */
export type WorkClass = 0 | 1 | 2;

/** One tenant's changes of one class: what shares are given to. */
export interface QueueKey {
	readonly tenant: string;
	readonly class: WorkClass;
}

export interface QueueUsage extends QueueKey {
	readonly documents: number;
	readonly bytes: number;
}
