/**
 * The numbers that RTF keeps beside paragraphs, for readers that know no lists, as text of them: people cite clauses by
 * them, and officeparser leaves them out. Pure; bytes are characters here.
 */
const BESIDE = /\{(?:\\\*)?\\(?:listtext|pntext)(?![a-z])((?:[^{}\\]|\\[^])*)\}/g;
const CODES = /\\[a-z]+-?\d* ?/g;
/** Signs of other kinds are bullets. */
const NUMBER = /^[\w.,()[\]:§ -]{1,40}$/;

export const withNumbers = (text: string): string =>
	text.replace(BESIDE, (group, content: string) => {
		const number = content
			.replace(CODES, '')
			.replace(/[\r\n]+/g, '')
			.trim();
		return NUMBER.test(number) && /[\dA-Za-z]/.test(number) && !/^[o§]$/.test(number)
			? `{${number} }`
			: group;
	});
