import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ProbeTarget } from '@lanekeeper/protocol/probes';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { healthy, reasonOf, unhealthy, type Finding } from './finding.ts';

type HttpTarget = Extract<ProbeTarget, { kind: 'http' }>;

/** As the kubelet does: further redirects are a failure. */
const MAX_REDIRECTS = 10;
/** How much of a body is read; the kubelet shows no more either. */
const MAX_BODY_BYTES = 10 * 1024;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Applications tell probes from visitors by how this begins. */
const USER_AGENT = 'kube-probe/lanekeeper';

/**
 * Healthy when the answer is 200 to 399. Redirects to the same host are followed, one to another host is an answer by itself;
 * certificates are not checked: all as the kubelet does.
 */
export async function askHttp(host: string, target: HttpTarget, signal: AbortSignal): Promise<Finding> {
  const origin = `${target.scheme.toLowerCase()}://${formatAddress({ address: host, port: target.port })}`;
  const headers = headersOf(target);
  try {
    let url = urlOf(target.path, origin);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const { status, location } = await get(url, headers, signal);
      const next = REDIRECTS.has(status) && location !== undefined ? urlOf(location, url.href) : undefined;
      if (next === undefined || next.hostname !== url.hostname) return judge(url, status);
      url = next;
    }
    return unhealthy(`${origin}${target.path} redirects more than ${MAX_REDIRECTS} times`);
  } catch (error) {
    return unhealthy(`${origin}${target.path} does not answer: ${reasonOf(error)}`);
  }
}

function judge(url: URL, status: number): Finding {
  const sentence = `${url.href} answers ${status}`;
  return status >= 200 && status < 400 ? healthy(sentence) : unhealthy(sentence);
}

/** A path of a probe may lack the first slash. */
function urlOf(path: string, base: string): URL {
  const isRelative = !/^[a-z][a-z0-9+.-]*:/i.test(path) && !path.startsWith('/');
  return new URL(isRelative ? `/${path}` : path, base);
}

function headersOf({ headers }: HttpTarget): Record<string, string> {
  const own = headers.map(({ name, value }) => [name.toLowerCase(), value] as const);
  return { 'user-agent': USER_AGENT, accept: '*/*', ...Object.fromEntries(own), connection: 'close' };
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
}

function get(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { headers, signal, agent: false };
    const onResponse = (response: IncomingMessage): void => {
      const { statusCode: status = 0 } = response;
      const answer = { status, location: response.headers.location };
      readSome(response, () => resolve(answer));
      response.on('error', reject);
    };
    const sent =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, rejectUnauthorized: false }, onResponse)
        : httpRequest(url, options, onResponse);
    sent.on('error', reject);
    sent.end();
  });
}

/** The whole of a small body, so that the application does not see its write fail. */
function readSome(response: IncomingMessage, done: () => void): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) return;
    done();
    response.destroy();
  });
  response.on('end', done);
}
