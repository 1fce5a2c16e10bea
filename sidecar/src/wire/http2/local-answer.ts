import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { HEADERS } from '@lanekeeper/protocol/headers';
import { PROXY_ERRORS, type ProxyError } from '../../proxy-error.ts';
import { localReply, type LocalReply } from '../local-reply.ts';
import { refuseRest } from './end-of-stream.ts';
import { fieldsObject, fieldValue, isBodiless, isGrpc, type RawFields } from './fields.ts';
import { respondOptions } from './session-options.ts';

/** What is not printable ASCII, and the percent sign: to be encoded in `grpc-message` (gRPC over HTTP/2, Responses). */
const GRPC_MESSAGE_UNSAFE = /[^ -$&-~]+/g;

/**
 * Answers a request with the proxy's own error and lets the client stop sending. Nothing happens where it is too late. The
 * request's body is the caller's to discard.
 */
export function answerLocally(stream: ServerHttp2Stream, error: ProxyError, request: RawFields): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  if (isGrpc(request)) stream.respond(grpcFields(error, request), respondOptions({ endStream: true }));
  else write(stream, localReply(error), request);
  refuseRest(stream);
}

/** The same with a reply that is none of an error, whatever the client speaks over HTTP/2. */
export function replyLocally(stream: ServerHttp2Stream, reply: LocalReply, request: RawFields): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  write(stream, reply, request);
  refuseRest(stream);
}

function write(stream: ServerHttp2Stream, reply: LocalReply, request: RawFields): void {
  const endStream = reply.body === '' || isBodiless(fieldValue(request, ':method') ?? '', reply.status);
  const fields = fieldsObject(reply.headers.flat(), {});
  stream.respond({ ':status': reply.status, ...fields }, respondOptions({ endStream }));
  if (!endStream) stream.end(reply.body);
}

function grpcFields(error: ProxyError, request: RawFields): OutgoingHttpHeaders {
  return {
    ':status': 200,
    'content-type': fieldValue(request, 'content-type') ?? 'application/grpc',
    'grpc-status': PROXY_ERRORS[error.code].grpc,
    'grpc-message': grpcMessage(`${error.code}: ${error.message}`),
    [HEADERS.error]: error.code,
  };
}

/** Percent-encodes the UTF-8 of everything that `grpc-message` may not carry as it is. */
function grpcMessage(message: string): string {
  return message.replace(GRPC_MESSAGE_UNSAFE, (unsafe) =>
    [...Buffer.from(unsafe, 'utf8')]
      .map((octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
