import type { Log } from '@lanekeeper/runtime/log';
import type { WatchedTable } from './watch-table.ts';

type AnyTable = Pick<
  WatchedTable<unknown>,
  'isUnchanged' | 'hasSynced' | 'synced' | 'start' | 'stop' | 'problems'
>;

export interface TellerOptions {
  readonly log: Log;
  /** All that are told of together. */
  readonly tables: () => readonly AnyTable[];
  /**
   * There is something to take from the tables: called at most once per turn of the event loop, and never before all of them have
   * been read. Where all are empty it is not called.
   */
  readonly onChange: () => void;
}

/** Several tables as one. */
export interface TablesTeller {
  /** For `onPending` of the tables. */
  readonly schedule: () => void;
  start(): void;
  /** Resolves once all have been read and `onChange` has returned; rejects when stopped before. */
  synced(): Promise<void>;
  problems(): readonly string[];
  stop(): void;
}

export function createTablesTeller({ log, tables, onChange }: TellerOptions): TablesTeller {
  let next: NodeJS.Immediate | undefined;
  const tell = (): void => {
    clearImmediate(next);
    next = undefined;
    if (!tables().every((table) => table.hasSynced())) return;
    if (tables().every((table) => table.isUnchanged())) return;
    try {
      onChange();
    } catch (err) {
      // The watches go on; the mistake is the listener's, and must be seen.
      log.error({ err }, 'cluster_listener_failed');
    }
  };
  return {
    schedule: () => void (next ??= setImmediate(tell)),
    start: () => tables().forEach((table) => table.start()),
    async synced() {
      await Promise.all(tables().map((table) => table.synced()));
      tell();
    },
    problems: () => tables().flatMap((table) => table.problems()),
    stop() {
      clearImmediate(next);
      tables().forEach((table) => table.stop());
    },
  };
}
