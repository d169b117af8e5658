import { DocumentInput } from '../contract/document-schema.ts';
import { createCheck } from './validation.ts';

/** One document of a batch or a form. Throws `invalid` with the field, which begins with where the document stands. */
export const toDocument = createCheck<DocumentInput>(DocumentInput);
