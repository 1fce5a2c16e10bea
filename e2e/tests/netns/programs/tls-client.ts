// `node tls-client.ts HOST`: sends a mebibyte of random bytes through TLS and prints whether the same bytes came back.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:tls';
import { PRE_SHARED_KEY, TLS_OPTIONS } from './pre-shared-key.ts';

const [host = ''] = process.argv.slice(2);
const sent = randomBytes(1024 * 1024);
const received: Buffer[] = [];
const socket = connect({
  ...TLS_OPTIONS,
  host,
  port: 8443,
  checkServerIdentity: () => undefined,
  pskCallback: () => ({ psk: PRE_SHARED_KEY, identity: 'test' }),
});
socket.end(sent);
for await (const chunk of socket) received.push(chunk as Buffer);
process.stdout.write(Buffer.concat(received).equals(sent) ? 'same bytes' : 'other bytes');
