import { readFileSync } from 'node:fs';
import { Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  DISCOVERY_METHOD,
  type ClientMessage,
  type InterestKey,
  type MeshPart,
  type Update,
} from '@lanekeeper/protocol/discovery';
import type { ServiceConfig } from '@lanekeeper/protocol/model';
import { EMPTY_MESH } from '../store.ts';

const file = (name: string): Buffer => readFileSync(new URL(`../testdata/${name}`, import.meta.url));

/** The authority of every scripted control plane's certificate. */
export const CA = file('ca.crt').toString();

/** One stream as the control plane sees it. */
export interface ServedStream {
  readonly token: string;
  readonly received: ClientMessage[];
  send(update: Partial<Update>): void;
  /** Not as the contract has it. */
  sendRaw(message: unknown): void;
  end(code: keyof typeof status, details: string): void;
}

export interface ScriptedControlPlane {
  readonly port: number;
  readonly streams: ServedStream[];
  /** Every connection is cut and the port is free. */
  stop(): void;
}

export interface Script {
  readonly port?: number;
  /** Default: answers the hello with an update that has nothing but the mesh part, and what is asked for with nothing. */
  readonly on?: (message: ClientMessage, stream: ServedStream) => void;
}

const { settings, groups, lanes, colouring, gateway } = EMPTY_MESH;
export const MESH_PART: MeshPart = { settings, groups, lanes, colouring, gateway };

export function serviceOf(name: string, address: string, more: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    ...{ name, namespace: 'shop', hosts: [], addresses: [address] },
    ports: [{ port: 80, protocol: 'http' }],
    endpoints: [
      { address: '127.0.0.1', ports: { 80: 8080 }, weight: 100, healthy: true, source: 'kubernetes' },
    ],
    ...more,
  };
}

export function sent(value: ServiceConfig, version = '1'): Update['services'][number] {
  return { id: `${value.namespace}/${value.name}`, version, value };
}

/** The quiet one: there is a mesh, and nothing in it. */
export function answerNothing(message: ClientMessage, stream: ServedStream): void {
  if (message.kind === 'hello') stream.send({ mesh: { version: 'm1', value: MESH_PART } });
  if (message.kind === 'interest' && message.add.length > 0) stream.send({ answered: message.add });
}

/** Answers keys by a table; others mean nothing. */
export function answering(table: Readonly<Record<InterestKey, ServiceConfig>>): NonNullable<Script['on']> {
  return (message, stream) => {
    if (message.kind !== 'interest') return answerNothing(message, stream);
    const found = message.add.flatMap((key) => table[key] ?? []);
    stream.send({ services: found.map((service) => sent(service)), answered: message.add });
  };
}

/** A real gRPC server over TLS that speaks the contract as it is told to. */
export async function startControlPlane({
  port = 0,
  on = answerNothing,
}: Script = {}): Promise<ScriptedControlPlane> {
  const streams: ServedStream[] = [];
  const server = new Server();
  server.addService(
    {
      stream: {
        ...{ path: DISCOVERY_METHOD, requestStream: true, responseStream: true },
        requestSerialize: toBytes,
        responseSerialize: toBytes,
        requestDeserialize: fromBytes,
        responseDeserialize: fromBytes,
      },
    },
    { stream: (call: ServerDuplexStream<ClientMessage, unknown>) => streams.push(serve(call, on)) },
  );
  const pair = { cert_chain: file('tls.crt'), private_key: file('tls.key') };
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createSsl(null, [pair]), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  return { port: bound, streams, stop: () => server.forceShutdown() };
}

function serve(
  call: ServerDuplexStream<ClientMessage, unknown>,
  on: (message: ClientMessage, stream: ServedStream) => void,
): ServedStream {
  let nonce = 0;
  const stream: ServedStream = {
    token: String(call.metadata.get('authorization')[0]),
    received: [],
    send: (update) =>
      void call.write({
        ...{ kind: 'update', nonce: String((nonce += 1)), services: [], removed: [], answered: [] },
        ...update,
      }),
    sendRaw: (message) => void call.write(message),
    end: (code, details) => void call.emit('error', { code: status[code], details }),
  };
  call.on('data', (message: ClientMessage) => {
    stream.received.push(message);
    on(message, stream);
  });
  call.on('error', () => undefined);
  call.on('end', () => call.end());
  return stream;
}

function toBytes(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message));
}

function fromBytes(bytes: Buffer): ClientMessage {
  const message: ClientMessage = JSON.parse(bytes.toString());
  return message;
}
