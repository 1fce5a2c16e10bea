import { Client, credentials, Metadata, status, type ClientDuplexStream } from '@grpc/grpc-js';
import {
  DISCOVERY_METHOD,
  MAX_UPDATE_BYTES,
  TOKEN_METADATA,
  type ClientMessage,
} from '@lanekeeper/protocol/discovery';
import { addressIdentity } from '@lanekeeper/runtime/address-identity';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';

export interface StreamOptions {
  readonly address: SocketAddress;
  /** PEM; undefined: what the system trusts. */
  readonly ca: string | undefined;
  readonly token: string;
  /** A message of the control plane as it was parsed; nothing of it is checked. */
  readonly onMessage: (message: unknown) => void;
  /** Called once, whoever ends it. */
  readonly onEnd: (end: StreamEnd) => void;
}

/** How a stream ended: a status of gRPC by name, and what the control plane or the network said. */
export interface StreamEnd {
  readonly status: string;
  readonly details: string;
}

export interface DiscoveryStream {
  send(message: ClientMessage): void;
  close(reason: string): void;
}

const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_receive_message_length': MAX_UPDATE_BYTES,
  // Retries are ours: with a new token and newly resolved addresses, not on what an old channel remembers of dead ones.
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config_disable_resolution': 1,
  // Not by another proxy: this is one.
  'grpc.enable_http_proxy': 0,
  // Sidecars that find the same addresses in the same order still spread over the replicas.
  'grpc.service_config': JSON.stringify({
    loadBalancingConfig: [{ pick_first: { shuffleAddressList: true } }],
  }),
} as const;

/** Opens a stream on a connection of its own. Nothing is thrown: what fails comes by `onEnd`. */
export function openDiscoveryStream(options: StreamOptions): DiscoveryStream {
  const { address, ca, token, onMessage, onEnd } = options;
  const client = openClient(address, ca);
  const metadata = new Metadata();
  metadata.set(TOKEN_METADATA, `Bearer ${token}`);
  let isOver = false;
  const end = (how: StreamEnd): void => {
    if (isOver) return;
    isOver = true;
    client.close();
    onEnd(how);
  };
  const call: ClientDuplexStream<ClientMessage, unknown> = client.makeBidiStreamRequest(
    DISCOVERY_METHOD,
    toBytes,
    fromBytes,
    metadata,
  );
  call.on('data', onMessage);
  call.on('error', () => {
    // The status follows and says all.
  });
  call.on('status', ({ code, details }) => end({ status: status[code], details }));
  return {
    send(message) {
      if (!isOver) call.write(message);
    },
    close(reason) {
      // After the read of the connection that we may be in: within one, Node may abort the process (nodejs/node#38964).
      setImmediate(() => call.cancel());
      end({ status: 'CANCELLED', details: reason });
    },
  };
}

function openClient(address: SocketAddress, ca: string | undefined): Client {
  const trust = ca === undefined ? null : Buffer.from(ca);
  const at = `dns:${formatAddress(address)}`;
  const identity = addressIdentity(address.address);
  if (identity === undefined) return new Client(at, credentials.createSsl(trust), CHANNEL_OPTIONS);
  return new Client(at, credentials.createSsl(trust, null, null, { checkServerIdentity: identity.check }), {
    ...CHANNEL_OPTIONS,
    'grpc.ssl_target_name_override': identity.serverName,
  });
}

function toBytes(message: ClientMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

function fromBytes(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString());
}
