import { Client, credentials, Metadata, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js';
import { DISCOVERY_METHOD, MAX_UPDATE_BYTES } from '@lanekeeper/protocol/discovery';
import type { ClientMessage, Hello, InterestKey, NodeIdentity, Update } from '@lanekeeper/protocol/discovery';

export interface ClientOptions {
  readonly port: number;
  /** PEM; absent: no TLS. */
  readonly ca?: string;
  readonly token?: string;
}

export const NODE: NodeIdentity = { pod: 'a-1', namespace: 'shop', app: 'a', lane: '', version: '0.1.0' };

/** A real gRPC client that plays the sidecar's part, each step by hand. */
export class DiscoveryClient {
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<ClientMessage | Buffer, Update>;
  readonly updates: Update[] = [];
  readonly status: Promise<StatusObject>;
  #waiting: (() => void)[] = [];
  #taken = 0;

  constructor({ port, ca, token }: ClientOptions) {
    const channel = ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca));
    this.#client = new Client(`127.0.0.1:${port}`, channel, {
      'grpc.ssl_target_name_override': 'localhost',
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': MAX_UPDATE_BYTES,
    });
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    this.#stream = this.#client.makeBidiStreamRequest(DISCOVERY_METHOD, encode, decode, metadata);
    this.#stream.on('data', (update: Update) => {
      this.updates.push(update);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    // What it says is in the status as well.
    this.#stream.on('error', () => undefined);
    this.status = new Promise((resolve) => this.#stream.once('status', resolve));
  }

  hello(node: Partial<NodeIdentity> = {}, holds: Hello['holds'] = { services: {} }): void {
    this.send({ kind: 'hello', node: { ...NODE, ...node }, holds });
  }

  want(...add: InterestKey[]): void {
    this.send({ kind: 'interest', add, remove: [] });
  }

  drop(...remove: InterestKey[]): void {
    this.send({ kind: 'interest', add: [], remove });
  }

  ack({ nonce }: Update): void {
    this.send({ kind: 'ack', nonce });
  }

  nack({ nonce }: Update, path = 'services[0]'): void {
    this.send({ kind: 'nack', nonce, problems: [{ path, message: 'cannot be used' }] });
  }

  /** A buffer goes as it is. */
  send(message: ClientMessage | Buffer): void {
    this.#stream.write(message);
  }

  /** The next update that was not taken yet, unanswered. */
  async next(): Promise<Update> {
    for (;;) {
      const update = this.updates[this.#taken];
      if (update !== undefined) {
        this.#taken += 1;
        return update;
      }
      await Promise.race([
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
        this.status.then(({ details }) => Promise.reject(new Error(`the stream has ended: ${details}`))),
      ]);
    }
  }

  /** The next update, acknowledged. */
  async take(): Promise<Update> {
    const update = await this.next();
    this.ack(update);
    return update;
  }

  end(): void {
    this.#stream.end();
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}

function encode(message: ClientMessage | Buffer): Buffer {
  return Buffer.isBuffer(message) ? message : Buffer.from(JSON.stringify(message));
}

function decode(bytes: Buffer): Update {
  return JSON.parse(bytes.toString()) as Update;
}
