/**
 * The text of a DOCX in such a shape that mammoth sees all of it. It passes over text boxes of DrawingML (and over those
 * of a choice without a fallback), formulas, simple fields, changes of direction, and words with a reading above them.
 * Pure.
 */

const NAMES = [
	...['w:cr', 'w:fldSimple', 'w:dir', 'w:bdo', 'w:ruby', 'w:rubyBase', 'w:rubyPr', 'w:rt'],
	...['w:drawing', 'w:txbxContent', 'mc:AlternateContent', 'mc:Choice'],
	...['m:oMathPara', 'm:oMath', 'm:t', 'm:num', 'm:sup', 'm:sub'],
];
const TAGS = new RegExp(`<(/?)(${NAMES.join('|')})(?=[\\s/>])[^>]*>`, 'g');

/** Of which the content stays. */
const WRAPPERS = new Set(['w:fldSimple', 'w:dir', 'w:bdo', 'w:ruby', 'w:rubyBase', 'm:oMathPara']);
/** Of which nothing stays: how a word is read, and how that is set. */
const LEFT_OUT = new Set(['w:rt', 'w:rubyPr']);

/** A text box as mammoth knows it. */
const box = (content: string) =>
	`<w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox><w:txbxContent>${content}</w:txbxContent></v:textbox></v:shape></w:pict>`;

interface Walk {
	/** Where what is read goes: the document, or a text box on its way out of its drawing. */
	out: string[];
	/** Of the drawing at hand; null outside of one. */
	boxes: string[] | null;
	/** What stood around the text box at hand; null outside of one. */
	around: string[] | null;
	/** Of the formula at hand; null outside of one. */
	formula: string[] | null;
	/** The name of what is left out. */
	leftOut: string | null;
	/** Alternatives around, and whether each is without a fallback, so that its choice is the text. */
	readonly choices: boolean[];
}

export function shownDocument(document: string): string {
	const xml = withoutHidden(document);
	const walk: Walk = { out: [], boxes: null, around: null, formula: null, leftOut: null, choices: [] };
	let at = 0;
	for (const match of xml.matchAll(TAGS)) {
		const { 0: tag, 1: slash, 2: name = '', index } = match;
		text(walk, xml.slice(at, index), xml, index);
		at = index + tag.length;
		if (walk.leftOut !== null) {
			if (slash === '/' && name === walk.leftOut) walk.leftOut = null;
		} else if (slash === '/') close(walk, tag, name);
		else open(walk, tag, name, () => hasFallback(xml, at));
	}
	text(walk, xml.slice(at), xml, at);
	return walk.out.join('');
}

const RUNS = /<(\/?)w:(r|rPr|vanish)(?=[\s/>])([^>]*)>/g;

/** Runs that Word is told to hide, unless its reader asks for what is hidden; pages leave out what they hide as well. */
function withoutHidden(xml: string): string {
	if (!xml.includes('<w:vanish')) return xml;
	const shown: string[] = [];
	let at = 0;
	/** Of the run at hand where it begins; null outside of one. */
	let begin: number | null = null;
	let isInProperties = false;
	let isHidden = false;
	for (const { 0: tag, 1: slash, 2: name, 3: attributes = '', index } of xml.matchAll(RUNS)) {
		const isOpening = slash === '' && !attributes.endsWith('/');
		if (name === 'rPr') isInProperties = isOpening && begin !== null;
		else if (name === 'vanish') isHidden ||= isInProperties && !/w:val="(?:0|false|off)"/.test(attributes);
		else if (isOpening) [begin, isHidden] = [index, false];
		else if (slash === '/') {
			if (begin !== null && isHidden) {
				shown.push(xml.slice(at, begin));
				at = index + tag.length;
			}
			begin = null;
		}
	}
	return shown.join('') + xml.slice(at);
}

/** The words of a diagram (SmartArt), a paragraph for each of its points, which mammoth takes for a picture. */
export const diagramText = (xml: string): string =>
	xml
		.split('</dgm:pt>')
		.map((point) => [...point.matchAll(/<a:t>([^<]*)</g)].map(([, words = '']) => words).join(''))
		.filter((words) => words.trim() !== '')
		.map((words) => `<w:p><w:r><w:t xml:space="preserve">${words}</w:t></w:r></w:p>`)
		.join('');

/** Of a formula only what stands between the tags of its text. */
function text(walk: Walk, part: string, xml: string, end: number): void {
	if (walk.leftOut !== null) return;
	if (walk.formula === null) walk.out.push(part);
	else if (xml.startsWith('</m:t', end)) walk.formula.push(part);
}

function open(walk: Walk, tag: string, name: string, hasFallback: () => boolean): void {
	const isEmpty = tag.endsWith('/>');
	if (name === 'w:cr') walk.out.push('<w:br/>');
	else if (LEFT_OUT.has(name)) walk.leftOut = isEmpty ? null : name;
	else if (WRAPPERS.has(name) || isEmpty) return;
	else if (name === 'm:oMath') walk.formula = [];
	else if (name === 'm:sup' || name === 'm:sub') walk.formula?.push(name === 'm:sup' ? '^' : '_');
	else if (name === 'mc:AlternateContent') {
		walk.choices.push(!hasFallback());
		if (walk.choices.at(-1) === false) walk.out.push(tag);
	} else if (name === 'mc:Choice') {
		if (walk.choices.at(-1) !== true) walk.out.push(tag);
	} else if (name === 'w:drawing' && walk.boxes === null) {
		walk.boxes = [];
		walk.out.push(tag);
	} else if (name === 'w:txbxContent' && walk.boxes !== null && walk.around === null) {
		walk.around = walk.out;
		walk.out = [];
	} else if (!name.startsWith('m:')) walk.out.push(tag);
}

function close(walk: Walk, tag: string, name: string): void {
	if (WRAPPERS.has(name)) return;
	if (name === 'm:oMath' && walk.formula !== null) {
		walk.out.push(`<w:r><w:t xml:space="preserve">${walk.formula.join('')}</w:t></w:r>`);
		walk.formula = null;
	} else if (name === 'm:num') walk.formula?.push('/');
	else if (name === 'mc:AlternateContent') {
		if (walk.choices.pop() !== true) walk.out.push(tag);
	} else if (name === 'mc:Choice') {
		if (walk.choices.at(-1) !== true) walk.out.push(tag);
	} else if (name === 'w:txbxContent' && walk.around !== null) {
		walk.boxes?.push(walk.out.join(''));
		walk.out = walk.around;
		walk.around = null;
	} else if (name === 'w:drawing' && walk.boxes !== null && walk.around === null) {
		walk.out.push(tag, ...walk.boxes.map(box));
		walk.boxes = null;
	} else if (!name.startsWith('m:')) walk.out.push(tag);
}

/** Whether one stands before the end of the alternatives that begin at `at`. */
export function hasFallback(xml: string, at: number): boolean {
	const end = xml.indexOf('</mc:AlternateContent', at);
	return xml.slice(at, end < 0 ? at : end).includes('<mc:Fallback');
}
