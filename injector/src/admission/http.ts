import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '@lanekeeper/runtime/log';
import type { InjectionMetrics } from '../injection-metrics.ts';
import { decodeReview, MalformedReview, type AdmissionRequest } from './decode.ts';
import { OversizeBody, readBody, UndecodableBody } from './read-body.ts';
import type { Reviewer } from './reviewer.ts';

export interface WebhookDeps {
  /** By the path to which the API server posts. */
  readonly reviewers: Readonly<Record<string, Reviewer>>;
  readonly metrics: Pick<InjectionMetrics, 'rejected'>;
  readonly log: Log;
  readonly isDraining: () => boolean;
  /** Milliseconds from any start. */
  readonly now: () => number;
}

/** Where the API server posts reviews of pods and workloads, and those of objects of ours. */
export const MUTATE_PATH = '/mutate';
export const VALIDATE_PATH = '/validate';

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
  const path = (request.url ?? '').split('?')[0] ?? '';
  const reviewer = Object.hasOwn(deps.reviewers, path) ? deps.reviewers[path] : undefined;
  const rejection =
    reviewer === undefined
      ? notFound(deps.reviewers)
      : (rejectionOf(request) ?? (await reviewBody({ request, response, reviewer }, deps)));
  if (rejection === undefined) return;
  deps.metrics.rejected(rejection.status);
  deps.log.warn({ status: rejection.status, message: rejection.message }, 'admission_rejected');
  reject(response, rejection);
}

function notFound(reviewers: WebhookDeps['reviewers']): Rejection {
  return { status: 404, message: `there is: ${Object.keys(reviewers).join(', ')}` };
}

/** What the head alone tells. */
function rejectionOf({ method, headers }: IncomingMessage): Rejection | undefined {
  if (method !== 'POST') return { status: 405, message: 'expected POST' };
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  return type === 'application/json' ? undefined : { status: 415, message: 'expected application/json' };
}

interface Posted {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly reviewer: Reviewer;
}

/** Answers a review; what the body is not, comes back as a rejection. */
async function reviewBody(
  { request, response, reviewer }: Posted,
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
  const reviewed = await reviewer(review);
  // Asked now: a connection that is kept open by an answer given while draining would hold the drain up.
  if (deps.isDraining()) response.setHeader('connection', 'close');
  sendJson(response, reviewed.body);
  reviewed.report((deps.now() - begun) / 1000);
  return undefined;
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
