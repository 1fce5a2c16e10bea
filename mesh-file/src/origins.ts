import type { Cursor } from './decoder.ts';

/** Where each decoded object stands in the document, for the checks that need several of them. */
export type Origins = Map<object, Cursor>;
