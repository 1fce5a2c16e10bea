import { PassThrough, Duplex } from 'node:stream';
import { request } from 'node:http';
import { PortForward } from '@kubernetes/client-node';
import { readKubeConfig } from './kube-config.ts';

/** A port of a pod, which nobody but the pod itself needs to reach: the API server carries the bytes (pods/portforward). */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

export interface PodAnswer {
  readonly status: number;
  readonly body: string;
}

export interface PodRequestOptions {
  readonly method?: 'GET' | 'PUT' | 'POST';
  /** Until the answer is whole; default 10 s. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/** Asks the HTTP server at a pod's port. Rejects where the pod cannot be reached or says nothing in time. */
export async function askPod(
  files: readonly string[],
  at: PodPort,
  path: string,
  { method = 'GET', timeoutMs = TIMEOUT_MS }: PodRequestOptions = {},
): Promise<PodAnswer> {
  const connection = await openPodPort(files, at);
  try {
    return await ask(connection, { method, path, timeoutMs });
  } finally {
    connection.destroy();
  }
}

/** A connection to the port, over a WebSocket to the API server. */
async function openPodPort(files: readonly string[], { namespace, pod, port }: PodPort): Promise<Duplex> {
  const [fromPod, errors, toPod] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const forward = new PortForward(readKubeConfig(files));
  const socket = await forward.portForward(namespace, pod, [port], fromPod, errors, toPod);
  const connection = Duplex.from({ readable: fromPod, writable: toPod });
  errors.once('data', (text: Buffer) => connection.destroy(new Error(text.toString('utf8').trim())));
  const close = typeof socket === 'function' ? socket() : socket;
  connection.once('close', () => close?.close());
  close?.on('close', () => fromPod.end());
  return connection;
}

function ask(
  connection: Duplex,
  { method, path, timeoutMs }: { method: string; path: string; timeoutMs: number },
): Promise<PodAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PodAnswer>();
  const headers = { host: '127.0.0.1', accept: 'application/json', connection: 'close' };
  const signal = AbortSignal.timeout(timeoutMs);
  const sent = request({ method, path, headers, signal, createConnection: () => connection }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('error', reject);
    response.once('end', () =>
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  sent.once('error', reject);
  sent.end();
  return promise;
}
