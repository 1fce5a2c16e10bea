import type { EdgeHost } from '@lanekeeper/protocol/edge';
import type { Cursor } from '../decoder.ts';

/**
 * Hosts that were decoded last, by what it was decoded from: of thousands of hosts a change concerns one or two, and the others are the same
 * objects as before. For values that stand in JSON.
 */
export class EdgeMemo {
  #before = new Map<string, EdgeHost>();
  #now = new Map<string, EdgeHost>();

  /** Another document begins; what it does not have is forgotten after it. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** What `decode` makes of it; only what is without problems is remembered. */
  take(cursor: Cursor, decode: (at: Cursor) => EdgeHost | undefined): EdgeHost | undefined {
    const text = JSON.stringify(cursor.node);
    const known = this.#now.get(text) ?? this.#before.get(text);
    const problems = cursor.report.problems().length;
    const host = known ?? decode(cursor);
    if (host !== undefined && cursor.report.problems().length === problems) this.#now.set(text, host);
    return host;
  }
}
