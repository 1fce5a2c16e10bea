import type { KubeObject } from './kube-object.ts';
import type { Audit } from './reflected-store.ts';

export interface AuditRun<T> {
  readonly graceMs: number;
  /** A comparison that begins now. */
  readonly begin: () => Audit<T>;
  /** Reads a whole list; resolves to its version. `onStart`: it begins (again). */
  readonly list: (read: AuditRead) => Promise<number>;
  /** Whether the watch has brought all events up to this version. */
  readonly hasSeen: (version: number) => boolean;
  /** False once the store has been filled anew from another list: then there is nothing to compare. */
  readonly isValid: () => boolean;
  /** Rejects when it is all over. */
  readonly pause: (ms: number) => Promise<void>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface AuditRead {
  readonly onStart: () => void;
  readonly onObject: (object: KubeObject) => void;
}

const POLL_MS = 100;

/**
 * Reads a list beside a running watch, gives the watch time to bring what the list shows, puts right what it has not brought, and
 * resolves to how much that was.
 */
export async function runAudit<T>(run: AuditRun<T>): Promise<number> {
  let audit = run.begin();
  try {
    const version = await run.list({
      onStart: () => (audit = run.begin()),
      onObject: (object) => audit.see(object),
    });
    const until = run.now() + run.graceMs;
    const isOpen = (): boolean =>
      run.isValid() && audit.differences(version).length > 0 && !run.hasSeen(version) && run.now() < until;
    while (isOpen()) await run.pause(POLL_MS);
    // A version that is no number says nothing about what came first.
    return run.isValid() && !Number.isNaN(version) ? audit.repair(version) : 0;
  } finally {
    audit.end();
  }
}
