import { randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { HOSTS } from './layout.ts';
import type { LaneName } from './layout.ts';

/** One request through the gateway and what came back. */
export interface Answer {
  /** The chain as the applications answered it, or the status and text of an error. */
  readonly chain: string;
  readonly requestId: string;
  readonly traceId: string;
  /** When it was sent, milliseconds since the epoch. */
  readonly sentAt: number;
}

export interface Question {
  readonly lane: LaneName;
  /** Whether the applications hand on the request's ids. */
  readonly forwards: 'ids' | 'nothing';
}

const TIMEOUT_MS = 10_000;

/** Path and query that ask the applications for it. */
export function pathOf(forwards: Question['forwards']): string {
  return forwards === 'ids' ? '/a' : '/a?forward=nothing';
}

/** Sends one request as a browser's front end would: with a Host, a request id and a trace context, and no word of a lane. */
export function ask(gatewayUrl: string, { lane, forwards }: Question, signal: AbortSignal): Promise<Answer> {
  const requestId = randomUUID();
  const traceId = randomBytes(16).toString('hex');
  const sentAt = Date.now();
  const headers = {
    host: HOSTS[lane],
    'x-request-id': requestId,
    traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
  };
  return new Promise((resolve, reject) => {
    const options = { agent: false, headers, timeout: TIMEOUT_MS, signal };
    const call = request(`${gatewayUrl}${pathOf(forwards)}`, options, (response) => {
      buffer(response).then((body) => {
        const text = body.toString('utf8').trim();
        const chain = response.statusCode === 200 ? text : `${response.statusCode} ${text}`;
        resolve({ chain, requestId, traceId, sentAt });
      }, reject);
    });
    call.once('timeout', () => call.destroy(new Error(`the gateway did not answer within ${TIMEOUT_MS} ms`)));
    call.once('error', reject);
    call.end();
  });
}
