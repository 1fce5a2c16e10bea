import type { InterestKey, Nack } from '@lanekeeper/protocol/discovery';
import type { CanonicalKey, Catalog } from '../catalog/catalog.ts';
import type { Authenticator } from './caller.ts';
import type { SidecarStream } from './sidecar-stream.ts';
import type { StreamEnd } from './stream-end.ts';
import type { IsSought, KeyChange } from './subscription.ts';

export interface StreamLimits {
  /** From the token's review to the hello. */
  readonly helloMs: number;
  /** From an update to its answer. */
  readonly answerMs: number;
  /** Streams end after 80 to 100 % of it, so that tokens are looked at again; with the token if that ends before. */
  readonly ageMs: number;
  /** Not before: the API server has taken the token just now, and the two clocks may differ. */
  readonly minAgeMs: number;
}

/** What a stream asks of the publisher and tells it. */
export interface StreamHost extends Authenticator {
  readonly catalog: Catalog;
  readonly limits: StreamLimits;
  canonicalise(key: InterestKey, namespace: string): readonly CanonicalKey[];
  /** Whether a key with these meanings that was asked for in this turn is not to be answered yet. */
  readonly isSought: IsSought;
  /** Of the event loop, as far as keys are concerned: what is asked for in one is looked for together. */
  turn(): number;
  /** It has said hello. Throws a StreamEnd where there is no room for it. */
  joined(stream: SidecarStream): void;
  rekeyed(stream: SidecarStream, change: KeyChange): void;
  /** There may be something to push. */
  due(stream: SidecarStream): void;
  /** So many bytes were given to the socket (negative: and have left it). */
  buffered(bytes: number): void;
  updated(bytes: number): void;
  /** The mesh part that it is known to have is another one than before. */
  acknowledged(stream: SidecarStream): void;
  refused(stream: SidecarStream, nack: Nack, parts: readonly string[]): void;
  /** Its workload is about to go. */
  draining(stream: SidecarStream): void;
  /** It has said hello and is not about to go. */
  serving(stream: SidecarStream): void;
  ended(stream: SidecarStream, end: StreamEnd): void;
}
