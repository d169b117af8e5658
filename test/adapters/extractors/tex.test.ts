import assert from 'node:assert/strict';
import { extractTex } from '../../../api/adapters/extractors/tex.ts';

const read = (tex: string) => extractTex(new TextEncoder().encode(tex));
const texts = (tex: string) => read(tex).blocks.map(({ text }) => text);

describe('extractTex', () => {
	it('gives headings, paragraphs, items and verbatim text', () => {
		const tex = String.raw`\documentclass[a4paper]{article}
\usepackage{graphicx}
\title{On \emph{Things}}
\newcommand{\x}{y}
\begin{document}
\maketitle
\section[short]{The \textbf{first} part}\label{sec:one}
Some \emph{words} with 50\% of na\"{\i}ve caf\'e --- see~\cite{knuth}. % a remark
More text.

\subsection*{Deeper}
\begin{itemize}
\item one
\item[two] is labelled
\end{itemize}
\begin{lstlisting}[language=C]
int main() { return 0; } % kept
\end{lstlisting}
\begin{tabular}{l|r}
a & b \\
c & d
\end{tabular}
\end{document}
not read`;
		assert.deepEqual(read(tex), {
			title: 'On Things',
			blocks: [
				{ kind: 'heading', level: 2, text: 'The first part' },
				{ kind: 'paragraph', text: 'Some words with 50% of naïve café — see . More text.' },
				{ kind: 'heading', level: 3, text: 'Deeper' },
				{ kind: 'item', level: 1, text: 'one' },
				{ kind: 'item', level: 1, text: 'two is labelled' },
				{ kind: 'code', text: 'int main() { return 0; } % kept' },
				{ kind: 'paragraph', text: 'a | b\nc | d' },
			],
		});
	});

	it('reads what is quoted within a line, whatever signs it has', () => {
		assert.deepEqual(texts(String.raw`Say \verb|50% \of {a} & b_c| or \verb*+x+, 5\% % gone`), [
			String.raw`Say 50% \of {a} & b_c or x, 5%`,
		]);
	});

	it('keeps the words of a link, and none of where it leads', () => {
		const tex = String.raw`\begin{document}
\hypertarget{bundling}{%
\section{\texorpdfstring{\protect\hyperlink{id3}{Bundling} it}{Bundling it}}\label{bundling}}
See \protect\hyperlink{other-part}{the other part} and \href{https://a.example/b}{a page}.
\end{document}`;
		assert.deepEqual(texts(tex), ['Bundling it', 'See the other part and a page.']);
	});

	it('keeps apart what a letter with a name of its own stands between', () => {
		const tex = String.raw`\begin{document}Find\textless{}Name\textgreater.cmake or \textless name\textgreater-config.\end{document}`;
		assert.deepEqual(texts(tex), ['Find<Name>.cmake or <name>-config.']);
	});

	it('keeps formulas as they are written, and the words of what it does not know', () => {
		assert.deepEqual(texts(String.raw`Let $x^2 + y_1$ be \unknown{known} and \href{http://x.y}{a link}.`), [
			'Let $x^2 + y_1$ be known and a link.',
		]);
	});

	it('survives braces and commands that never end', () => {
		for (const part of [
			'{',
			'\\section{',
			'\\begin{verbatim}',
			'\\item[',
			'\\a',
			'%',
			'\\',
			'$',
			'\\cite[',
			'\\begin{',
		]) {
			const blocks = texts(`start ${part.repeat(50_000)} end`);
			assert.ok(blocks.length > 0, part);
		}
	});
});
