import type { Overview } from '../contract/overview-schema.ts';
import type { TenantChoice } from './tenant-choice.ts';

/** One of the page's views. It asks the API only while it is shown: `signal` is aborted when another one comes. */
export interface View {
	readonly title: string;
	readonly node: HTMLElement;
	show(shown: { readonly query: URLSearchParams; readonly signal: AbortSignal }): void;
	/** Told as it changes, whichever view is shown. */
	onOverview?(overview: Overview): void;
}

/** What the views share. */
export interface Page {
	readonly tenants: TenantChoice;
	/** Says a short thing that a person has done, also to those who hear the page. */
	readonly say: (text: string) => void;
}
