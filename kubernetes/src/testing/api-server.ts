import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { KubeObject } from '../kube-object.ts';
import { pathOf, type Collection } from '../resources.ts';
import { parseApiPath, type ApiPath } from './api-path.ts';
import {
  isNewObject,
  VersionedObjects,
  type NewObject,
  type StoredEvent,
  type WriteResult,
} from './versioned-objects.ts';
import { Watcher } from './watcher.ts';

/** What happens to a request instead of its answer. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly reason?: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A body as it is, whatever it is. */
  | { readonly kind: 'raw'; readonly body: string }
  | { readonly kind: 'reset' }
  /** Nothing is ever answered. */
  | { readonly kind: 'stall' };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

export interface ApiServerOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Default: one that is free. */
  readonly port?: number;
}

/** A real HTTP(S) server with the verbs of an API server, which misbehaves when told to. */
export class ApiServer {
  readonly objects = new VersionedObjects((event) => this.#onCommit(event));
  readonly requests: SeenRequest[] = [];
  /** Asked for each request; undefined: it is answered as it should. */
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  /** Events that these watchers' caches lose; the objects change all the same. */
  loses: (event: StoredEvent) => boolean = () => false;
  /** How a version that is too old is told: as a status, or inside the watch. */
  goneAs: 'status' | 'event' = 'event';
  /** How a version that is not reached yet is told: as a status, or not at all, as the watch cache of a real one does. */
  tooNewAs: 'status' | 'silence' = 'status';
  /** Who takes over connections that ask for another protocol; by default nobody does. */
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void = (_, socket) => socket.destroy();
  readonly #options: ApiServerOptions;
  readonly #watchers = new Set<Watcher>();
  /** Lists whose pages are still being read, by version and place. */
  readonly #snapshots = new Map<string, readonly KubeObject[]>();
  #server: Server | undefined;
  #port: number;

  constructor(options: ApiServerOptions = {}) {
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'http' : 'https'}://localhost:${this.#port}`;
  }

  get watchers(): readonly Watcher[] {
    return [...this.#watchers];
  }

  async start(): Promise<void> {
    const { tls } = this.#options;
    const listener = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#serve(request, response);
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    this.#server.on('upgrade', (...asked: [IncomingMessage, Duplex, Buffer]) => this.upgrade(...asked));
    this.#server.listen(this.#port, 'localhost');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** All connections break; the port stays its own for {@link start}. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const watcher of this.#watchers) watcher.reset();
    server.closeAllConnections();
    await closed;
  }

  put(place: Collection, object: NewObject): KubeObject {
    const { collection } = this.#pathOf(place);
    const { name, namespace } = object.metadata;
    const exists = this.objects.get(collection, keyOf(namespace, name)) !== undefined;
    return written(
      exists ? this.objects.update(collection, object) : this.objects.create(collection, object),
    );
  }

  remove(place: Collection, name: string, namespace?: string): void {
    written(this.objects.remove(this.#pathOf(place).collection, keyOf(namespace, name)));
  }

  bookmark(): void {
    for (const watcher of this.#watchers) watcher.bookmark(this.objects.version);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: await readBody(request),
    };
    this.requests.push(seen);
    const fault = this.fault(seen);
    if (fault !== undefined) return misbehave(fault, response);
    if (url.pathname === '/version')
      return sendJson(response, 200, { major: '1', minor: '34+', gitVersion: 'v1.34.4' });
    const path = parseApiPath(url.pathname);
    if (path === undefined) return sendStatus(response, 404, 'NotFound');
    this.#answer(seen, path, response);
  }

  #answer(seen: SeenRequest, path: ApiPath, response: ServerResponse): void {
    const { query } = seen;
    if (seen.method === 'GET' && path.name === undefined) {
      if (query.get('watch') === 'true') this.#watch(query, path, response);
      else this.#list(query, path, response);
      return;
    }
    const result = this.#write(seen, path);
    if (result === undefined) return sendStatus(response, 405, 'MethodNotAllowed');
    if ('object' in result) return sendJson(response, seen.method === 'POST' ? 201 : 200, result.object);
    sendStatus(response, result.refused === 'NotFound' ? 404 : 409, result.refused);
  }

  #write({ method, body, headers }: SeenRequest, path: ApiPath): WriteResult | undefined {
    const key = keyOf(path.namespace, path.name ?? '');
    const isWhole = isNewObject(body);
    switch (method) {
      case 'GET': {
        const object = this.objects.get(path.collection, key);
        return object === undefined ? { refused: 'NotFound' } : { object };
      }
      case 'POST':
        return isWhole ? this.objects.create(path.collection, withNamespace(body, path)) : undefined;
      case 'PUT':
        return isWhole ? this.objects.update(path.collection, withNamespace(body, path)) : undefined;
      case 'PATCH':
        // What is applied comes into being, as far as it is not there yet.
        if (isApply(headers) && isWhole && this.objects.get(path.collection, key) === undefined)
          return this.objects.create(path.collection, withNamespace(body, path));
        return this.objects.merge(path.collection, key, body);
      case 'DELETE':
        return this.objects.remove(path.collection, key);
      default:
        return undefined;
    }
  }

  #list(query: URLSearchParams, path: ApiPath, response: ServerResponse): void {
    const [version, from] = readContinue(query.get('continue')) ?? [this.objects.version, 0];
    if (from > 0 && version < this.objects.compacted) return sendStatus(response, 410, 'Expired');
    const snapshot = `${version} ${path.collection} ${path.namespace ?? ''}`;
    const whole = this.#snapshots.get(snapshot) ?? this.objects.list(path.collection, path.namespace);
    const limit = Number(query.get('limit') ?? whole.length);
    const items = whole.slice(from, from + limit);
    const isLast = from + limit >= whole.length;
    if (isLast) this.#snapshots.delete(snapshot);
    else this.#snapshots.set(snapshot, whole);
    const metadata = {
      resourceVersion: String(version),
      ...(isLast ? {} : { continue: `${version}:${from + limit}` }),
    };
    sendJson(response, 200, { kind: 'List', apiVersion: 'v1', metadata, items });
  }

