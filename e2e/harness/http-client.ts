import { once } from 'node:events';
import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Where a server listens. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

export interface Ask {
  readonly host?: string;
  /** As on the request line: `/x`, or `http://b/x` to a forward proxy. */
  readonly path?: string;
  readonly method?: string;
  /** Name, value, name, value: sent in this order and spelling. An object is fine where that does not matter. */
  readonly headers?: readonly string[] | Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** Absent: a connection of its own. */
  readonly agent?: Agent;
  /** Over this connection, from a tunnel say. */
  readonly socket?: Socket;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
  readonly text: string;
}

/** One request to its end; an answer that breaks off rejects. */
export async function send(to: Place, ask: Ask = {}): Promise<Answer> {
  const request = begin(to, ask);
  request.end(ask.body);
  return readAnswer(await response(request));
}

/** The request's head is sent as soon as something is written; the caller ends it. */
export function begin(to: Place, ask: Ask): ClientRequest {
  const { socket } = ask;
  const host = ask.host ?? `${to.address}:${to.port}`;
  const given = ask.headers ?? [];
  const pairs = Array.isArray(given)
    ? given
    : Object.entries(given).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one]));
  const own = pairs.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host') ? [] : ['Host', host];
  const request = httpRequest({
    host: to.address,
    port: to.port,
    method: ask.method ?? 'GET',
    path: ask.path ?? '/',
    headers: [...own, ...pairs, ...framing(ask.body)] as unknown as Record<string, string>,
    setHost: false,
    // With any agent, false included, Node makes the connection itself.
    ...(socket === undefined ? { agent: ask.agent ?? false } : { createConnection: () => socket }),
  });
  // Whoever waits for the answer is told; one that breaks off after its head is told to its reader.
  return request.on('error', () => undefined);
}

function framing(body: Ask['body']): readonly string[] {
  return body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))];
}

export async function response(request: ClientRequest): Promise<IncomingMessage> {
  const [message] = (await once(request, 'response')) as [IncomingMessage];
  return message;
}

export async function readAnswer(message: IncomingMessage): Promise<Answer> {
  const body = await buffer(message);
  const { headers, trailers } = message;
  return { status: message.statusCode ?? 0, headers, trailers, body, text: body.toString() };
}

/** Opens a tunnel by CONNECT; the socket is the far end's from then on. */
export async function tunnel(proxy: Place, authority: string): Promise<Socket> {
  const request = httpRequest({
    host: proxy.address,
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    agent: false,
  });
  request.end();
  const [message, socket, head] = (await once(request, 'connect')) as [IncomingMessage, Socket, Buffer];
  if (message.statusCode !== 200) {
    socket.destroy();
    throw new Error(`CONNECT ${authority} was answered ${message.statusCode}`);
  }
  // A reset while nobody reads: whoever reads or writes next is told.
  socket.on('error', () => undefined);
  if (head.length > 0) socket.unshift(head);
  return socket;
}
