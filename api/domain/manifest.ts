/** A chunk as the manifest keeps it. */
export interface ManifestChunk {
	/** UUID of its point. */
	readonly pointId: string;
	/** SHA-256, hex. */
	readonly hash: string;
	readonly order: string;
	readonly heading: string | null;
	readonly page: number | null;
	readonly text: string;
}

/** What the store keeps of a chunk that is, or may be, in the index; without its text. */
export interface StoredEntry {
	readonly pointId: string;
	/** SHA-256, hex. */
	readonly hash: string;
	readonly order: string;
	/** An entry of the manifest; otherwise an orphan point. */
	readonly isCertain: boolean;
}

/** A manifest entry without its text: what planning needs. */
export type ManifestEntry = Pick<ManifestChunk, 'pointId' | 'hash' | 'order'>;
