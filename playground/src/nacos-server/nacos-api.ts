import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { GRPC_OFFSET } from './nacos-ports.ts';
import { NACOS_USER, type NacosTls } from './nacos-server.ts';

/** Where a server is asked; `tls` where it speaks nothing else. */
export interface NacosPlace {
  readonly address: string;
  readonly httpPort: number;
  readonly tls?: NacosTls | undefined;
}

export interface NacosAnswer {
  readonly status: number;
  readonly text: string;
}

/** Names and values of a query or a form. */
export type NacosFields = Readonly<Record<string, string | number | boolean>>;

const TIMEOUT_MS = 10_000;
/** Of a server whose users nobody has touched. */
const FIRST_PASSWORD = 'nacos';

/** One request of the version 1 API, `/ns/instance/list` say; rejects only where no answer comes. */
export async function callNacos(
  place: NacosPlace,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  fields: NacosFields = {},
): Promise<NacosAnswer> {
  const { address, httpPort, tls } = place;
  const query = new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  const hasBody = method === 'POST' || method === 'PUT';
  const options = {
    method,
    host: address,
    port: httpPort,
    path: `/nacos/v1${path}${hasBody || query === '' ? '' : `?${query}`}`,
    agent: false as const,
    headers: hasBody ? { 'content-type': 'application/x-www-form-urlencoded' } : {},
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  return new Promise((resolve, reject) => {
    const call =
      tls === undefined
        ? requestHttp(options)
        : requestHttps({ ...options, ca: readFileSync(tls.caFile), servername: 'localhost' });
    // Not once: one that comes after the answer has begun must find a listener too.
    call.on('error', reject);
    call.once('response', (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, text: body }), reject);
    });
    call.end(hasBody ? query : undefined);
  });
}

/** Whether it answers that it is up, and something listens at its gRPC port. */
export async function isUp(place: NacosPlace): Promise<boolean> {
  try {
    const { status, text: said } = await callNacos(place, 'GET', '/ns/operator/metrics');
    return status === 200 && said.includes('"UP"') && (await accepts(place));
  } catch {
    return false;
  }
}

function accepts({ address, httpPort }: NacosPlace): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(httpPort + GRPC_OFFSET, address);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** A token of the one user, or undefined where the server refuses the password. */
export async function logIn(place: NacosPlace, password: string): Promise<string | undefined> {
  const answer = await callNacos(place, 'POST', '/auth/login', { username: NACOS_USER, password });
  if (answer.status !== 200) return undefined;
  const { accessToken } = JSON.parse(answer.text) as { readonly accessToken: string };
  return accessToken;
}

/** Gives the one user its password, where it still has the first one. */
export async function ensurePassword(place: NacosPlace, password: string): Promise<void> {
  if ((await logIn(place, password)) !== undefined) return;
  const accessToken = await logIn(place, FIRST_PASSWORD);
  if (accessToken === undefined)
    throw new Error(`the Nacos server knows user ${NACOS_USER} by neither password`);
  const fields = { username: NACOS_USER, newPassword: password, accessToken };
  const answer = await callNacos(place, 'PUT', '/auth/users', fields);
  if (answer.status !== 200)
    throw new Error(
      `the Nacos server did not take the password of ${NACOS_USER}: ${answer.status} ${answer.text}`,
    );
}
