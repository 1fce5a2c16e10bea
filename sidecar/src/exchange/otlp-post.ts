import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { PostSpans } from './span-exporter.ts';

/** How long a collector may take for one batch; OpenTelemetry's default. */
const TIMEOUT_MS = 10_000;
const TRACES_PATH = '/v1/traces';

/** `http://collector:4318` means its `/v1/traces`; a URL that ends so already is taken as it is. */
export function tracesUrl(endpoint: string): URL {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith(TRACES_PATH)) url.pathname = url.pathname.replace(/\/$/, '') + TRACES_PATH;
  return url;
}

/** One connection to the collector, kept alive. node:http and not fetch: it is loaded already, fetch adds some 3 MB. */
export function createOtlpPost(url: URL): PostSpans {
  const isTls = url.protocol === 'https:';
  const agent = isTls ? new HttpsAgent(AGENT) : new HttpAgent(AGENT);
  const send = isTls ? httpsRequest : httpRequest;
  return (body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const outgoing = send(url, { method: 'POST', agent, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, ...retryAfter(response) }));
        response.resume();
      });
      outgoing.end(body);
    });
}

const AGENT = { keepAlive: true, maxSockets: 1 } as const;
const LONGEST_WAIT_S = 60;

/** Seconds only; a date is left to the backoff. */
function retryAfter(response: IncomingMessage): { retryAfterMs?: number } {
  const seconds = Number(response.headers['retry-after'] ?? Number.NaN);
  return seconds >= 0 ? { retryAfterMs: Math.min(seconds, LONGEST_WAIT_S) * 1000 } : {};
}
