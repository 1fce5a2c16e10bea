import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { decodePayload, encodePayload, type Payload } from '../grpc/wire/payload.ts';
import type { ServiceKey } from '../instance.ts';
import { FakeServiceBook } from './grpc-services.ts';

export interface SeenCall {
  readonly type: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Address of the client's end: a connection's name. */
  readonly peer: string;
}

/** What happens instead of the answer: silence, these bytes, or a body of the type that was expected (or of another). */
export type Fault =
  'silence' | Buffer | { readonly type?: string; readonly body: Readonly<Record<string, unknown>> };

type Stream = ServerDuplexStream<Buffer, Buffer>;

const ANSWERS = new Map([['ServiceQueryRequest', 'QueryServiceResponse']]);

/** A real gRPC server that speaks as Nacos 2 does, and misbehaves when told to. */
export class GrpcNacos {
  readonly book = new FakeServiceBook();
  readonly calls: SeenCall[] = [];
  /** What the client has answered on the stream. */
  readonly acknowledged: SeenCall[] = [];
  /** Asked for each request; undefined: it is answered as it should. */
  fault: (call: SeenCall) => Fault | undefined = () => undefined;
  /** Most requests that were under way at a time. */
  mostAtOnce = 0;
  readonly #tls: { readonly cert: string; readonly key: string } | undefined;
  readonly #clients = new Map<string, Client>();
  #server: Server | undefined;
  #port = 0;
  #underWay = 0;

  constructor(tls?: { readonly cert: string; readonly key: string }) {
    this.#tls = tls;
  }

  get address(): SocketAddress {
    return { address: '127.0.0.1', port: this.#port };
  }

  /** Registered clients. */
  get clients(): readonly string[] {
    return [...this.#clients].filter(([, { isRegistered }]) => isRegistered).map(([peer]) => peer);
  }

  subscribers({ group, name }: ServiceKey): readonly string[] {
    return [...this.#clients].filter(([, { wants }]) => wants.has(`${group}@@${name}`)).map(([peer]) => peer);
  }

  callsOf(type: string): readonly SeenCall[] {
    return this.calls.filter((call) => call.type === type);
  }

  /** At the same port as before, once it has had one. */
  async start(): Promise<this> {
    const server = new Server();
    const raw = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const unary = { path: '/Request/request', requestStream: false, responseStream: false, ...raw };
    const stream = {
      path: '/BiRequestStream/requestBiStream',
      requestStream: true,
      responseStream: true,
      ...raw,
    };
    server.addService(
      { request: unary, requestBiStream: stream },
      {
        request: (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) =>
          this.#answer(call, reply),
        requestBiStream: (call: Stream) => this.#listen(call),
      },
    );
    this.#port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.#port}`, this.#credentials(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    this.#server = server;
    return this;
  }

  /** Cuts all connections. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#clients.clear();
  }

  /** Changes a service and tells those who follow it. */
  change(service: ServiceKey, hosts: Parameters<FakeServiceBook['set']>[1]): void {
    this.book.set(service, hosts);
    this.push(service);
  }

  push(service: ServiceKey, fields: Readonly<Record<string, unknown>> = {}): void {
    const body = { requestId: '7', serviceInfo: { ...this.book.info(service), ...fields } };
    for (const peer of this.subscribers(service)) this.tell('NotifySubscriberRequest', body, peer);
  }

  /** Says something on the streams of all, or of one. */
  tell(type: string, body: Readonly<Record<string, unknown>>, peer?: string): void {
    this.tellBytes(payload(type, body), peer);
  }

  tellBytes(bytes: Buffer, peer?: string): void {
    for (const [each, { stream }] of this.#clients)
      if (peer === undefined || each === peer) stream.write(bytes);
  }

  /** Reads nothing any more of what clients say on their streams. */
  stopReading(): void {
    for (const { stream } of this.#clients.values()) stream.pause();
  }

  /** Ends the stream of all in order, as a server does that shuts down. */
  endStreams(): void {
    for (const { stream } of this.#clients.values()) stream.end();
  }

  #credentials(): ServerCredentials {
    if (this.#tls === undefined) return ServerCredentials.createInsecure();
    const pair = { cert_chain: Buffer.from(this.#tls.cert), private_key: Buffer.from(this.#tls.key) };
    return ServerCredentials.createSsl(null, [pair]);
  }

  #answer(call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void {
    const seen = seenCall(decodePayload(call.request), call.getPeer());
    this.calls.push(seen);
    this.#underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay);
    // Later, so that those that come together are under way together.
    setImmediate(() => {
      this.#underWay -= 1;
      const fault = this.fault(seen);
      if (fault === 'silence') return;
      if (Buffer.isBuffer(fault)) reply(null, fault);
      else {
        const type = fault?.type ?? ANSWERS.get(seen.type) ?? seen.type.replace(/Request$/, 'Response');
        reply(null, payload(type, fault?.body ?? this.#bodyFor(seen)));
      }
    });
  }

  #bodyFor({ type, body, peer }: SeenCall): Readonly<Record<string, unknown>> {
    const fine = { resultCode: 200, errorCode: 0 };
    if (type === 'ServerCheckRequest') return { ...fine, connectionId: `1_${peer}` };
    const client = this.#clients.get(peer);
    if (client?.isRegistered !== true) return refusal(301, 'Connection is unregistered.');
    const service = { group: String(body['groupName']), name: String(body['serviceName']) };
    if (type === 'SubscribeServiceRequest') {
      const key = `${service.group}@@${service.name}`;
      if (body['subscribe'] === true) client.wants.add(key);
      else client.wants.delete(key);
    }
    if (type === 'ServiceListRequest') {
      const names = this.book.names(service.group);
      const [page, size] = [Number(body['pageNo']), Number(body['pageSize'])];
      return { ...fine, count: names.length, serviceNames: names.slice((page - 1) * size, page * size) };
    }
    return type === 'HealthCheckRequest' ? fine : { ...fine, serviceInfo: this.book.info(service) };
  }

  #listen(stream: Stream): void {
    const peer = stream.getPeer();
    const client: Client = { stream, wants: new Set(), isRegistered: false };
    this.#clients.set(peer, client);
    stream.on('data', (bytes: Buffer) => {
      const seen = seenCall(decodePayload(bytes), peer);
      if (seen.type !== 'ConnectionSetupRequest') this.acknowledged.push(seen);
      else {
        this.calls.push(seen);
        client.isRegistered = this.fault(seen) === undefined;
      }
    });
    const forget = (): void => void this.#clients.delete(peer);
    stream.on('error', forget);
    stream.on('cancelled', forget);
    stream.on('end', () => stream.end());
  }
}

interface Client {
  readonly stream: Stream;
  readonly wants: Set<string>;
  isRegistered: boolean;
}

/** As a server says no. */
export function refusal(errorCode: number, message: string): Readonly<Record<string, unknown>> {
  return { resultCode: 500, errorCode, message, success: false };
}

function payload(type: string, body: Readonly<Record<string, unknown>>): Buffer {
  return encodePayload({
    type,
    headers: new Map(),
    clientIp: '127.0.0.1',
    body: Buffer.from(JSON.stringify(body)),
  });
}

function seenCall({ type, headers, body }: Payload, peer: string): SeenCall {
  const fields: unknown = JSON.parse(body.toString());
  return { type, headers, body: { ...(typeof fields === 'object' ? fields : {}) }, peer };
}

const same = (bytes: Buffer): Buffer => bytes;
