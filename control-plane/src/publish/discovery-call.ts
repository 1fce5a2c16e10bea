import type { ServerDuplexStream } from '@grpc/grpc-js';
import { TOKEN_METADATA } from '@lanekeeper/protocol/discovery';
import { StreamEnd } from './stream-end.ts';

/** One stream of a sidecar, as bytes. */
export interface DiscoveryCall {
  /** `10.0.0.1:41000` */
  readonly peer: string;
  /** Undefined: it came without. */
  readonly token: string | undefined;
  /** Begins to read; messages wait until then. */
  read(onMessage: (bytes: Buffer) => void): void;
  /** `flushed` is called once the socket has taken it; never, if the stream is closed before. */
  send(message: Buffer, flushed: () => void): void;
  /** Sends the status; a peer that does not take it is cut off. */
  end(end: StreamEnd): void;
  /** Called once, whoever ended it. */
  onClose(listener: () => void): void;
}

type Grpc = ServerDuplexStream<Buffer, Buffer>;

/** How long the status may take to get out. */
const GOODBYE_MS = 2_000;
const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

/** `cut` closes the connection. */
export function createDiscoveryCall(
  grpc: ServerDuplexStream<Buffer, Buffer>,
  cut: () => void,
): DiscoveryCall {
  const listeners: (() => void)[] = [];
  let goodbye: NodeJS.Timeout | undefined;
  let state: 'open' | 'ended' | 'closed' = 'open';
  grpc.once('close', () => {
    state = 'closed';
    clearTimeout(goodbye);
    for (const listener of listeners) listener();
  });
  const call: DiscoveryCall = {
    peer: grpc.getPeer(),
    token: readToken(grpc),
    read(onMessage) {
      grpc.on('data', (bytes: Buffer) => {
        if (state === 'open') onMessage(bytes);
      });
      grpc.once('end', () =>
        call.end(new StreamEnd('closed_by_sidecar', 'the sidecar has ended the stream')),
      );
    },
    send(message, flushed) {
      if (state !== 'open') return;
      grpc.write(message, () => {
        if (state !== 'closed') flushed();
      });
    },
    end(end) {
      if (state !== 'open') return;
      state = 'ended';
      goodbye = setTimeout(cut, GOODBYE_MS);
      // What grpc-js makes a status of; OK included, which `end` alone would send without its details.
      grpc.emit('error', { code: end.status, details: end.details, name: end.name, message: end.message });
    },
    onClose: (listener) => void listeners.push(listener),
  };
  return call;
}

function readToken({ metadata }: Grpc): string | undefined {
  const [authorization] = metadata.get(TOKEN_METADATA);
  return typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
}
