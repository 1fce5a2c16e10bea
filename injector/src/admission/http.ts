import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '@lanekeeper/runtime/log';
import type { InjectionMetrics } from '../injection-metrics.ts';
import { decodeReview, MalformedReview, type AdmissionRequest } from './decode.ts';
import { OversizeBody, readBody, UndecodableBody } from './read-body.ts';
import { toReview, type Answer } from './respond.ts';

export interface WebhookDeps {
  /** Never rejects. */
  readonly review: (request: AdmissionRequest) => Promise<Answer>;
  /** Told of each answer that was given, dry runs apart. */
  readonly observe?: (request: AdmissionRequest, answer: Answer) => void;
  readonly metrics: InjectionMetrics;
  readonly log: Log;
  readonly isDraining: () => boolean;
  /** Milliseconds from any start. */
  readonly now: () => number;
}

/** Where the API server posts its reviews. */
export const MUTATE_PATH = '/mutate';

/** A request that gets no review back. */
interface Rejection {
  readonly status: 400 | 404 | 405 | 413 | 415;
  readonly message: string;
}

/** The webhook as a function of node:http. Whatever comes is answered; nothing is thrown. */
export function createWebhook(
  deps: WebhookDeps,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void answer(request, response, deps).catch((error: unknown) => {
      // The client has gone while its body was read; there is nobody to answer.
      deps.log.debug({ err: error }, 'admission_aborted');
      response.destroy();
    });
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, deps: WebhookDeps): Promise<void> {
  const rejection = rejectionOf(request) ?? (await reviewBody(request, response, deps));
  if (rejection === undefined) return;
  deps.metrics.rejected(rejection.status);
  deps.log.warn({ status: rejection.status, message: rejection.message }, 'admission_rejected');
  reject(response, rejection);
}

/** What the head alone tells. */
function rejectionOf({ method, url, headers }: IncomingMessage): Rejection | undefined {
  if ((url ?? '').split('?')[0] !== MUTATE_PATH) return { status: 404, message: `there is: ${MUTATE_PATH}` };
  if (method !== 'POST') return { status: 405, message: 'expected POST' };
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  return type === 'application/json' ? undefined : { status: 415, message: 'expected application/json' };
}

/** Answers a review; what the body is not, comes back as a rejection. */
async function reviewBody(
  request: IncomingMessage,
  response: ServerResponse,
  deps: WebhookDeps,
): Promise<Rejection | undefined> {
  let review: AdmissionRequest;
  try {
    review = decodeReview(await readBody(request));
  } catch (error) {
    if (error instanceof OversizeBody) return { status: 413, message: error.message };
    if (error instanceof MalformedReview || error instanceof UndecodableBody) {
      return { status: 400, message: error.message };
    }
    throw error;
  }
  const begun = deps.now();
  const result = await deps.review(review);
  // Asked now: a connection that is kept open by an answer given while draining would hold the drain up.
  if (deps.isDraining()) response.setHeader('connection', 'close');
  sendJson(response, toReview(review.uid, result));
  report(review, result, { deps, seconds: (deps.now() - begun) / 1000 });
  return undefined;
}

interface Reporting {
  readonly deps: WebhookDeps;
  readonly seconds: number;
}

/** A dry run changes nothing, the counters included. */
function report(review: AdmissionRequest, result: Answer, { deps, seconds }: Reporting): void {
  const { uid, namespace, kind, dryRun } = review;
  const { result: outcome, reason, message, cause } = result;
  if (!dryRun) {
    deps.metrics.answered(result, seconds);
    deps.observe?.(review, result);
  }
  const fields = { uid, namespace, kind, dryRun, result: outcome, reason, message };
  if (outcome === 'failed') deps.log.error({ ...fields, err: cause }, 'admission_failed');
  else deps.log.info(fields, 'admission_answered');
}

function sendJson(response: ServerResponse, body: object): void {
  const text = JSON.stringify(body);
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}

/** Closes the connection: the rest of a body that nobody reads may still be on its way. */
function reject(response: ServerResponse, { status, message }: Rejection): void {
  const headers = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' };
  response.writeHead(status, headers).end(`${message}\n`);
}
