import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.ts';
import { fieldsOf } from './kube-object.ts';
import { nameOf, type Collection, type Named } from './resources.ts';

/** What was asked, in the words of RBAC. */
export interface Asked {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` */
  readonly verb: string;
  /** Absent: no object, `/version` for one. */
  readonly place?: Collection | Named;
}

/** The error of an answer that is no 2xx; `body` is a Status as JSON, mostly. */
export function answerError(asked: Asked, response: IncomingMessage, body: string): ApiError {
  const status = response.statusCode ?? 0;
  const said = readStatus(body);
  const retryAfterMs = retryAfterOf(response.headers['retry-after'] ?? said.retryAfterSeconds);
  return new ApiError(sentence(asked, status, said.message), {
    code: status >= 500 ? 'failed' : 'refused',
    status,
    reason: said.reason,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** A Status that came inside a watch, as an event of type ERROR. */
export function statusError(asked: Asked, value: unknown): ApiError {
  const { code } = fieldsOf(value);
  const said = readStatus(JSON.stringify(value));
  const status = typeof code === 'number' ? code : 0;
  const retryAfterMs = retryAfterOf(said.retryAfterSeconds);
  return new ApiError(sentence(asked, status, said.message), {
    code: status >= 400 && status < 500 ? 'refused' : 'failed',
    status,
    reason: said.reason,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** What went wrong below HTTP, as an {@link ApiError}; one that is it already stays as it is. */
export function brokenError(asked: Asked, error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const cause = rootOf(error);
  if (cause.name === 'TimeoutError') {
    return new ApiError(`no whole answer in time when asked to ${wish(asked)}`, {
      code: 'timeout',
      cause: error,
    });
  }
  if (cause.name === 'AbortError') {
    return new ApiError(`given up: ${wish(asked)}`, { code: 'aborted', cause: error });
  }
  return new ApiError(`cannot reach the API server to ${wish(asked)}: ${cause.message}`, {
    code: 'unreachable',
    cause: error,
  });
}

export function malformedAnswer(asked: Asked, cause: unknown): ApiError {
  return new ApiError(`the answer is no JSON when asked to ${wish(asked)}`, { code: 'malformed', cause });
}

/** An abort wears its reason as the cause. */
function rootOf(error: unknown): { readonly name: string; readonly message: string } {
  if (!(error instanceof Error)) return { name: '', message: String(error) };
  if (error.name === 'AbortError' && error.cause instanceof Error) return error.cause;
  return error;
}

interface Said {
  readonly message: string;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
}

function readStatus(body: string): Said {
  const { message, reason, details } = fieldsOf(parse(body));
  const { retryAfterSeconds } = fieldsOf(details);
  return {
    message: typeof message === 'string' ? message : body.slice(0, 200),
    reason: typeof reason === 'string' ? reason : '',
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined,
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // A proxy in between answers in HTML or plain text.
    return undefined;
  }
}

/** Seconds; the other form, a date, depends on two clocks and is not used by the API server. */
function retryAfterOf(value: string | number | undefined): number | undefined {
  const seconds = Number(value);
  return value === undefined || !Number.isFinite(seconds) || seconds < 0 ? undefined : seconds * 1_000;
}

function sentence(asked: Asked, status: number, message: string): string {
  const said = message === '' ? '' : `: ${message}`;
  if (status === 401) return `the API server does not know us (401) when asked to ${wish(asked)}${said}`;
  if (status !== 403 || asked.place === undefined) return `${status} when asked to ${wish(asked)}${said}`;
  const { group, plural } = asked.place.resource;
  const subresource = 'subresource' in asked.place ? `/${asked.place.subresource}` : '';
  const rule = `verbs: ["${asked.verb}"], apiGroups: ["${group}"], resources: ["${plural}${subresource}"]`;
  return `may not ${wish(asked)} (403); its role needs the rule {${rule}}${said}`;
}

function wish({ verb, place }: Asked): string {
  return place === undefined ? `${verb} /version` : `${verb} ${nameOf(place)}`;
}
