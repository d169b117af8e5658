import { readFileSync } from 'node:fs';
import wabt from 'wabt';
import { writeOrCompare } from './marked-part.ts';

/** Makes the program of api/adapters/sqlite-vec/distance-kernel.ts of its source. With --check it only compares. */
const source = 'tools/distances.wat';
const program = (await wabt()).parseWat(source, readFileSync(source, 'utf8'), { simd: true });
const { buffer } = program.toBinary({});
const text = Buffer.from(buffer).toString('base64');
const lines = text.match(/.{1,100}/g) ?? [];

writeOrCompare('kernel', [
	{
		file: 'api/adapters/sqlite-vec/distance-program.ts',
		wanted: [
			'/** WebAssembly in base64, made of tools/distances.wat by `npm run kernel`: change that, and never this. */',
			'export const distanceProgram = [',
			...lines.map((line) => `\t'${line}',`),
			"].join('');",
			'',
		].join('\n'),
	},
]);
