import type { Unfit } from './patch.ts';

/** A change that has a receipt. */
export type Taken =
	| {
			readonly kind: 'accepted';
			readonly jobId: string;
			readonly version: number;
			/** The receipt that this change superseded, if one was waiting. */
			readonly superseded: string | null;
	  }
	| {
			readonly kind: 'unchanged';
			readonly jobId: string;
			readonly version: number;
			/** The receipt of the equal change that is still on its way, if it is. */
			readonly follows: string | null;
	  }
	| {
			readonly kind: 'stale';
			readonly jobId: string;
			readonly version: number;
			/** Who publishes the document in a newer epoch of the same source; null: it is the same sender. */
			readonly by: string | null;
	  };

export type AcceptResult =
	/** `previous` is what became of the old name of a move. */
	| (Taken & { readonly previous?: Taken })
	/** Not taken; the receipt says so. `owner` is for people; `of`: the owner of the old name is another one. */
	| { readonly kind: 'owned'; readonly jobId: string; readonly owner: string; readonly of?: 'previous' }
	/** Not taken; the receipt says so. The document, or the old name of the move, has no rank left above its own. */
	| { readonly kind: 'spent'; readonly jobId: string; readonly of?: 'previous' }
	/** Of a patch that the document cannot take; the receipt says so. */
	| { readonly kind: 'unfit'; readonly jobId: string; readonly unfit: Unfit }
	/** Not taken; no receipt. The document is not like the change's filter, or is not there. */
	| { readonly kind: 'unmatched' }
	/** Of a `Refusal`: the receipt that tells of it. */
	| { readonly kind: 'refused'; readonly jobId: string }
	/** Rejected; no receipt. The queue is at its bound. */
	| { readonly kind: 'full' }
	/** Rejected; no receipt. The call's allowance for the tenant is used up. */
	| { readonly kind: 'limited' }
	/** Rejected; no receipt. The tenant has fewer credits left than the call needs of it. */
	| { readonly kind: 'unpaid'; readonly needed: number; readonly left: number };
