import { builtInTable } from '../../api/adapters/embedders/static-table.ts';
import { createStaticVector } from '../../api/adapters/embedders/static-vector.ts';

/** What the built-in embedder gives for a text: for verdicts on what a whole app has published. */
export const staticVector = createStaticVector(await builtInTable());
