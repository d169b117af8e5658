import assert from 'node:assert/strict';
import { whereNamed } from '../../api/cli/where-named.ts';

describe('the folder that a person names', () => {
	const npm = {
		INIT_CWD: '/home/me/notes',
		npm_package_json: '/docdrop/package.json',
		npm_lifecycle_event: 'start',
	};

	it('is seen from where the person stands, also behind npm start', () => {
		assert.equal(whereNamed('../in', {}, '/home/me'), '/home/in');
		assert.equal(whereNamed('../in', npm, '/docdrop'), '/home/me/in');
		assert.equal(whereNamed('/in', npm, '/docdrop'), '/in');
	});

	it('is not seen from where some npm script was begun that has long gone elsewhere', () => {
		assert.equal(whereNamed('in', npm, '/elsewhere'), '/elsewhere/in');
		assert.equal(whereNamed('in', { ...npm, npm_lifecycle_event: 'test' }, '/docdrop'), '/docdrop/in');
	});
});
