import { ApiError } from './ask-api.ts';
import { h } from './dom.ts';

/** What went wrong, and what to do, as the API says it. */
export function faultNote(error: unknown): HTMLElement {
	const [message, hint] =
		error instanceof ApiError
			? [error.message, error.hint]
			: ['Something went wrong in this page.', 'Reload it; the console of the browser tells more.'];
	return h('p', { class: 'notice bad', role: 'alert' }, h('strong', {}, message), ' ', hint);
}

/** Runs work whose end nobody waits for; what it fails with is shown, unless it was given up. */
export function showingFaults(
	place: HTMLElement,
	signal: AbortSignal | null,
	work: () => Promise<void>,
): void {
	work().catch((error: unknown) => {
		if (signal?.aborted === true) return;
		place.replaceChildren(faultNote(error));
		if (!(error instanceof ApiError)) throw error;
	});
}
