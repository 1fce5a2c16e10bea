import { connect, type ClientHttp2Session } from 'node:http2';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import { healthy, reasonOf, unhealthy, type Finding } from './finding.ts';

/** grpc.health.v1.HealthCheckResponse.ServingStatus. */
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const SERVING = 1;
/** The answer is two bytes; more is something else. */
const MAX_ANSWER_BYTES = 1024;

/** Healthy when `grpc.health.v1.Health/Check` says SERVING. */
export async function askGrpc(at: SocketAddress, service: string, signal: AbortSignal): Promise<Finding> {
  const where = `${formatAddress(at)}${service === '' ? '' : ` (${service})`}`;
  try {
    const { body, grpcStatus } = await check(at, service, signal);
    if (grpcStatus !== '0')
      return unhealthy(`the health check of ${where} ends with gRPC status ${grpcStatus}`);
    const status = readStatus(body);
    const sentence = `${where} says ${STATUSES[status] ?? status}`;
    return status === SERVING ? healthy(sentence) : unhealthy(sentence);
  } catch (error) {
    return unhealthy(`${where} does not answer its health check: ${reasonOf(error)}`);
  }
}

interface Answer {
  readonly body: Buffer;
  readonly grpcStatus: string;
}

async function check(at: SocketAddress, service: string, signal: AbortSignal): Promise<Answer> {
  const session = connect(`http://${formatAddress(at)}`);
  const cut = (): void => session.destroy(new Error('no answer in time'));
  signal.addEventListener('abort', cut, { once: true });
  try {
    return await call(session, service);
  } finally {
    signal.removeEventListener('abort', cut);
    session.destroy();
  }
}

function call(session: ClientHttp2Session, service: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/lanekeeper',
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let grpcStatus = '';
    stream.on('response', (headers) => {
      grpcStatus = String(headers['grpc-status'] ?? '');
      const status = headers[':status'];
      if (status !== 200) reject(new Error(`HTTP status ${status}`));
    });
    stream.on('trailers', (trailers) => (grpcStatus = String(trailers['grpc-status'] ?? grpcStatus)));
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) reject(new Error('the answer is too long'));
      else chunks.push(chunk);
    });
    stream.on('end', () => resolve({ body: Buffer.concat(chunks), grpcStatus: grpcStatus || 'none' }));
    stream.on('error', reject);
    stream.on('close', () => reject(new Error('the connection was closed')));
    stream.end(requestOf(service));
  });
}

/** One gRPC message: no compression, its length, then HealthCheckRequest {service = 1}. */
function requestOf(service: string): Buffer {
  const name = Buffer.from(service);
  const message =
    name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** The field `status = 1` of a HealthCheckResponse behind the five bytes of the message; 0 where it is left out. */
function readStatus(body: Buffer): number {
  return body.length >= 7 && body[5] === 0x08 ? (body[6] ?? 0) : 0;
}
