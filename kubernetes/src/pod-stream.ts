import { Duplex } from 'node:stream';
import { WebSocket, type ClientOptions } from 'ws';
import { ApiError } from './api-error.ts';
import type { Credentials } from './credentials.ts';

/** A port of a pod, which nobody but the pod itself needs to reach: the API server carries the bytes (pods/portforward). */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** `port 15000 of pod shop/a-1` */
export function describePort({ namespace, pod, port }: PodPort): string {
  return `port ${port} of pod ${namespace}/${pod}`;
}

/** What kubelets and API servers of all versions speak; each frame begins with the number of its stream. */
const PROTOCOL = 'v4.channel.k8s.io';
const [DATA, PROBLEM] = [0, 1];
/** The first frame of each stream names the port. */
const PORT_BYTES = 2;

/** A connection to the port. Rejects with an {@link ApiError} where the API server refuses it. */
export async function openPodPort(
  credentials: Credentials,
  at: PodPort,
  signal: AbortSignal,
): Promise<Duplex> {
  const { headers, tls, agent } = await credentials.grant();
  const socket = new WebSocket(urlOf(credentials.server, at), [PROTOCOL], {
    ...{ headers: { ...headers }, perMessageDeflate: false },
    // With an agent, which leads through a proxy, they are in it already.
    ...(agent === undefined ? (tls satisfies ClientOptions) : { agent }),
  });
  const stream = streamOver(socket);
  await opened(socket, at, signal).catch((error: unknown) => {
    socket.terminate();
    throw error;
  });
  return stream;
}

function urlOf(server: URL, { namespace, pod, port }: PodPort): URL {
  const url = new URL(server);
  url.protocol = server.protocol === 'http:' ? 'ws:' : 'wss:';
  const place = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/portforward`;
  url.pathname = `${server.pathname.replace(/\/$/, '')}${place}`;
  url.searchParams.set('ports', String(port));
  return url;
}

function opened(socket: WebSocket, at: PodPort, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('open', resolve);
  socket.on('error', reject);
  socket.once('unexpected-response', (_, { statusCode = 0 }) => reject(refusal(at, statusCode)));
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}

const WHY: Readonly<Record<number, string>> = {
  401: 'the API server does not know these credentials (401)',
  403: 'these credentials may not create pods/portforward there (403)',
  404: 'there is no such pod (404)',
};

function refusal(at: PodPort, status: number): ApiError {
  const why = WHY[status] ?? `the API server answers ${status}`;
  const code = status >= 500 ? 'failed' : 'refused';
  return new ApiError(`${describePort(at)} cannot be asked: ${why}`, { code, status });
}

function streamOver(socket: WebSocket): Duplex {
  const stream = new Duplex({
    read: () => {
      if (socket.isPaused) socket.resume();
    },
    write: (bytes: Buffer, _, done) => socket.send(Buffer.concat([Buffer.of(DATA), bytes]), done),
    // Whoever is there has been asked all that will be asked; what it says is still to come.
    final: (done) => done(),
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  const named = new Set<number>();
  socket.on('message', (frame: Buffer) => {
    const [kind = PROBLEM] = frame;
    const bytes = frame.subarray(named.has(kind) ? 1 : 1 + PORT_BYTES);
    named.add(kind);
    if (bytes.length === 0) return;
    if (kind === PROBLEM) stream.destroy(new Error(bytes.toString('utf8').trim()));
    else if (!stream.push(bytes)) socket.pause();
  });
  socket.once('close', () => {
    if (!stream.destroyed) stream.push(null);
  });
  return stream;
}
