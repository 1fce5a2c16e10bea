import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { RootLog } from '@lanekeeper/runtime/log';
import { toHop, type HopRecord, type HopText } from './hop-record.ts';

export interface AccessLogOptions {
  readonly log: Pick<RootLog, 'info' | 'level'>;
  /** Share of requests that get a line, 0 to 1; those that failed always do. */
  readonly sample: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly text: HopText;
}

/** One line a request; without a line nothing is built. */
export interface AccessLog {
  write(record: HopRecord, peer: SocketAddress): void;
}

export function createAccessLog({ log, sample, random, text }: AccessLogOptions): AccessLog {
  return {
    write(record, peer) {
      const isFailure = record.error !== null || record.status >= 500;
      if (!isFailure && (sample <= 0 || (sample < 1 && random() >= sample))) return;
      const level = log.level();
      if (level !== 'info' && level !== 'debug') return;
      // `time` is the log line's own; what is in every hop of a generation is left to GET /hops.
      const { time, candidates: _candidates, dropped: _dropped, ...fields } = toHop(record, text);
      log.info({ startedAt: time, peer: formatAddress(peer), ...fields }, 'request');
    },
  };
}
