import type { RequestView } from './request-view.ts';

/** What a rule may look at beside the head. */
export interface RequestOrigin {
  /** The client's IP address: the connection's peer, or what a trusted proxy says. Empty: not known. */
  readonly clientAddress: string;
  /** At a gateway: makes the key of a client that has none, 128 random bits. Absent: this is no place that sets cookies. */
  readonly newKey?: (() => string) | undefined;
}

/** One condition of a colouring rule. */
export type Condition = (view: RequestView) => boolean;
