import type { OutgoingMessage } from 'node:http';

/**
 * Sends a head before its body is there. Node's `flushHeaders` writes it as UTF-8, so that each byte of a field beyond ASCII would
 * become two; an empty write of Latin-1 does not. A message that can have no body is left to its end, which comes at once.
 */
export function flushHead(message: OutgoingMessage): void {
  message.write('', 'latin1');
}
