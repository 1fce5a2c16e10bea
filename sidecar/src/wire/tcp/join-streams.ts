import type { Socket } from 'node:net';
import { ProxyError } from '../../proxy-error.ts';

export interface JoinOptions {
  readonly downstream: Socket;
  readonly upstream: Socket;
  readonly idleTimeoutMs: number;
  /** Once, when both sockets are closed; with what went wrong, if anything. */
  readonly onEnd: (error: ProxyError | undefined) => void;
}

/**
 * Copies bytes both ways until both sides have sent their end. An end is passed on as an end (the other direction goes on), a
 * reset as a reset; back-pressure of either side reaches the other.
 */
export function joinStreams({ downstream, upstream, idleTimeoutMs, onEnd }: JoinOptions): void {
  let error: ProxyError | undefined;
  let open = 2;

  const abort = (reason: ProxyError): void => {
    error ??= reason;
    downstream.resetAndDestroy();
    upstream.resetAndDestroy();
  };
  const closed = (): void => {
    open -= 1;
    if (open === 0) onEnd(error);
  };
  const watch = (socket: Socket, other: Socket, describe: (cause: Error) => ProxyError): void => {
    socket.on('error', (cause) => abort(describe(cause)));
    socket.once('close', () => {
      if (!other.destroyed && !(socket.readableEnded && socket.writableFinished)) abort(describe(CUT_SHORT));
      closed();
    });
  };

  watch(
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
  downstream.setTimeout(idleTimeoutMs, () => {
    abort(new ProxyError('downstream-closed', `no byte either way for ${idleTimeoutMs} ms`));
  });
  // A client may have sent its end before there was anyone to pass it on to.
  if (downstream.readableEnded) upstream.end();
  else downstream.pipe(upstream);
  upstream.pipe(downstream);
}

const CUT_SHORT = new Error('closed before its end');
