/** Where a link leads, as it is written behind its words; for HTML and Markdown alike. Pure. */
const LONGEST_TARGET = 300;

/** Null for what leads nowhere without its page (relative, scripts, data) and for what is too long to be read. */
export function linkTarget(href: string | undefined): string | null {
	const target = href?.trim() ?? '';
	if (target.length > LONGEST_TARGET || /\s/.test(target)) return null;
	if (/^https?:\/\/./i.test(target)) return target;
	return /^(?:mailto|tel):([^?]+)/i.exec(target)?.[1] ?? null;
}
