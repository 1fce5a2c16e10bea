import { once } from 'node:events';
import { WebSocket } from 'ws';
import { callUnary, chat, grpcClient } from '../../harness/grpc-app.ts';
import type { Actions, Conversation } from './actions.ts';

const TIMEOUT_MS = 20_000;

/** Sends each message once the one before is answered. */
export async function converseByWebSocket({
  authority,
  lane,
  messages,
}: Conversation): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = lane === undefined ? {} : { baggage: `lane=${lane}` };
  const socket = new WebSocket(`ws://${authority}/`, { headers });
  const answers: string[] = [];
  try {
    await once(socket, 'open', { signal });
    for (const message of messages) {
      socket.send(message);
      const [data] = (await once(socket, 'message', { signal })) as [Buffer];
      answers.push(data.toString());
    }
    return answers;
  } finally {
    socket.terminate();
  }
}

export async function converseByGrpc(order: Actions['grpc']['ask']): Promise<readonly string[]> {
  const { authority, lane, messages, unary } = order;
  const [address = '', port = ''] = authority.split(':');
  const client = grpcClient({ address, port: Number(port) }, authority);
  try {
    if (unary)
      return await sayEach(messages, (message) =>
        callUnary(client, message, lane, { deadlineMs: TIMEOUT_MS }),
      );
    const talk = await chat(client, messages, lane);
    if (talk.status !== 0) throw new Error(`the stream ended with status ${talk.status}`);
    return talk.answers;
  } finally {
    client.close();
  }
}

async function sayEach(
  messages: readonly string[],
  say: (message: string) => Promise<string>,
): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const message of messages) answers.push(await say(message));
  return answers;
}
