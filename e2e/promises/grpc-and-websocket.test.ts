import { describe, expect, it } from 'vitest';
import { startClient, type Client } from './harness/client.ts';
import { untilKnown } from './harness/known.ts';
import { deployment, service } from './harness/objects.ts';
import { useSpace } from './harness/space.ts';

const MESSAGES = Array.from({ length: 20 }, (_, index) => `message ${index}`);

describe('gRPC and WebSocket', () => {
  const space = useSpace('grpc-websocket');
  const clients: Record<string, Client> = {};

  space.setUp(async () => {
    const talk = (name: string, labels = {}) =>
      deployment(name, {
        args: ['talk'],
        env: { NAME: name.replace('talk-', '') },
        labels: { app: 'talk', ...labels },
        readinessProbe: { tcpSocket: { port: 9090 }, periodSeconds: 1 },
      });
    await space.apply(
      service('talk', { grpc: 9090, web: 8080 }),
      talk('talk-base'),
      talk('talk-gray', { 'lanekeeper.io/lane': 'gray' }),
    );
    clients['base'] = await startClient(space, 'client', { injected: true });
    clients['gray'] = await startClient(space, 'client-gray', {
      injected: true,
      labels: { 'lanekeeper.io/lane': 'gray' },
    });
    await space.rolledOut('talk-base', 'talk-gray');
    for (const client of Object.values(clients)) await untilKnown(space, client, 'http://talk:8080/', 4);
  });

  const answered = (lane: string): unknown =>
    MESSAGES.map((message) => expect.stringMatching(new RegExp(`^${lane}\\[.*\\]: ${message}$`)) as string);

  describe.each([
    { says: 'base', as: 'nothing says otherwise', from: 'base', tag: undefined },
    { says: 'gray', as: 'the caller passes a tag on', from: 'base', tag: 'gray' },
    { says: 'gray', as: 'the caller is in the lane', from: 'gray', tag: undefined },
  ])('in $says, for $as:', ({ says, from, tag }) => {
    const conversation = (port: number) => ({
      authority: `talk:${port}`,
      messages: MESSAGES,
      ...(tag !== undefined && { lane: tag }),
    });

    it('gRPC calls stay', async () => {
      const order = { ...conversation(9090), unary: true };
      expect(await clients[from]?.perform('grpc', order)).toEqual(answered(says));
    });

    it('a gRPC stream stays', async () => {
      const order = { ...conversation(9090), unary: false };
      expect(await clients[from]?.perform('grpc', order)).toEqual(answered(says));
    });

    it('a WebSocket stays', async () => {
      expect(await clients[from]?.perform('websocket', conversation(8080))).toEqual(answered(says));
    });
  });
});
