import { Client, credentials, Metadata, type ClientDuplexStream } from '@grpc/grpc-js';
import {
  DISCOVERY_METHOD,
  type ClientMessage,
  type InterestKey,
  type Update,
} from '@lanekeeper/protocol/discovery';

/** A sidecar as the control plane knows it: a stream that acknowledges all it gets. */
export interface Subscriber {
  /** Resolves when all keys are answered, with the number of endpoints of each service by its id. */
  readonly inStep: Promise<ReadonlyMap<string, number>>;
  /** Resolves at the next update that has the service in it; rejects when none comes in 10 s. */
  nextOf(id: string): Promise<void>;
  close(): void;
}

export interface SubscriberOptions {
  readonly port: number;
  readonly ca: string;
  readonly keys: readonly InterestKey[];
}

const LATE_MS = 10_000;

export function subscribe({ port, ca, keys }: SubscriberOptions): Subscriber {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(ca)), {
    'grpc.ssl_target_name_override': 'localhost',
  });
  const stream = client.makeBidiStreamRequest(DISCOVERY_METHOD, encode, decode, new Metadata());
  const waiting = new Map<string, () => void>();
  const inStep = follow(stream, new Set<string>(keys), (id) => waiting.get(id)?.());
  const node = { pod: 'bench', namespace: 'default', app: 'bench', lane: '', version: '0.1.0' };
  stream.write({ kind: 'hello', node, holds: { services: {} } });
  stream.write({ kind: 'interest', add: keys, remove: [] });
  return {
    inStep,
    nextOf: (id) =>
      new Promise((resolve, reject) => {
        const late = (): void => reject(new Error(`no update of ${id} within ${LATE_MS / 1000} s`));
        const timer = setTimeout(late, LATE_MS);
        waiting.set(id, () => {
          clearTimeout(timer);
          resolve();
        });
      }),
    close() {
      stream.cancel();
      client.close();
    },
  };
}

/** `told` hears of each service in each update. */
function follow(
  stream: ClientDuplexStream<ClientMessage, Update>,
  unanswered: Set<string>,
  told: (id: string) => void,
): Promise<ReadonlyMap<string, number>> {
  const endpoints = new Map<string, number>();
  return new Promise((resolve, reject) => {
    // After the end of the benchmark there is nobody whom its own end of the stream would tell something.
    stream.on('error', (cause: Error) => reject(new Error('the stream has ended', { cause })));
    stream.on('data', (update: Update) => {
      stream.write({ kind: 'ack', nonce: update.nonce });
      for (const { id, value } of update.services) {
        endpoints.set(id, value.endpoints.length);
        told(id);
      }
      for (const key of update.answered) unanswered.delete(key);
      if (unanswered.size === 0) resolve(endpoints);
    });
  });
}

function encode(message: ClientMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

function decode(bytes: Buffer): Update {
  return JSON.parse(bytes.toString()) as Update;
}
