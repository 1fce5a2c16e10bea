import type { RequestHead } from '../wire/head.ts';

/** One condition of a colouring rule. */
export type Condition = (head: RequestHead) => boolean;
