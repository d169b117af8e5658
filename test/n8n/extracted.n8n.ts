import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { docdropWorkflow } from './headtohead-workflows.ts';
import { createRig, type Rig } from './rig.ts';
import { activate, createWorkflow, executions } from './workflows.ts';

/** Files that n8n's own nodes read: `workflows/folder-of-pdfs.json` in the real n8n, on real PDFs. */
describe('a folder of PDFs in the real n8n', () => {
	let rig: Rig;
	let workflowId: string;
	before(async () => {
		rig = await createRig();
		workflowId = await createWorkflow(
			rig.n8n,
			await docdropWorkflow(rig.n8n, rig.inbox, rig.api.url, 'folder-of-pdfs'),
		);
		await activate(rig.n8n, workflowId);
	});
	after(() => rig.close());

	const write = (name: string, text: string) => writeFileSync(join(rig.inbox, name), pdfOf(text));
	/** What a search for the word finds, once that is what is wanted. */
	async function finds(word: string, wanted: readonly string[]): Promise<void> {
		const end = Date.now() + 60_000;
		for (;;) {
			const found = await rig.api.search(word);
			if (JSON.stringify([...new Set(found)].sort()) === JSON.stringify(wanted)) return;
			assert.ok(Date.now() < end, `${word}: ${found.join(', ')}\n${rig.n8n.log().slice(-2000)}`);
			await sleep(100);
		}
	}

	it('is followed by what is in the files: dropped, edited, renamed, deleted', async () => {
		write('report [draft].pdf', 'walnuts grow slowly');
		await finds('walnuts', ['report [draft].pdf']);
		const [found] = [...(await rig.api.documents())];
		assert.equal(found?.[1].state, 'published');
		write('report [draft].pdf', 'hazels grow quickly');
		await finds('hazels', ['report [draft].pdf']);
		await finds('walnuts grow slowly', ['report [draft].pdf']);
		renameSync(join(rig.inbox, 'report [draft].pdf'), join(rig.inbox, 'final.pdf'));
		await finds('hazels', ['final.pdf']);
		writeFileSync(join(rig.inbox, 'broken.pdf'), 'not a PDF');
		write('other.pdf', 'chestnuts beside a broken file');
		await finds('chestnuts', ['final.pdf', 'other.pdf']);
		rmSync(join(rig.inbox, 'final.pdf'));
		await finds('hazels', ['other.pdf']);
		const all = await executions(rig.n8n, workflowId);
		assert.deepEqual(
			all.filter(({ status }) => status !== 'success').map(({ status }) => status),
			[],
		);
	});
});

/** One page with one line. */
function pdfOf(text: string): string {
	const line = `BT /F1 24 Tf 72 700 Td (${text}) Tj ET`;
	const objects = [
		'<< /Type /Catalog /Pages 2 0 R >>',
		'<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
		'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
		`<< /Length ${line.length} >>\nstream\n${line}\nendstream`,
		'<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
	];
	let pdf = '%PDF-1.4\n';
	const offsets = objects.map((object, index) => {
		const offset = pdf.length;
		pdf += `${index + 1} 0 obj\n${object}\nendobj\n`;
		return offset;
	});
	const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
	const size = objects.length + 1;
	return `${pdf}xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${pdf.length}\n%%EOF\n`;
}
