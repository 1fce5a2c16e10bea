import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { RootLog } from '@lanekeeper/runtime/log';
import type { Connection } from '../listen/connection.ts';
import { PROXY_ERRORS, type ProxyError } from '../proxy-error.ts';
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
  /** A message that was refused before there was a head to tell of. */
  malformed(error: ProxyError, connection: Connection): void;
}

export function createAccessLog({ log, sample, random, text }: AccessLogOptions): AccessLog {
  const isWritten = (): boolean => log.level() === 'info' || log.level() === 'debug';
  return {
    write(record, peer) {
      const isFailure = record.error !== null || record.status >= 500;
      if (!isFailure && (sample <= 0 || (sample < 1 && random() >= sample))) return;
      if (!isWritten()) return;
      // `time` is the log line's own; what is in every hop of a generation is left to GET /hops.
      const { time, candidates: _candidates, dropped: _dropped, ...fields } = toHop(record, text);
      log.info({ startedAt: time, peer: formatAddress(peer), ...fields }, 'request');
    },
    malformed({ code, message }, { direction, peer }) {
      if (!isWritten()) return;
      const status = PROXY_ERRORS[code].http;
      log.info(
        { direction, peer: formatAddress(peer), status, error: code, why: message },
        'malformed_request',
      );
    },
  };
}
