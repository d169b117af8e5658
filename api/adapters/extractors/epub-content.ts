/**
 * A page of a book in such a shape that officeparser keeps words whole that have a reading beside them, sign by sign:
 * the reading follows them. Pure.
 */
import { newRuby, readingOf, rubyPartBegins, rubyPartEnds, takesText } from './html-ruby.ts';

const RUBY = /<ruby(?=[\s>])[^>]*>((?:[^<]|<(?!\/?ruby[\s>]))*)<\/ruby>/gi;
const PARTS = /<(\/?)([\w:]+)[^>]*>|[^<]+|</g;

export const shownPage = (page: string): string =>
	page.replace(RUBY, (_, content: string) => {
		const ruby = newRuby();
		let words = '';
		for (const [part, slash, element] of content.matchAll(PARTS)) {
			if (element === undefined) words += takesText(ruby, part) ? '' : part;
			else if (slash === '') rubyPartBegins(ruby, element.toLowerCase());
			else rubyPartEnds(ruby, element.toLowerCase());
		}
		return words + readingOf(ruby);
	});
