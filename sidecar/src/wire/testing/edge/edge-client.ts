import { request as http1Request, type ClientRequest } from 'node:http';
import { connect, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { onTestFinished } from 'vitest';
import type { Version } from './start-edge.ts';

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Written in pieces; undefined: none. */
  readonly body?: readonly (string | Buffer)[] | undefined;
  readonly trailers?: Readonly<Record<string, string>>;
  /** The body goes on after `body`. */
  readonly staysOpen?: boolean;
}

/** What came of it, so far. */
export interface Asked {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  readonly informational: number[];
  readonly chunks: Buffer[];
  trailers: IncomingHttpHeaders;
  /** `whole`: ended as it should; `broken`: cut, by a reset or a lost connection. */
  end: 'whole' | 'broken' | undefined;
  write(bytes: Buffer): boolean;
  /** Writes the last bytes of the body. */
  finish(bytes: Buffer): void;
  pause(): void;
  resume(): void;
  /** Goes away. */
  abandon(): void;
}

const OWN_HEADERS = { host: 'shop.test' };

/** One request to the driver on `port` over a connection of its own. */
export function ask(client: Version, port: number, what: Ask = {}): Asked {
  return client === 'h2' ? askHttp2(port, what) : askHttp1(port, what);
}

function nothing(): Omit<Asked, 'write' | 'finish' | 'pause' | 'resume' | 'abandon'> {
  return { status: undefined, headers: {}, informational: [], chunks: [], trailers: {}, end: undefined };
}

function askHttp1(port: number, what: Ask): Asked {
  const request = http1Request({
    port,
    host: '127.0.0.1',
    method: what.method ?? 'GET',
    path: what.path ?? '/',
    headers: {
      ...OWN_HEADERS,
      ...what.headers,
      ...(what.trailers === undefined ? {} : { trailer: Object.keys(what.trailers).join(', ') }),
    },
    agent: false,
  });
  const asked: Asked = { ...nothing(), ...http1Controls(request) };
  request.on('error', () => (asked.end ??= 'broken'));
  request.on('information', ({ statusCode }) => asked.informational.push(statusCode));
  request.on('response', (response) => {
    asked.status = response.statusCode;
    asked.headers = response.headers;
    asked.pause = () => void response.pause();
    asked.resume = () => void response.resume();
    response.on('data', (chunk: Buffer) => asked.chunks.push(chunk));
    response.on('error', () => (asked.end ??= 'broken'));
    response.on('end', () => {
      asked.trailers = response.trailers;
      asked.end ??= response.complete ? 'whole' : 'broken';
    });
  });
  onTestFinished(() => void request.destroy());
  for (const piece of what.body ?? []) request.write(piece);
  if (what.trailers !== undefined) request.addTrailers(what.trailers);
  if (what.staysOpen !== true) request.end();
  else request.flushHeaders();
  return asked;
}

function http1Controls(
  request: ClientRequest,
): Pick<Asked, 'write' | 'finish' | 'pause' | 'resume' | 'abandon'> {
  return {
    write: (bytes) => request.write(bytes),
    finish: (bytes) => void request.end(bytes),
    pause: () => undefined,
    resume: () => undefined,
    // A mere end of its side would leave it waiting for the answer.
    abandon: () => void request.socket?.resetAndDestroy(),
  };
}

function askHttp2(port: number, what: Ask): Asked {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  const { host = OWN_HEADERS.host, ...headers } = what.headers ?? {};
  const hasBody = what.body !== undefined || what.staysOpen === true;
  const stream = session.request(
    { ':method': what.method ?? 'GET', ':path': what.path ?? '/', ':authority': String(host), ...headers },
    // Without waiting for trailers, node:http2 ends a stream cleanly before it resets it.
    { endStream: !hasBody, waitForTrailers: hasBody },
  );
  const asked: Asked = { ...nothing(), ...http2Controls(stream) };
  let isWhole = false;
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null && !stream.closed) isWhole = true;
    return push(chunk, encoding);
  };
  stream.on('error', () => undefined);
  stream.on('headers', (received) => asked.informational.push(Number(received[':status'])));
  stream.on('response', (received) => {
    asked.status = received[':status'];
    asked.headers = received;
    stream.on('data', (chunk: Buffer) => asked.chunks.push(chunk));
  });
  stream.on('trailers', (received) => (asked.trailers = received));
  stream.on('wantTrailers', () => stream.sendTrailers(what.trailers ?? {}));
  stream.on('close', () => (asked.end = isWhole && stream.rstCode === 0 ? 'whole' : 'broken'));
  for (const piece of what.body ?? []) stream.write(piece);
  if (hasBody && what.staysOpen !== true) stream.end();
  return asked;
}

function http2Controls(
  stream: ClientHttp2Stream,
): Pick<Asked, 'write' | 'finish' | 'pause' | 'resume' | 'abandon'> {
  return {
    write: (bytes) => !stream.destroyed && stream.write(bytes),
    finish: (bytes) => void stream.end(bytes),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    abandon: () => stream.close(8),
  };
}

export function bodyOf(asked: Asked): string {
  return Buffer.concat(asked.chunks).toString('latin1');
}
