import { once } from 'node:events';
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { ClientHttp2Session, Http2Server, ServerHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { begin, readAnswer, response, type Place } from './http-client.ts';

export interface Asked {
  readonly headers?: readonly (readonly [string, string])[];
  readonly trailers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** What an echoing application answers with: the body it got, and what it saw. */
export interface Echo {
  readonly body: Buffer;
  readonly trailers: NodeJS.Dict<string | string[]>;
  /** Fields that the application saw, lower-case. */
  readonly seen: readonly (readonly [string, string])[];
  readonly requestTrailers: Readonly<Record<string, unknown>>;
}

export interface EchoClient {
  ask(asked?: Asked): Promise<Echo>;
  close(): void;
}

/** node:http2 refuses to hold a whole body for its peer's window. */
function* piecesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 65_536) yield body.subarray(at, at + 65_536);
}

export function pairsOf(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1] ?? ''] as const] : []));
}

/** A client of one HTTP/1.1 connection; the application is `echoOverHttp1`. */
export function overHttp1(at: Place): EchoClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    close: () => agent.destroy(),
    async ask({ headers = [], trailers, body }: Asked = {}) {
      const framing = body === undefined ? [] : ['Transfer-Encoding', 'chunked'];
      const request = begin(at, {
        agent,
        host: 'web',
        method: body === undefined ? 'GET' : 'POST',
        headers: [...headers.flat(), ...framing],
      });
      if (body !== undefined) request.write(body);
      if (trailers !== undefined) request.addTrailers(trailers);
      request.end();
      const answer = await readAnswer(await response(request));
      if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.text}`);
      return {
        body: answer.body,
        trailers: answer.trailers,
        seen: JSON.parse(String(answer.headers['x-seen'])) as Echo['seen'],
        requestTrailers: JSON.parse(answer.trailers['x-got'] ?? '{}') as Echo['requestTrailers'],
      };
    },
  };
}

/** A client of one HTTP/2 connection; the application is `echoOverHttp2`. */
export function overHttp2(at: Place): EchoClient {
  const session: ClientHttp2Session = connectHttp2(`http://${at.address}:${at.port}`);
  return {
    close: () => session.destroy(),
    async ask({ headers = [], trailers, body }: Asked = {}) {
      const fields: Record<string, string[]> = {};
      for (const [name, value] of headers) (fields[name] ??= []).push(value);
      const single = Object.entries(fields).map(([name, values]) => [
        name,
        values.length > 1 ? values : values[0],
      ]);
      const stream = session.request(
        { ':authority': 'h2', ':method': body === undefined ? 'GET' : 'POST', ...Object.fromEntries(single) },
        { waitForTrailers: trailers !== undefined, endStream: body === undefined },
      );
      stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}));
      let after: Record<string, string> = {};
      stream.on('trailers', (fieldsAfter: Record<string, string>) => (after = fieldsAfter));
      if (body !== undefined) Readable.from(piecesOf(body)).pipe(stream);
      const [head] = (await once(stream, 'response')) as [Record<string, string>];
      const received = await buffer(stream);
      return {
        body: received,
        trailers: after,
        seen: JSON.parse(head['x-seen'] ?? '[]') as Echo['seen'],
        requestTrailers: JSON.parse(after['x-got'] ?? '{}') as Echo['requestTrailers'],
      };
    },
  };
}

/** Echoes bodies and tells what it saw, as the HTTP/1.1 application does. */
export function echoOverHttp2(onSession: () => void): Http2Server {
  const server = createHttp2Server();
  server.on('session', (session) => {
    onSession();
    session.on('error', () => undefined);
  });
  server.on('stream', (stream: ServerHttp2Stream, _headers, _flags, raw: readonly string[]) => {
    let got: unknown = {};
    stream.on('error', () => undefined);
    stream.on('trailers', (fields: unknown) => (got = fields));
    const seen = pairsOf(raw).filter(([name]) => !name.startsWith(':'));
    stream.respond({ 'x-seen': JSON.stringify(seen) }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-after': 'done', 'x-got': JSON.stringify(got) }));
    stream.pipe(stream);
  });
  return server;
}

/** Echoes bodies with a trailer after them, and tells what it saw. */
export function echoOverHttp1(request: IncomingMessage, answer: ServerResponse): void {
  const seen = pairsOf(request.rawHeaders);
  answer.writeHead(200, { trailer: 'x-after', 'x-seen': JSON.stringify(seen) });
  request.pipe(answer, { end: false });
  request.on('end', () => {
    answer.addTrailers({ 'x-after': 'done', 'x-got': JSON.stringify(request.trailers) });
    answer.end();
  });
}
