import { setTimeout as sleep } from 'node:timers/promises';
import { isHost, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import { NacosError } from '../nacos-error.ts';
import type { ServerOptions } from '../server-options.ts';
import { asNacosError } from '../as-nacos-error.ts';
import type { GrpcTimings } from './timings.ts';
import { openChannel, type Channel, type PayloadStream } from './wire/channel.ts';
import { text, textOr, type JsonObject } from './wire/json-body.ts';
import {
  acknowledgement,
  NOTIFY,
  readAnswer,
  readServerRequest,
  requestPayload,
  RESET,
  type ServerRequest,
} from './wire/messages.ts';
import type { Payload } from './wire/payload.ts';

export interface ConnectionOptions {
  readonly server: SocketAddress;
  readonly options: Pick<ServerOptions, 'grpcPortOffset' | 'namespace' | 'tls'>;
  readonly clientIp: string;
  readonly timings: GrpcTimings;
  /** The body of a NotifySubscriberRequest as it came. */
  readonly onPush: (body: JsonObject) => void;
}

/** Why a connection is over. */
export interface ConnectionEnd {
  readonly error: NacosError;
  /** Where the server wants us to go instead (HTTP address). */
  readonly moveTo: SocketAddress | undefined;
}

/** What one HTTP/2 connection is to the server: a registered client, that it pushes to. */
export interface Connection {
  readonly server: SocketAddress;
  /** Resolves once, whoever ends it. */
  readonly ended: Promise<ConnectionEnd>;
  /** The answer's body. Rejects with a NacosError; `nacos_unreachable` ends the connection too. */
  request(type: string, fields: JsonObject, token: string | undefined): Promise<JsonObject>;
  close(): void;
}

const CLIENT_VERSION = 'Lanekeeper-Client:v0.1.0';
/** Between two questions whether the server has taken notice of us; it does not say when. */
const REGISTERED_POLL_MS = 10;

/** Rejects with a NacosError; nothing is left behind then. */
export async function connect(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
  const connection = new OpenConnection(options);
  const abort = (): void => connection.close();
  signal.addEventListener('abort', abort);
  try {
    await connection.introduce();
    signal.throwIfAborted();
    connection.watchHealth();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

class OpenConnection implements Connection {
  readonly server: SocketAddress;
  readonly ended: Promise<ConnectionEnd>;
  readonly #options: ConnectionOptions;
  readonly #channel: Channel;
  readonly #over = new AbortController();
  #stream: PayloadStream | undefined;
  #resolveEnded: (end: ConnectionEnd) => void = () => undefined;

  constructor(options: ConnectionOptions) {
    const { server } = options;
    this.server = server;
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    const grpc = { address: server.address, port: server.port + options.options.grpcPortOffset };
    this.#channel = openChannel(grpc, options.options.tls);
  }

  /** Asks who is there, opens the stream and says who we are. */
  async introduce(): Promise<void> {
    const deadline = performance.now() + this.#options.timings.connect;
    const check = await this.#ask('ServerCheckRequest', {}, deadline);
    text(check['connectionId'], 'connectionId');
    this.#stream = this.#channel.openStream({
      onPayload: (payload) => this.#receive(payload),
      onEnd: (error) => this.#end({ error, moveTo: undefined }),
    });
    this.#stream.send(this.#setup());
    await this.#untilRegistered(deadline);
  }

  watchHealth(): void {
    // It ends with the connection and has told why by then.
    this.#checkHealth().catch((error: unknown) => this.#fail(error));
  }

  async request(type: string, fields: JsonObject, token: string | undefined): Promise<JsonObject> {
    const { clientIp, timings } = this.#options;
    const payload = requestPayload(type, fields, { clientIp, token });
    try {
      return await this.#exchange(payload, timings.request);
    } catch (error) {
      if (error instanceof NacosError && error.code === 'nacos_unreachable') this.#fail(error);
      // What has ended the connection says more than that this call was cancelled.
      this.#over.signal.throwIfAborted();
      throw error;
    }
  }

  close(): void {
    this.#end({
      error: new NacosError('nacos_closed', 'this Nacos client has been closed'),
      moveTo: undefined,
    });
  }

  #setup(): Payload {
    const fields = {
      clientVersion: CLIENT_VERSION,
      tenant: this.#options.options.namespace,
      labels: { source: 'sdk', module: 'naming' },
      abilities: {},
    };
    return requestPayload('ConnectionSetupRequest', fields, this.#anonymous());
  }

  /** The setup is not answered, and what is asked before it is taken in is refused. */
  async #untilRegistered(deadline: number): Promise<void> {
    for (;;) {
      try {
        await this.#ask('HealthCheckRequest', {}, deadline);
        return;
      } catch (error) {
        const isEarly = error instanceof NacosError && error.code === 'nacos_unreachable';
        if (!isEarly || this.#over.signal.aborted || performance.now() > deadline) throw error;
      }
      await sleep(REGISTERED_POLL_MS);
    }
  }

  async #checkHealth(): Promise<void> {
    const { healthEvery, healthTimeout } = this.#options.timings;
    for (;;) {
      await sleep(healthEvery, undefined, { signal: this.#over.signal });
      const check = (): Promise<JsonObject> =>
        this.#ask('HealthCheckRequest', {}, performance.now() + healthTimeout);
      await check().catch((error: unknown) => {
        if (asNacosError(error).code === 'nacos_timeout') return check();
        throw error;
      });
    }
  }

  #ask(type: string, fields: JsonObject, deadline: number): Promise<JsonObject> {
    const timeoutMs = Math.max(1, deadline - performance.now());
    return this.#exchange(requestPayload(type, fields, this.#anonymous()), timeoutMs);
  }

  async #exchange(payload: Payload, timeoutMs: number): Promise<JsonObject> {
    const answer = await this.#channel.request(payload, timeoutMs);
    return readAnswer(answer, payload);
  }

  #anonymous(): { readonly clientIp: string; readonly token: undefined } {
    return { clientIp: this.#options.clientIp, token: undefined };
  }

  /** Throws what the stream ends with when the payload cannot be read. */
  #receive(payload: Payload): void {
    const request = readServerRequest(payload);
    const answer = acknowledgement(request, this.#options.clientIp);
    if (answer !== undefined) this.#stream?.send(answer);
    if (request.type === NOTIFY) this.#options.onPush(request.body);
    if (request.type === RESET) this.#end(resetEnd(request));
  }

  #fail(error: unknown): void {
    this.#end({ error: asNacosError(error), moveTo: undefined });
  }

  #end(end: ConnectionEnd): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(end.error);
    this.#resolveEnded(end);
    this.#channel.close();
  }
}

function resetEnd({ body }: ServerRequest): ConnectionEnd {
  const [address, port] = [textOr(body['serverIp'], ''), Number(body['serverPort'])];
  const isUsable = isHost(address) && Number.isInteger(port) && port > 0 && port < 65_536;
  return {
    error: new NacosError('nacos_unreachable', 'the server wants its clients to go elsewhere'),
    moveTo: isUsable ? { address, port } : undefined,
  };
}
