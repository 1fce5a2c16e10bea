import { TextDecoder } from 'node:util';
import type { HttpAnswer } from '../http/http-call.ts';

/** The text of a configuration in whatever encoding the server says; UTF-8 where it says none, or one that nobody knows. */
export function decodeContent({ body, headers }: HttpAnswer): string {
  const label = /charset="?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  return decoderFor(label).decode(body);
}

function decoderFor(label: string): TextDecoder {
  try {
    // A mark at the beginning stays: the server has hashed it as well.
    return new TextDecoder(label, { ignoreBOM: true });
  } catch {
    return new TextDecoder('utf-8', { ignoreBOM: true });
  }
}
