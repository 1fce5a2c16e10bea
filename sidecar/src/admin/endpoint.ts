import type { IncomingHttpHeaders, ServerResponse } from 'node:http';

/** A request to the admin server, checked (see guard.ts) and parsed. It never has a body. */
export interface AdminRequest {
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The client is a browser that asks for a page. */
  readonly wantsHtml: boolean;
}

export type AdminReply =
  | { readonly kind: 'json'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'text'; readonly contentType: string; readonly body: string; readonly csp?: string }
  /** Takes the response over; `open` is called once and must end it when the client is gone. */
  | { readonly kind: 'stream'; readonly open: (response: ServerResponse) => void };

/** Answers one request. Plain dependencies come in when it is made. */
export type Endpoint = (request: AdminRequest) => AdminReply;

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  /** For people: in /help and in a 404. */
  readonly does: string;
  readonly answer: Endpoint;
}

export function json(body: unknown, status = 200): AdminReply {
  return { kind: 'json', status, body };
}

/** `code` is stable; `message` says what was expected. */
export function problem(status: number, code: string, message: string): AdminReply {
  return json({ error: code, message }, status);
}

/** A parameter that is not among `known`, or given twice though `known` says once: most likely a typing mistake, so it is said. */
export function checkQuery(
  query: URLSearchParams,
  known: readonly string[],
  repeated = '',
): AdminReply | undefined {
  for (const name of new Set(query.keys())) {
    if (name === 'pretty') continue;
    if (!known.includes(name) && name !== repeated) {
      const all = [...known, ...(repeated === '' ? [] : [repeated]), 'pretty'].join(', ');
      return problem(400, 'unknown-parameter', `there is no parameter ${name}; known are: ${all}`);
    }
    if (name !== repeated && query.getAll(name).length > 1) {
      return problem(400, 'repeated-parameter', `${name} is given more than once`);
    }
  }
  return undefined;
}

/** The value of a parameter; one that is empty counts as not given, so that a form can be sent as it is. */
export function parameter(query: URLSearchParams, name: string): string | undefined {
  const value = query.get(name);
  return value === null || value === '' ? undefined : value;
}
