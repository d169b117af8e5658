import type { Page } from './formats-pages.ts';

/** A page as files that no other program is needed for, and as what other programs are handed. */
export const delimited = (table: Page['table'], delimiter: string): string =>
	table.map((row) => `${row.join(delimiter)}\n`).join('');

export function jsonLines([names = [], ...rows]: Page['table']): string {
	return rows
		.map((row) => `${JSON.stringify(Object.fromEntries(row.map((cell, at) => [names[at] ?? '', cell])))}\n`)
		.join('');
}

export function mailOf({ html }: Page): string {
	const head = [
		'From: Ann <ann@example.org>',
		'To: Bob <bob@example.org>',
		'Subject: A page',
		'Date: Mon, 30 Nov 2026 10:00:00 +0000',
		'MIME-Version: 1.0',
		'Content-Type: text/html; charset=utf-8',
		'Content-Transfer-Encoding: base64',
	];
	const lines =
		Buffer.from(html)
			.toString('base64')
			.match(/.{1,76}/g) ?? [];
	return [...head, '', ...lines, ''].join('\r\n');
}

export function subtitlesOf({ words }: Page): string {
	const at = (seconds: number) => new Date(seconds * 1000).toISOString().slice(11, 23).replace('.', ',');
	const cues = Array.from({ length: Math.ceil(words.length / 10) }, (_, index) =>
		words.slice(index * 10, (index + 1) * 10).join(' '),
	);
	return cues
		.map((text, index) => `${index + 1}\n${at(index * 2)} --> ${at(index * 2 + 1.5)}\n${text}\n`)
		.join('\n');
}

const mostFields = 60;

/** Fields of a few words each, behind a word that says what is asked for. */
export function formOf({ words }: Page): string {
	const perField = 5;
	const fields = Array.from(
		{ length: Math.min(mostFields, Math.floor(words.length / perField)) },
		(_, at) => {
			const [label, ...value] = words.slice(at * perField, (at + 1) * perField);
			return `<p>${label} <input type="text" size="60" value="${value.join(' ')}"></p>`;
		},
	);
	return `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"></head><body><form>${fields.join('\n')}</form></body></html>\n`;
}
