import type { RequestHead } from '../wire/head.ts';

/** What a rule may look at beside the head. */
export interface RequestOrigin {
  /** The client's IP address: the connection's peer, or what a trusted proxy says. Empty: not known. */
  readonly clientAddress: string;
}

/** One condition of a colouring rule. */
export type Condition = (head: RequestHead, origin: RequestOrigin) => boolean;
