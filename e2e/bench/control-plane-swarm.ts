// The sidecars of the benchmark: real gRPC streams over TLS, each on a connection of its own, that acknowledge all they get.
import { Client, credentials, Metadata, type ChannelCredentials } from '@grpc/grpc-js';
import { DISCOVERY_METHOD, type ClientMessage, type Update } from '@lanekeeper/protocol/discovery';
import { keysOf, sidecarIdentity, SIZE } from './control-plane-mesh.ts';
import { nowMs, type FromSwarm, type ToSwarm } from './control-plane-messages.ts';

/** How many connect at a time. */
const CONNECTING = 50;

let expected = { services: new Set<string>(), left: 0 };
let counted = { updates: 0, sidecars: new Set<number>() };
let held = 0;
let inStep = 0;

process.on('message', (message: ToSwarm) => {
  if (message.kind === 'connect') connectAll(message.port, message.ca);
  else if (message.kind === 'count') {
    send({ kind: 'counted', updates: counted.updates, sidecars: counted.sidecars.size });
  } else {
    expected = { services: new Set(message.services), left: message.arrivals };
    counted = { updates: 0, sidecars: new Set() };
    send({ kind: 'expecting' });
  }
});
process.on('disconnect', () => process.exit());

function connectAll(port: number, ca: string): void {
  let next = 0;
  // Shared: in a cluster a thousand pods read their own, here it would be this process's time.
  const to = { address: `127.0.0.1:${port}`, trust: credentials.createSsl(Buffer.from(ca)) };
  const connectNext = (): void => {
    if (next < SIZE.sidecars) connect(next++, to, connectNext);
  };
  for (let count = 0; count < CONNECTING; count += 1) connectNext();
}

function connect(
  index: number,
  to: { readonly address: string; readonly trust: ChannelCredentials },
  connected: () => void,
): void {
  const client = new Client(to.address, to.trust, {
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.use_local_subchannel_pool': 1,
  });
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer sidecar-${index}`);
  const stream = client.makeBidiStreamRequest(DISCOVERY_METHOD, encode, decode, metadata);
  const say = (message: ClientMessage): void => void stream.write(message);
  let isInStep = false;
  stream.on('error', (error: Error) => {
    throw new Error(`stream of sidecar ${index} has ended`, { cause: error });
  });
  stream.once('data', connected);
  stream.on('data', (update: Update) => {
    say({ kind: 'ack', nonce: update.nonce });
    received(index, update);
    if (isInStep || update.answered.length === 0) return;
    isInStep = true;
    inStep += 1;
    if (inStep === SIZE.sidecars) send({ kind: 'synced', at: nowMs(), services: held });
  });
  say({ kind: 'hello', node: sidecarIdentity(index), holds: { services: {} } });
  say({ kind: 'interest', add: keysOf(index), remove: [] });
}

function received(sidecar: number, update: Update): void {
  counted.updates += 1;
  counted.sidecars.add(sidecar);
  held += update.services.length;
  for (const { id } of update.services) {
    if (!expected.services.has(id)) continue;
    expected.left -= 1;
    if (expected.left === 0) send({ kind: 'arrived', last: nowMs() });
  }
}

function encode(message: ClientMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

function decode(bytes: Buffer): Update {
  return JSON.parse(bytes.toString()) as Update;
}

function send(message: FromSwarm): void {
  process.send?.(message);
}
