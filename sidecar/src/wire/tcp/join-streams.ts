import type { Socket } from 'node:net';
import { ProxyError } from '../../proxy-error.ts';
import { carryBytes } from './carry-bytes.ts';
import { resetSocket } from '../reset-socket.ts';

export interface JoinOptions {
  readonly downstream: Socket;
  readonly upstream: Socket;
  readonly idleTimeoutMs: number;
  /** Once, when both sockets are closed; with what went wrong, if anything. */
  readonly onEnd: (error: ProxyError | undefined) => void;
}

export interface JoinedStreams {
  /** Begins to carry what the client sends, after `head`, which was read before; until then it stays unread. */
  carryDownstream(head: Uint8Array): void;
  /** Takes the client's socket out as if it had never been joined, and closes the upstream one. */
  release(): void;
}

/**
 * Copies bytes both ways until both sides have sent their end. An end is passed on as an end (the other direction goes on), a
 * reset as a reset; back-pressure of either side reaches the other.
 */
export function joinStreams({ downstream, upstream, idleTimeoutMs, onEnd }: JoinOptions): JoinedStreams {
  let error: ProxyError | undefined;
  let open = 2;

  const abort = (reason: ProxyError): void => {
    error ??= reason;
    resetSocket(downstream);
    resetSocket(upstream);
  };
  const onIdle = (): void =>
    abort(new ProxyError('downstream-closed', `no byte either way for ${idleTimeoutMs} ms`));
  const watch = (socket: Socket, other: Socket, describe: (cause: Error) => ProxyError): (() => void) => {
    const onError = (cause: Error): void => abort(describe(cause));
    const onClose = (): void => {
      if (!other.destroyed && !(socket.readableEnded && socket.writableFinished)) abort(describe(CUT_SHORT));
      open -= 1;
      if (open === 0) onEnd(error);
    };
    socket.on('error', onError).once('close', onClose);
    return () => void socket.off('error', onError).off('close', onClose);
  };

  const unwatch = watch(
    downstream,
    upstream,
    (cause) => new ProxyError('downstream-closed', 'the client broke off', { cause }),
  );
  watch(
    upstream,
    downstream,
    (cause) => new ProxyError('upstream-reset', 'the destination broke off', { cause }),
  );
  // Every byte of one socket is a byte of the other, so that one clock serves both.
  downstream.setTimeout(idleTimeoutMs, onIdle);
  const stopUpstream = carryBytes(upstream, downstream);

  return {
    carryDownstream(head) {
      if (head.length > 0) upstream.write(head);
      // A client may have sent its end before there was anyone to pass it on to.
      if (downstream.readableEnded) upstream.end();
      else carryBytes(downstream, upstream);
    },
    release() {
      unwatch();
      downstream.setTimeout(0).off('timeout', onIdle);
      stopUpstream();
      upstream.removeAllListeners().on('error', () => undefined);
      upstream.destroy();
    },
  };
}

const CUT_SHORT = new Error('closed before its end');
