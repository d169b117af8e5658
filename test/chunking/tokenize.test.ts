import assert from 'node:assert/strict';
import fc from 'fast-check';
import { tokenize } from '../../api/chunking/tokenize.ts';

const cases: Record<string, readonly [text: string, terms: string]> = {
	'splits words and folds case': ['Install the Shared-Library (rpath)!', 'install the shared library rpath'],
	'keeps identifiers with underscores whole and splits them': [
		'CMAKE_INSTALL_RPATH target_link_libraries',
		'cmake_install_rpath cmake install rpath target_link_libraries target link library',
	],
	'keeps camel case whole and splits it': [
		'createHttpServer HTTPServer CMakeLists utf8Decoder',
		'createhttpserver create http server httpserver http server cmakelists make list utf8decoder utf8 decoder',
	],
	'leaves out parts of one character and underscores at the ends': [
		'Q_OBJECT __init__ ____ x86_64',
		'q_object object init x86_64 x86 64',
	],
	'folds English plurals': [
		'libraries files indexes classes hashes trees URLs APIs',
		'library file index class hash tree url api',
	],
	'leaves words alone that only look like plurals': [
		'class status bus is gas2s',
		'class status bus is gas2s',
	],
	'folds compatibility forms': ['ＦＵＬＬ ﬁle Ⅷ x²', 'full file viii x2'],
	'keeps accents, composed or not, and gives the plain word too': [
		're\u0301sume\u0301 Übung cafés',
		'résumé resume übung ubung cafés cafe',
	],
	'gives what people type for letters that are not at hand': [
		'Straße Łódź İstanbul Œuvre ερμους Ёлка мой',
		'straße strasse łódź lodz i̇stanbul istanbul œuvre oeuvre ερμους ερμουσ ёлка елка мой',
	],
	'reads Hebrew and Arabic without points': [
		'שָׁלוֹם كِتَاب كـــتـــاب الأول',
		'שָׁלוֹם שלום كِتَاب كتاب كـــتـــاب كتاب الأول الاول',
	],
	'keeps a word whole around what nobody sees': [
		'infor\xadmation auto\ufeffmation ser\u2060vice wo\u200erd con\u200bfig',
		'information automation service word config',
	],
	'gives the whole and the parts around a zero-width non-joiner': ['می\u200cخواهم', 'میخواهم می خواهم'],
	'gives characters and pairs of Chinese and Japanese': ['共享库', '共 共享 享 享库 库'],
	'separates them from Latin letters': ['使用rpath安装', '使 使用 用 rpath 安 安装 装'],
	'does the same for Korean and Thai': ['설치 ไทย', '설 설치 치 ไ ไท ท ทย ย'],
	'takes Cyrillic, Greek, Arabic and Devanagari words whole': [
		'Библиотека ΣΟΦΟΣ مكتبة पुस्तकालय',
		'библиотека σοφος σοφοσ مكتبة पुस्तकालय',
	],
	'ignores emoji and punctuation': ['👍 -- …', ''],
};

describe('tokenize', () => {
	for (const [name, [text, terms]] of Object.entries(cases)) {
		it(name, () => assert.equal(tokenize(text).join(' '), terms));
	}

	it('gives an ASCII text the same terms within a longer text of any script', () => {
		const ascii = fc.string({ unit: fc.constantFrom(...'abZ_9 .SsHt'), maxLength: 40 });
		fc.assert(
			fc.property(ascii, (text) => assert.deepEqual(tokenize(`${text} é`), [...tokenize(text), 'é', 'e'])),
		);
	});

	it('gives terms of 1 to 64 code units without spaces, whatever the text', () => {
		const unit = fc.oneof(
			fc.string({ unit: 'grapheme' }),
			fc.string({ unit: 'binary' }),
			fc.constant('x'.repeat(70)),
		);
		fc.assert(
			fc.property(fc.array(unit, { maxLength: 20 }), (parts) => {
				for (const term of tokenize(parts.join('_'))) {
					assert.ok(term.length >= 1 && term.length <= 64);
					assert.doesNotMatch(term, /\s/);
				}
			}),
		);
		assert.equal(tokenize('𝒳'.normalize('NFC').repeat(100)).join(' ').isWellFormed(), true);
		assert.equal(tokenize('𐐨'.repeat(50))[0]?.isWellFormed(), true);
	});

	it('finds an identifier by its own name and by its parts', () => {
		const indexed = new Set(tokenize('Set CMAKE_INSTALL_RPATH_USE_LINK_PATH to true.'));
		for (const query of ['cmake_install_rpath_use_link_path', 'rpath', 'install paths', 'USE_LINK_PATH'].map(
			tokenize,
		)) {
			assert.ok(query.some((term) => indexed.has(term)));
		}
	});

	it('finds a word with marks by the plain one, and the other way round', () => {
		const words: [string, string][] = [
			['café', 'cafe'],
			['Müller', 'muller'],
			['Orléans', 'ORLEANS'],
			['Hướng', 'huong'],
			['İSTANBUL', 'istanbul'],
			['Αθήνα', 'αθηνα'],
		];
		for (const [marked, plain] of words) {
			assert.ok(tokenize(marked).includes(tokenize(plain)[0] ?? ''), `${plain} finds ${marked}`);
			assert.ok(tokenize(marked).length > tokenize(plain).length, `${marked} is above ${plain}`);
		}
	});

	it('takes time in proportion to hostile texts', () => {
		const started = process.cpuUsage();
		for (const unit of ['_', 'A', 'a', 'aB', '_A', '漢', 'é', '1A', '\u0301', 'a\u200c', '\xad'])
			tokenize(unit.repeat(300_000));
		assert.ok(process.cpuUsage(started).user < 3_000_000);
	});
});
