import { request } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { IncomingMessage } from 'node:http';

export const CONTROL_PORT = 9000;
const START_MS = 20_000;

/** Posts the order to the client of this pod, which may be starting still, and answers its words; an error of its fails this too. */
export async function askClient(order: string): Promise<string> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      return await post(order);
    } catch (error) {
      const isStarting = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
      if (!isStarting || Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}

async function post(order: string): Promise<string> {
  const posted = request({ host: '127.0.0.1', port: CONTROL_PORT, method: 'POST', agent: false });
  posted.end(order);
  const [response] = (await once(posted, 'response')) as [IncomingMessage];
  const words = await text(response);
  if (response.statusCode !== 200) throw new Error(words);
  return words;
}
