import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ProxyError } from '../../proxy-error.ts';
import { localReply, type LocalReply } from '../local-reply.ts';
import { headText } from './response-head.ts';

/** Answers a request with a reply of the proxy's own. */
export function sendLocalReply(
  response: ServerResponse,
  reply: LocalReply,
  options: { readonly closes: boolean },
): void {
  const fields = flatFields(reply, options.closes || reply.closes);
  response.sendDate = false;
  response.removeHeader('connection');
  response.writeHead(reply.status, reasonOf(reply.status), fields);
  response.end(reply.body);
}

/** The same for a message that never became a request, so that Node has no response for it. The connection is to be closed after. */
export function writeLocalReply(socket: Socket, error: ProxyError): void {
  const reply = localReply(error);
  if (socket.writable)
    socket.write(headText(reply.status, reasonOf(reply.status), flatFields(reply, true)) + reply.body);
}

function flatFields(reply: LocalReply, closes: boolean): string[] {
  const fields = reply.headers.flat();
  if (closes) fields.push('connection', 'close');
  return fields;
}

/** The usual phrase of a status. */
export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}
