/**
 * How what is somewhere may differ from what was published: points of the index from the manifest, by kind, and files of
 * a followed folder from it. No schema library here: the pipeline counts by these names.
 *
 *  missing     a chunk of the manifest that the index has no point of
 *  changed     a point with another text, heading or page than its chunk
 *  stale       a point of an earlier version of its document
 *  misordered  a point at another place within its document
 *  surplus     a point that no chunk of the manifest stands for
 *  doubled     a surplus point with the content of a chunk that has its own
 *  newer       a point of a version that the document store has never seen
 *  folder      a file whose document is not published as the folder delivered it, or a document without its file
 */
export const auditKinds = [
	'missing',
	'changed',
	'stale',
	'misordered',
	'surplus',
	'doubled',
	'newer',
	'folder',
] as const;
export type AuditKind = (typeof auditKinds)[number];

/** What a report names at most. */
export const auditLimits = {
	/** Tenants with findings, each with its counts. */
	tenants: 20,
	/** Documents of each of them. */
	documents: 20,
} as const;