  #watch(query: URLSearchParams, path: ApiPath, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion'));
    const events = this.objects.since(from);
    if (from > this.objects.version)
      return sendStatus(response, 504, 'Timeout', 'Too large resource version');
    if (events === undefined && this.goneAs === 'status') return sendStatus(response, 410, 'Expired');
    const watcher = new Watcher({
      response,
      from,
      collection: path.collection,
      namespace: path.namespace ?? '',
    });
    if (events === undefined) {
      watcher.sendLine({ type: 'ERROR', object: statusBody(410, 'Expired', 'too old resource version') });
      return watcher.end();
    }
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
    for (const event of events) if (!this.loses(event)) watcher.send(event);
  }

  #onCommit(event: StoredEvent): void {
    if (this.loses(event)) return;
    for (const watcher of this.#watchers) watcher.send(event);
  }

  #pathOf(place: Collection): ApiPath {
    const path = parseApiPath(pathOf(place));
    if (path === undefined) throw new TypeError('not a collection');
    return path;
  }
}

function isApply({ 'content-type': type }: SeenRequest['headers']): boolean {
  return type === 'application/apply-patch+yaml';
}

function withNamespace(object: NewObject, { namespace }: ApiPath): NewObject {
  return namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
}

function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function written(result: WriteResult): KubeObject {
  if ('object' in result) return result.object;
  throw new Error(`the test's write was refused: ${result.refused}`);
}

function readContinue(token: string | null): readonly [number, number] | undefined {
  if (token === null || token === '') return undefined;
  const [version = '', from = ''] = token.split(':');
  return [Number(version), Number(from)];
}

function misbehave(fault: Fault, response: ServerResponse): void {
  switch (fault.kind) {
    case 'status':
      for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
      return sendStatus(response, fault.status, fault.reason ?? '', fault.message);
    case 'raw':
      response.end(fault.body);
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'stall':
  }
}

function statusBody(code: number, reason: string, message = reason): unknown {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

function sendStatus(response: ServerResponse, code: number, reason: string, message?: string): void {
  sendJson(response, code, statusBody(code, reason, message));
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
