import {
  Client,
  credentials,
  status,
  type ClientDuplexStream,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { addressIdentity, type AddressIdentity } from '@lanekeeper/runtime/address-identity';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import { NacosError, type NacosErrorCode } from '../../nacos-error.ts';
import type { TlsOptions } from '../../server-options.ts';
import { quotable } from './messages.ts';
import { decodePayload, encodePayload, MAX_PAYLOAD_BYTES, type Payload } from './payload.ts';

/** One HTTP/2 connection to one member: a server knows its client by the connection that the calls come on. */
export interface Channel {
  /** Rejects with a NacosError. */
  request(payload: Payload, timeoutMs: number): Promise<Payload>;
  /** The stream by which the server speaks first. */
  openStream(handlers: StreamHandlers): PayloadStream;
  /** Ends all calls at once; those under way reject. */
  close(): void;
}

export interface StreamHandlers {
  readonly onPayload: (payload: Payload) => void;
  /** Once, whoever has ended it; nothing comes afterwards. */
  readonly onEnd: (error: NacosError) => void;
}

export interface PayloadStream {
  send(payload: Payload): void;
}

const REQUEST_METHOD = '/Request/request';
const STREAM_METHOD = '/BiRequestStream/requestBiStream';
/** Answers that a server which does not read leaves in our memory; it is given up then. */
const MAX_UNREAD = 1000;

const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': MAX_PAYLOAD_BYTES,
  'grpc.max_send_message_length': MAX_PAYLOAD_BYTES,
  // Health checks of the protocol itself find a dead peer; a server would count pings against us.
  // Trying again is the reconnector's: a new connection is a new client to the server.
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config': JSON.stringify({
    loadBalancingConfig: [{ pick_first: { shuffleAddressList: true } }],
  }),
} as const;

/** What `cancel` of grpc-js and of its streams have in common. */
interface Cancellable {
  cancel(): void;
}

/** `address` is that of gRPC. Nothing is thrown; an address that cannot be reached makes requests reject. */
export function openChannel(address: SocketAddress, tls: TlsOptions | undefined): Channel {
  const at = formatAddress(address);
  const identity = addressIdentity(address.address);
  const client = new Client(`dns:${at}`, credentialsOf(tls, identity), {
    ...CHANNEL_OPTIONS,
    ...(identity === undefined ? {} : { 'grpc.ssl_target_name_override': identity.serverName }),
  });
  const calls = new Set<Cancellable>();
  let isClosed = false;
  return {
    request: (payload, timeoutMs) =>
      isClosed ? Promise.reject(closed(at)) : askOnce({ client, calls, at }, payload, timeoutMs),
    openStream: (handlers) => openStream({ client, calls, at }, handlers),
    close() {
      isClosed = true;
      for (const call of calls) cancelSoon(call);
      client.close();
    },
  };
}

/**
 * After the read of the connection that we may be in: within one, Node counts the stream's memory wrongly and aborts the process
 * (nodejs/node#38964; seen on Node 22).
 */
function cancelSoon(call: Cancellable): void {
  setImmediate(() => call.cancel());
}

interface Wire {
  readonly client: Client;
  readonly calls: Set<Cancellable>;
  readonly at: string;
}

function askOnce({ client, calls, at }: Wire, payload: Payload, timeoutMs: number): Promise<Payload> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      REQUEST_METHOD,
      encodePayload,
      unchanged,
      payload,
      { deadline: Date.now() + timeoutMs },
      (error: ServiceError | null, bytes?: Buffer) => {
        calls.delete(call);
        if (error !== null)
          reject(asNacosError({ code: error.code, details: quotable(error.details, payload) }, at));
        else settle(bytes, resolve, reject);
      },
    );
    calls.add(call);
  });
}

function settle(
  bytes: Buffer | undefined,
  resolve: (payload: Payload) => void,
  reject: (error: unknown) => void,
): void {
  try {
    resolve(decodePayload(bytes ?? Buffer.alloc(0)));
  } catch (error) {
    reject(error);
  }
}

function openStream({ client, calls, at }: Wire, { onPayload, onEnd }: StreamHandlers): PayloadStream {
  const stream: ClientDuplexStream<Payload, Buffer> = client.makeBidiStreamRequest(
    STREAM_METHOD,
    encodePayload,
    unchanged,
  );
  calls.add(stream);
  let isOver = false;
  const end = (error: NacosError): void => {
    if (isOver) return;
    isOver = true;
    calls.delete(stream);
    cancelSoon(stream);
    onEnd(error);
  };
  stream.on('data', (bytes: Buffer) => {
    if (isOver) return;
    try {
      onPayload(decodePayload(bytes));
    } catch (error) {
      end(error instanceof NacosError ? error : new NacosError('nacos_answer_malformed', String(error)));
    }
  });
  stream.on('error', () => {
    // The status follows and says all.
  });
  stream.on('status', ({ code, details }: StatusObject) => end(asNacosError({ code, details }, at)));
  return {
    send(payload) {
      if (isOver) return;
      if (stream.writableLength > MAX_UNREAD) {
        end(new NacosError('nacos_timeout', `${at} does not read what it is answered`));
      } else stream.write(payload);
    },
  };
}

function credentialsOf(
  tls: TlsOptions | undefined,
  identity: AddressIdentity | undefined,
): ReturnType<typeof credentials.createSsl> {
  if (tls === undefined) return credentials.createInsecure();
  const trust = tls.ca === undefined ? null : Buffer.from(tls.ca);
  if (identity === undefined) return credentials.createSsl(trust);
  return credentials.createSsl(trust, null, null, { checkServerIdentity: identity.check });
}

const unchanged = (bytes: Buffer): Buffer => bytes;

const CODES = new Map<status, NacosErrorCode>([
  [status.OK, 'nacos_unreachable'],
  [status.UNAVAILABLE, 'nacos_unreachable'],
  [status.CANCELLED, 'nacos_unreachable'],
  [status.DEADLINE_EXCEEDED, 'nacos_timeout'],
  [status.RESOURCE_EXHAUSTED, 'nacos_answer_malformed'],
  [status.INTERNAL, 'nacos_answer_malformed'],
  [status.PERMISSION_DENIED, 'nacos_not_permitted'],
]);

/** Of grpc-js' error only the text is kept: its stack is of its own making, and its metadata the server's. */
function asNacosError({ code, details }: { code: status; details: string }, at: string): NacosError {
  if (code === status.OK) return new NacosError('nacos_unreachable', `${at} has ended the connection`);
  // grpc-js leaves it empty most of the time.
  const words = details.replace(/ Resolution note: $/, '');
  const hint = code === status.UNIMPLEMENTED ? ' (is it a server of Nacos 2 or newer?)' : '';
  return new NacosError(CODES.get(code) ?? 'nacos_refused', `${at} (gRPC): ${status[code]}: ${words}${hint}`);
}

function closed(at: string): NacosError {
  return new NacosError('nacos_unreachable', `the connection to ${at} has been closed`);
}
