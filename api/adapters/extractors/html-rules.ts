/**
 * What of a web page is no text of it: programs and drawings, what is hidden from readers, and what stands around the
 * main content on every page of a site. Rules by element, ARIA role, and the words of class and id. Pure.
 */
const words = (list: string) => new Set(list.split(' '));

/** The attributes that anything is made of; absent ones are undefined. */
export const attributeNames = words(
	'class id role hidden style aria-hidden alt href encoding start value colspan rowspan type checked',
);
export type Attributes = Readonly<Partial<Record<string, string>>>;

/** Where in the page an element opens: how many of these are open around it. */
export interface Place {
	readonly mains: number;
	/** Articles and quotations, whose headers and footers are their own. */
	readonly articles: number;
	readonly containers: number;
	/** Text of the same sentence stands before it. */
	readonly isInSentence: boolean;
}

/**
 * Why an element is left out. `chrome` is a guess, and is undone where hardly anything else is left; `navigation`
 * says of itself that it is none of the content.
 */
export type Reason = 'unread' | 'hidden' | 'navigation' | 'chrome';

const UNREAD = words('template noscript svg object canvas audio video select annotation annotation-xml');
const CHROME_ROLES = words('contentinfo banner complementary search menubar menu toolbar');
/** Elements whose class and id are asked. */
const NAMED = words('div section ul ol p table header footer aside form');

export function reasonToLeave(tag: string, attributes: Attributes, place: Place): Reason | null {
	if (tag === 'annotation' && isTex(attributes)) return null;
	if (UNREAD.has(tag)) return 'unread';
	// What a sentence tells the reader to press is a part of it.
	if (tag === 'button') return place.isInSentence ? null : 'unread';
	if (isHidden(attributes)) return 'hidden';
	if (tag === 'nav' || attributes['role'] === 'navigation') return 'navigation';
	if (attributes['aria-hidden'] === 'true') return 'chrome';
	return isChrome(tag, attributes, place) ? 'chrome' : null;
}

/** The TeX that a formula in MathML was made of. */
export const isTex = ({ encoding = '' }: Attributes): boolean => /tex/i.test(encoding);

/** Filings to authorities set single figures of a sentence as such. */
export const isInline = ({ style = '' }: Attributes): boolean =>
	style !== '' && /display\s*:\s*inline(?!-)/i.test(style);

function isHidden({ hidden, style = '' }: Attributes): boolean {
	if (hidden !== undefined && hidden.toLowerCase() !== 'until-found') return true;
	return style !== '' && /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(style);
}

function isChrome(tag: string, attributes: Attributes, { mains, articles, containers }: Place): boolean {
	const { role = '', class: classes = '', id = '' } = attributes;
	if (tag === 'form' || tag === 'search') return true;
	if (tag === 'footer' || role === 'contentinfo') return articles === 0;
	if (CHROME_ROLES.has(role)) return true;
	if (tag === 'a') return classes.split(/\s+/).includes('headerlink');
	if (!NAMED.has(tag)) return false;
	const names = `${classes} ${id}`.toLowerCase().replaceAll('_', '-').split(/\s+/);
	if (names.some(isChromeName)) return true;
	const isOutside = mains === 0 && articles === 0;
	if (tag === 'header') return isOutside && !names.some((name) => OF_CONTENT.test(name));
	if (tag === 'aside') return isOutside && role !== 'note' && !names.some((name) => NOTES.test(name));
	// Within a container it may be the foot of a card.
	return id === 'footer' || (containers === 0 && names.includes('footer'));
}

const LONGEST_NAME = 64;
const CHROME_NAME =
	/^(?:[a-z0-9]*-)*(?:[a-z0-9]*sidebar|side-bar|breadcrumbs?|related|related-(?:posts|articles|links|pages)|nav|navbar|navigation|menubar|(?:main|site|nav)-?menu|pagination|pager|prev-next|share|sharing|social|social-(?:links|share|media|icons)|cookies?|cookie-(?:banner|consent|notice|bar)|newsletter|skip-?links?|site-?header|site-?footer|page-footer|masthead|ads?|adverts?|advertisements?|toc|table-of-contents)$/;
/** `has-sidebar` and the like stand on what holds both the sidebar and the content. */
const ABOUT_LAYOUT = /(?:^|-)(?:has|with|without|no|is|js|hide|show|layout|content)-/;
const OF_CONTENT = /(?:^|-)(?:title|entry|post|article|content)(?:-|$)/;
const NOTES = /(?:^|-)(?:note|notes|admonition|callout|alert|tip|warning|info|footnotes?)(?:-|$)/;

const isChromeName = (name: string): boolean =>
	name.length > 0 && name.length <= LONGEST_NAME && CHROME_NAME.test(name) && !ABOUT_LAYOUT.test(name);
