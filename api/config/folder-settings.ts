import { setting } from './kinds.ts';

/** The followed folder. */
export const folderSettings = {
	tenant: setting('tenant', 'DOCDROP_TENANT', {
		default: 'default',
		meaning:
			'Tenant of the folder that `docdrop watch` and `npm start` follow, of `docdrop search`, and of uploaded files that nobody names one for.',
	}),
	rescanMs: setting('number', 'DOCDROP_RESCAN_SECONDS', {
		default: '60',
		unit: 's',
		range: [1, 86_400],
		meaning: 'Time between scans of a followed folder, beside the one after every burst of events.',
	}),
	deletionDelayMs: setting('number', 'DOCDROP_DELETE_GRACE_MS', {
		default: '5000',
		unit: 'ms',
		range: [0, 3_600_000],
		meaning: 'How long a file must be gone before its document is deleted.',
	}),
	massDeleteShare: setting('number', 'DOCDROP_BRAKE_PERCENT', {
		default: '20',
		unit: '%',
		range: [1, 100],
		meaning:
			'Deletions are held where more than this share of the files, and more than 4, went at once, or the folder itself was replaced, until the files are back or `docdrop release`. 100 switches this off.',
	}),
	include: setting('globs', 'DOCDROP_INCLUDE', {
		default: '',
		meaning:
			'Globs of the files to follow, separated by commas; empty: all but data (JSON, XML, YAML) and source code. Without a slash: names at any depth.',
	}),
	exclude: setting('globs', 'DOCDROP_EXCLUDE', {
		default: '',
		meaning:
			'Globs of files and folders to leave out, besides what is always left out: hidden files, and what editors, browsers and office programs leave beside a file (`.*`, `*~`, `*.swp`, `.~lock*`, `~$*`, `*.part`, `*.crdownload`, `*.tmp`, `4913`).',
	}),
	followLinks: setting('flag', 'DOCDROP_FOLLOW_LINKS', {
		default: 'false',
		meaning:
			'Symbolic links stand for what they lead to, also outside the folder; otherwise they are left out.',
	}),
	watchMode: setting('text', 'DOCDROP_WATCH_MODE', {
		default: 'auto',
		oneOf: ['auto', 'watch', 'poll'],
		meaning:
			'`poll` scans a followed folder every DOCDROP_POLL_SECONDS and asks for no events; `auto` does so on network and shared file systems, which report no changes made elsewhere.',
	}),
	pollMs: setting('number', 'DOCDROP_POLL_SECONDS', {
		default: '5',
		unit: 's',
		range: [1, 86_400],
		meaning: 'Time between scans of a folder that is polled.',
	}),
	crashAt: setting('text', 'DOCDROP_CRASH_AT', {
		default: '',
		meaning: 'For crash tests only: POINT or POINT:N, where the process kills itself.',
	}),
};
