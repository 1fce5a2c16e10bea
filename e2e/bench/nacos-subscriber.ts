import { Client, credentials, Metadata } from '@grpc/grpc-js';
import {
  DISCOVERY_METHOD,
  type ClientMessage,
  type InterestKey,
  type Update,
} from '@lanekeeper/protocol/discovery';

/** A sidecar as the control plane knows it: a stream that acknowledges all it gets. */
export interface Subscriber {
  /** Resolves when all keys are answered, with the endpoints of each service by its id. */
  readonly inStep: Promise<ReadonlyMap<string, number>>;
  /** Resolves at the next update that has the service in it. */
  nextOf(id: string): Promise<void>;
  close(): void;
}

export interface SubscriberOptions {
  readonly port: number;
  readonly ca: string;
  readonly keys: readonly InterestKey[];
}

export function subscribe({ port, ca, keys }: SubscriberOptions): Subscriber {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(ca)), {
    'grpc.ssl_target_name_override': 'localhost',
  });
  const stream = client.makeBidiStreamRequest(DISCOVERY_METHOD, encode, decode, new Metadata());
  const say = (message: ClientMessage): void => void stream.write(message);
  const unanswered = new Set<string>(keys);
  const endpoints = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  let isClosed = false;
  const inStep = new Promise<ReadonlyMap<string, number>>((resolve, reject) => {
    stream.on('error', (error: Error) => {
      if (!isClosed) reject(new Error('the stream of the benchmark has ended', { cause: error }));
    });
    stream.on('data', (update: Update) => {
      say({ kind: 'ack', nonce: update.nonce });
      for (const { id, value } of update.services) {
        endpoints.set(id, value.endpoints.length);
        waiting.get(id)?.();
      }
      for (const key of update.answered) unanswered.delete(key);
      if (unanswered.size === 0) resolve(endpoints);
    });
  });
  const node = { pod: 'bench', namespace: 'default', app: 'bench', lane: '', version: '0.1.0' };
  say({ kind: 'hello', node, holds: { services: {} } });
  say({ kind: 'interest', add: keys, remove: [] });
  return {
    inStep,
    nextOf: (id) => new Promise((resolve) => waiting.set(id, resolve)),
    close() {
      isClosed = true;
      stream.cancel();
      client.close();
    },
  };
}

function encode(message: ClientMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

function decode(bytes: Buffer): Update {
  return JSON.parse(bytes.toString()) as Update;
}
