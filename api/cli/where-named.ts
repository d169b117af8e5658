import { dirname, resolve } from 'node:path';

/**
 * The path that a person named, absolute. npm runs a script in the folder of its package and says where the person
 * stood, which is what a relative path is about; all that such a script starts inherits that, so it is believed
 * only while nobody has gone elsewhere.
 */
export function whereNamed(
	path: string,
	env: NodeJS.ProcessEnv = process.env,
	cwd: string = process.cwd(),
): string {
	const { INIT_CWD: stood, npm_package_json: package_, npm_lifecycle_event: script } = env;
	const isScript = script === 'start' || script === 'docdrop';
	const isHere = isScript && package_ !== undefined && dirname(package_) === cwd;
	return resolve(isHere && stood !== undefined ? stood : cwd, path);
}
