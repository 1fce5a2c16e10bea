import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdminReply, AdminRequest } from './endpoint.ts';

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** For everything but the page: nothing that is shown may run or load anything. */
const CLOSED_CSP = "default-src 'none'; frame-ancestors 'none'";

/** JSON is indented for people: a browser, or who asks for `?pretty`. */
export function send(request: AdminRequest, reply: AdminReply, response: ServerResponse): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  response.setHeader('content-security-policy', CLOSED_CSP);
  if (reply.kind === 'stream') return reply.open(response);
  if (reply.kind === 'text') {
    if (reply.csp !== undefined) response.setHeader('content-security-policy', reply.csp);
    response.writeHead(200, { 'content-type': reply.contentType }).end(reply.body);
    return;
  }
  const isPretty = request.wantsHtml || request.query.has('pretty');
  const body = `${JSON.stringify(reply.body, undefined, isPretty ? 2 : undefined)}\n`;
  response.writeHead(reply.status, { 'content-type': 'application/json; charset=utf-8' }).end(body);
}

export function wantsHtml(message: IncomingMessage): boolean {
  return (message.headers.accept ?? '').includes('text/html');
}
