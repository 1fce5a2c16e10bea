import type { IncomingMessage } from 'node:http';
import { hasToken } from '../hop-by-hop.ts';
import { announcesBody } from './request-body.ts';

/**
 * Whether a request's `upgrade` is passed on; otherwise it is a plain request, as RFC 9110 section 7.8 allows. Not with a body, not
 * in HTTP/1.0, and not to HTTP/2: the first request of a connection must not decide for those that follow.
 */
export function mayUpgrade(request: IncomingMessage): boolean {
  return request.httpVersionMinor > 0 && !announcesBody(request) && !hasToken(request.headers.upgrade, 'h2c');
}
