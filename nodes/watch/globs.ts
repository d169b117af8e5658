/** Globs as people write them: where one of a list ends, and why one could match no file. Pure; for whatever reads settings. */

/** Parts between commas and line breaks; a comma in braces or brackets belongs to its glob. */
export function globsOf(list: string): string[] {
	const parts: string[] = [''];
	let depth = 0;
	for (const char of list) {
		if ('{[('.includes(char)) depth += 1;
		if ('}])'.includes(char)) depth -= 1;
		if (char === '\n' || (char === ',' && depth <= 0)) {
			parts.push('');
			depth = 0;
		} else parts[parts.length - 1] += char;
	}
	return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** More is refused by the library that compiles globs. */
const MAX_CHARS = 65_536;
/** Signs with a meaning, which a backslash takes from them. */
const ESCAPABLE = '[]{}()!';

/** Why no file below a folder could match, for people, with what to write instead; null: one could. */
export function globFault(glob: string): string | null {
	if (glob.length > MAX_CHARS) return `it is longer than ${MAX_CHARS} characters`;
	if (/^(\/|~\/|[A-Za-z]:[/\\])/.test(glob)) {
		return 'it is a full path: write the path as it is below the folder';
	}
	return wayFault(glob) ?? signFault(glob);
}

function wayFault(glob: string): string | null {
	const parts = glob.replace(/^\.\//, '').split('/');
	if (parts.includes('..')) return 'it leads out of the folder with ..';
	if (parts.includes('.')) return 'nothing is called "." below the folder: leave it away';
	const last = parts.pop();
	if (last === '' && glob.length > 1) {
		return `it ends with a slash: write ${JSON.stringify(glob.slice(0, -1))} for a folder and ${JSON.stringify(`${glob}**`)} for what is in it`;
	}
	return parts.includes('') ? 'it has nothing between two slashes' : null;
}

/** Backslashes that are none of a glob's, and brackets that nothing closes. */
function signFault(glob: string): string | null {
	const open: string[] = [];
	for (let at = 0; at < glob.length; at += 1) {
		const char = glob.charAt(at);
		if (char === '\\') {
			at += 1;
			if (at === glob.length || !ESCAPABLE.includes(glob.charAt(at))) {
				return 'it has a backslash: write / between folders';
			}
		} else if (char === '[') {
			const end = endOfClass(glob, at);
			if (end === -1) return unclosed(char);
			if (!isClass(glob.slice(at, end + 1))) return 'what stands in its [ ] is no range';
			at = end;
		} else if (char === '{' || char === '(') open.push(char);
		else if (open.at(-1) === OPENING[char]) open.pop();
	}
	const [first] = open;
	return first === undefined ? null : unclosed(first);
}

const OPENING: Readonly<Record<string, string>> = { '}': '{', ')': '(' };

const unclosed = (sign: string) =>
	`its ${sign} is not closed: close it, or write \\${sign} where the sign itself is meant`;

/** A bracket right at the beginning of a class is one of its signs. */
const endOfClass = (glob: string, at: number): number =>
	glob.indexOf(']', at + (/^\[[!^]?\]/.exec(glob.slice(at))?.[0].length ?? 1));

function isClass(text: string): boolean {
	try {
		return new RegExp(text) instanceof RegExp;
	} catch {
		return false;
	}
}
