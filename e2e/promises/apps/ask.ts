import { get, type Agent, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Answered, Ask } from './actions.ts';

const TIMEOUT_MS = 20_000;

/** One request to its end. A Host in the headers is sent in place of the URL's. */
export async function ask(
  { url, headers = {}, timeoutMs = TIMEOUT_MS }: Ask,
  agent?: Agent,
): Promise<Answered> {
  const signal = AbortSignal.timeout(timeoutMs);
  const request = get(url, { headers, agent: agent ?? false, signal });
  const [response] = (await once(request, 'response', { signal })) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await text(response) };
}
