import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
  type Settings,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { onTestFinished } from 'vitest';
import { eventually } from '../../testing/eventually.ts';
import { listen, type RunningDriver, startDriver, type StartOptions } from '../../testing/start-driver.ts';
import { createHttp2Driver } from '../http2-driver.ts';

/** An h2c server that stands for the application. */
export interface Origin {
  readonly target: SocketAddress;
  readonly server: Http2Server;
  /** Sessions in the order in which they came, closed ones too. */
  readonly sessions: ServerHttp2Session[];
  /** Their connections. */
  readonly sockets: Socket[];
}

export type OnStream = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  raw: readonly string[],
) => void;

export async function startOrigin(onStream: OnStream, options: ServerOptions = {}): Promise<Origin> {
  const sessions: ServerHttp2Session[] = [];
  const sockets: Socket[] = [];
  const server = createServer({ maxHeaderListPairs: 2_000, maxSessionMemory: 64, ...options });
  server.on('connection', (socket: Socket) => sockets.push(socket));
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers, _flags, raw) => {
    stream.on('error', () => undefined);
    onStream(stream, headers, raw);
  });
  const port = await listen(server);
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { target: { address: '127.0.0.1', port }, server, sessions, sockets };
}

/** The driver in front of `origins`. */
export function startRelay(
  origins: readonly Pick<Origin, 'target'>[],
  options: Omit<StartOptions, 'targets'> = {},
): Promise<RunningDriver> {
  const targets = origins.map((origin) => origin.target);
  return startDriver(createHttp2Driver, { targets, ...options });
}

export function openSession(port: number, settings: Settings = {}): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`, {
    maxHeaderListPairs: 2_000,
    maxSendHeaderBlockLength: 2 ** 20,
    settings: { maxHeaderListSize: 2 ** 20, ...settings },
  } as Parameters<typeof connect>[1]);
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

/** What a client saw of one response. */
export interface Seen {
  readonly stream: ClientHttp2Stream;
  readonly informational: (readonly string[])[];
  status: number | undefined;
  /** Name, value, name, value. */
  head: readonly string[];
  headers: IncomingHttpHeaders;
  body: string;
  trailers: readonly string[];
  isClosed: boolean;
}

/** Records what comes on a stream of the client. */
export function watch(stream: ClientHttp2Stream): Seen {
  const seen: Seen = {
    stream,
    informational: [],
    status: undefined,
    head: [],
    headers: {},
    body: '',
    trailers: [],
    isClosed: false,
  };
  stream.on('headers', (_headers, _flags, raw: string[]) => void seen.informational.push(raw));
  stream.on('response', (headers, _flags, raw: string[]) => {
    Object.assign(seen, { status: headers[':status'], headers, head: raw });
  });
  stream.on('trailers', (_headers, _flags, raw: string[]) => (seen.trailers = raw));
  stream.on('data', (chunk: Buffer) => (seen.body += chunk.toString('latin1')));
  stream.on('error', () => undefined);
  stream.on('close', () => (seen.isClosed = true));
  return seen;
}

/** One request without a body, to its end. */
export async function get(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}): Promise<Seen> {
  return finished(session.request({ ':authority': 'b', ':path': '/', ...headers }));
}

export async function finished(stream: ClientHttp2Stream): Promise<Seen> {
  const seen = watch(stream);
  await eventually('end of the stream', () => seen.isClosed);
  return seen;
}
