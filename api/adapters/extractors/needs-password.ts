import { DocDropError } from '../../errors.ts';

/** For every type of document alike. */
export const needsPassword = (): DocDropError =>
	new DocDropError('encrypted', 'the file is protected by a password');
