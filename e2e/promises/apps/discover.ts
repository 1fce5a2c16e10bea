import { readFile } from 'node:fs/promises';
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { DISCOVERY_METHOD, TOKEN_METADATA, type ServerMessage } from '@lanekeeper/protocol/discovery';
import type { Discover, Discovered } from './actions.ts';

const TIMEOUT_MS = 20_000;
const UNAVAILABLE = 14;
const toBytes = (message: unknown): Buffer => Buffer.from(JSON.stringify(message));
const fromBytes = (bytes: Buffer): ServerMessage => JSON.parse(bytes.toString()) as ServerMessage;

/** Says hello to the control plane with a token, as a sidecar does, and tells what came of it. */
export async function discover({ address, ca, tokenFile, hello }: Discover): Promise<Discovered> {
  const token = (await readFile(tokenFile, 'utf8')).trim();
  const client = new Client(address, credentials.createSsl(Buffer.from(ca)));
  const metadata = new Metadata();
  metadata.set(TOKEN_METADATA, `Bearer ${token}`);
  const options = { deadline: Date.now() + TIMEOUT_MS };
  const stream = client.makeBidiStreamRequest(DISCOVERY_METHOD, toBytes, fromBytes, metadata, options);
  try {
    return await new Promise<Discovered>((resolve, reject) => {
      stream.on('error', () => undefined);
      stream.on('data', (message: ServerMessage) => resolve({ kind: message.kind }));
      stream.on('status', ({ code, details }: StatusObject) => {
        if (code === UNAVAILABLE) reject(new Error(`${address} was not reached: ${details}`));
        else resolve({ refused: { code, details } });
      });
      stream.write(hello);
      // Interest asks for an answer: a sidecar that says hello only may have nothing to be told.
      stream.write({ kind: 'interest', add: ['host:nobody'], remove: [] });
    });
  } finally {
    stream.cancel();
    client.close();
  }
}
