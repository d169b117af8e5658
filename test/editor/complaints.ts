import type { Page } from 'playwright-core';

/** What goes wrong in a tab and nobody sees: exceptions, errors in the console, calls that n8n answered with an error. */
export interface Complaints {
	listenTo(page: Page): void;
	/** What came since the last call. */
	take(): readonly string[];
}

export function createComplaints(url: string): Complaints {
	let heard: string[] = [];
	return {
		listenTo(page) {
			page.on('pageerror', (error) => heard.push(String(error)));
			page.on('console', (message) => {
				const { url: from } = message.location();
				if (message.type() === 'error' && !isOfN8nAlone(from)) heard.push(`${message.text()} (${from})`);
			});
		},
		take() {
			const taken = heard;
			heard = [];
			return taken;
		},
	};

	/**
	 * What n8n logs without us: the editor asks npm about each community node that it shows, and n8n for a file with
	 * the output fields of each node that has not run, which most nodes of others do not have.
	 */
	function isOfN8nAlone(from: string): boolean {
		if (from === '') return false;
		const { origin, pathname } = new URL(from);
		return origin !== url || (pathname.startsWith('/schemas/') && !pathname.includes('docdrop'));
	}
}
