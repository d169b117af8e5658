/** Fields of interfaces with their comments, read in the source. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

export interface Field {
	readonly name: string;
	readonly type: string;
	readonly meaning: string;
}

export interface Commented {
	readonly comment: string;
	readonly fields: readonly Field[];
}

/** They say it themselves. */
const plain = ['docId', 'event', 'prefix', 'tenant'];

/** Of every interface in the file, by name. */
export function readInterfaces(file: string): ReadonlyMap<string, Commented> {
	const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
	const declared = new Map(
		source.statements.filter(ts.isInterfaceDeclaration).map((one) => [one.name.text, one] as const),
	);

	function fieldsOf(node: ts.Node, within: string): Field[] {
		if (ts.isInterfaceDeclaration(node)) {
			const inherited = node.heritageClauses?.flatMap(({ types }) => types) ?? [];
			return [
				...node.members.flatMap((one) => membersOf(one, within)),
				...inherited.flatMap((one) => fieldsOf(one.expression, within)),
			];
		}
		if (ts.isIdentifier(node)) return named(node.text, within);
		if (ts.isTypeReferenceNode(node)) return named(node.typeName.getText(), within);
		if (ts.isIntersectionTypeNode(node)) return node.types.flatMap((one) => fieldsOf(one, within));
		if (ts.isTypeLiteralNode(node)) return node.members.flatMap((one) => membersOf(one, within));
		return [];
	}

	function named(name: string, within: string): Field[] {
		const found = declared.get(name);
		return found === undefined ? [] : fieldsOf(found, within);
	}

	function membersOf(member: ts.TypeElement, within: string): Field[] {
		if (!ts.isPropertySignature(member) || member.type === undefined) return [];
		const name = within + member.name.getText();
		const inner = fieldsOf(member.type, `${name}.`);
		if (inner.length > 0) return inner;
		const meaning = commentOf(member);
		if (meaning === '' && !plain.includes(member.name.getText())) {
			throw new Error(`${file}: the field ${name} says nothing of itself`);
		}
		return [{ name, type: typeText(member.type.getText(), member.questionToken !== undefined), meaning }];
	}

	return new Map(
		[...declared].map(([name, node]) => [name, { comment: commentOf(node), fields: fieldsOf(node, '') }]),
	);
}

const commentOf = (node: ts.Node): string =>
	ts
		.getJSDocCommentsAndTags(node)
		.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
		.join(' ');

/** For people who write no TypeScript. */
function typeText(type: string, isOptional: boolean): string {
	const words = type
		.replaceAll(/readonly /g, '')
		.split(/\s*\|\s*/)
		.filter((part) => part !== '')
		.map(wordOf);
	return [...new Set(words), ...(isOptional ? ['or absent'] : [])]
		.join(', ')
		.replace(', or absent', ' or absent');
}

function wordOf(type: string): string {
	if (type.endsWith('[]')) return 'list';
	if (type.startsWith("'")) return `\`${type.slice(1, -1)}\``;
	return typeWords[type] ?? (/^\w+$/.test(type) ? 'object' : 'text');
}

const typeWords: Readonly<Record<string, string>> = {
	boolean: 'true or false',
	null: 'null',
	number: 'number',
	string: 'text',
};
