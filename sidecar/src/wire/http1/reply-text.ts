import type { ProxyError } from '../../proxy-error.ts';
import { reasonOf } from '../http/send-local-reply.ts';
import { localReply, type LocalReply } from '../local-reply.ts';

/** A reply of the proxy's own as it goes on the wire. */
export function replyText(
  reply: LocalReply,
  { closes, isHead }: { readonly closes: boolean; readonly isHead: boolean },
): string {
  let text = `HTTP/1.1 ${reply.status} ${reasonOf(reply.status)}\r\n`;
  for (const [name, value] of reply.headers) text += `${name}: ${value}\r\n`;
  if (closes) text += 'connection: close\r\n';
  return `${text}\r\n${isHead ? '' : reply.body}`;
}

/** What a client is told whose bytes are no request. */
export function errorText(error: ProxyError): string {
  return replyText(localReply(error), { closes: true, isHead: false });
}
