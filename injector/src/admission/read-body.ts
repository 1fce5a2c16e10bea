import type { IncomingMessage } from 'node:http';

/**
 * The API server takes objects of up to 3 MiB (`MaxRequestBodyBytes`); a review holds two of them (object and oldObject), and 1 MiB
 * is left for the rest of it: the user with all groups, the options.
 */
export const MAX_REVIEW_BYTES = (3 + 3 + 1) * 1024 * 1024;

/** The body is larger than any review that the API server can send. */
export class OversizeBody extends Error {
  constructor() {
    super(`expected at most ${MAX_REVIEW_BYTES} bytes`);
  }
}

/** The body is no UTF-8. */
export class UndecodableBody extends Error {}

/** Reads the body; reads no further than the limit. Throws {@link OversizeBody} or {@link UndecodableBody}. */
export async function readBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_REVIEW_BYTES) throw new OversizeBody();
  const chunks: Buffer[] = [];
  let length = 0;
  // Not destroyed on the way out: the answer 413 goes over the same socket.
  const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_REVIEW_BYTES) throw new OversizeBody();
    chunks.push(chunk);
  }
  return decodeUtf8(Buffer.concat(chunks));
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UndecodableBody('expected UTF-8', { cause: error });
  }
}
