import { type Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { ProxyError } from '../../proxy-error.ts';
import { eventually } from '../testing/eventually.ts';
import { ECHO, grpcClient, startGrpc } from './testing/grpc-peers.ts';
import { startRelay } from './testing/h2-peers.ts';

type Reply = sendUnaryData<Buffer>;

interface Unary {
  readonly error: ServiceError | null;
  readonly value: Buffer | undefined;
  readonly metadata: Metadata | undefined;
  readonly trailers: Metadata | undefined;
}

function unary(client: Client, bytes: Buffer, metadata = new Metadata(), deadline?: Date): Promise<Unary> {
  return new Promise((resolve) => {
    let head: Metadata | undefined;
    let result: { error: ServiceError | null; value: Buffer | undefined } = { error: null, value: undefined };
    const call = client.makeUnaryRequest(
      ECHO.unary.path,
      ECHO.unary.requestSerialize,
      ECHO.unary.responseDeserialize,
      bytes,
      metadata,
      deadline === undefined ? {} : { deadline },
      (error, value) => (result = { error, value }),
    );
    call.on('metadata', (received: Metadata) => (head = received));
    call.on('status', ({ metadata: trailers }) =>
      setImmediate(() => resolve({ ...result, metadata: head, trailers })),
    );
  });
}

const duplex = (client: Client) =>
  client.makeBidiStreamRequest(ECHO.chat.path, ECHO.chat.requestSerialize, ECHO.chat.responseDeserialize);

test('carries a unary call with metadata both ways: repeated, binary and large', async () => {
  let received: Metadata | undefined;
  const origin = await startGrpc({
    unary(call: ServerUnaryCall<Buffer, Buffer>, reply: Reply) {
      received = call.metadata;
      const head = new Metadata();
      head.set('x-large', 'v'.repeat(8_000));
      call.sendMetadata(head);
      const trailers = new Metadata();
      trailers.set('x-trace-bin', Buffer.from([0, 255, 128]));
      reply(null, Buffer.from(call.request).reverse(), trailers);
    },
  });
  const relay = await startRelay([origin]);
  const metadata = new Metadata();
  metadata.add('x-many', '1');
  metadata.add('x-many', '2');
  metadata.set('x-id-bin', Buffer.from([1, 0, 254]));
  metadata.set('x-large', 'u'.repeat(8_000));
  const call = await unary(grpcClient(relay.port), Buffer.from('abc'), metadata);
  expect(call.error).toBeNull();
  expect(String(call.value)).toBe('cba');
  expect(received?.get('x-many').join(', ')).toBe('1, 2');
  expect(received?.get('x-id-bin')).toEqual([Buffer.from([1, 0, 254])]);
  expect(received?.get('x-large')[0]).toHaveLength(8_000);
  expect(call.metadata?.get('x-large')[0]).toHaveLength(8_000);
  expect(call.trailers?.get('x-trace-bin')).toEqual([Buffer.from([0, 255, 128])]);
  await eventually('end', () => relay.handler.exchanges[0]?.ends.length === 1);
  expect(relay.handler.exchanges[0]).toMatchObject({
    responded: [200],
    ends: [{ status: 200, grpcStatus: 0 }],
  });
});

test('carries client, server and bidirectional streams', async () => {
  const origin = await startGrpc({
    upload(call: ServerReadableStream<Buffer, Buffer>, reply: Reply) {
      let size = 0;
      call.on('data', (chunk: Buffer) => (size += chunk.length));
      call.on('end', () => reply(null, Buffer.from(String(size))));
    },
    download(call: ServerWritableStream<Buffer, Buffer>) {
      for (let at = 0; at < Number(call.request); at += 1) call.write(Buffer.from(`m${at} `));
      call.end();
    },
    chat(call: ServerDuplexStream<Buffer, Buffer>) {
      call.on('data', (chunk: Buffer) => call.write(chunk));
      call.on('end', () => call.end());
    },
  });
  const client = grpcClient((await startRelay([origin])).port);

  const uploaded = await new Promise<string>((resolve, reject) => {
    const call = client.makeClientStreamRequest(
      ECHO.upload.path,
      ECHO.upload.requestSerialize,
      ECHO.upload.responseDeserialize,
      (error, value) => (error ? reject(error) : resolve(String(value))),
    );
    for (let at = 0; at < 300; at += 1) call.write(Buffer.alloc(1_000));
    call.end();
  });
  expect(uploaded).toBe('300000');

  const download = client.makeServerStreamRequest(
    ECHO.download.path,
    ECHO.download.requestSerialize,
    ECHO.download.responseDeserialize,
    Buffer.from('50'),
  );
  const messages: string[] = [];
  for await (const message of download) messages.push(String(message));
  expect(messages.join('')).toBe(Array.from({ length: 50 }, (_, at) => `m${at} `).join(''));

  const chat = duplex(client);
  const answers = chat[Symbol.asyncIterator]();
  for (const word of ['one', 'two', 'three']) {
    chat.write(Buffer.from(word));
    expect(String((await answers.next()).value)).toBe(word);
  }
  chat.end();
  expect((await answers.next()).done).toBe(true);
});

test('passes errors as they are: trailers-only, and a status after messages', async () => {
  const origin = await startGrpc({
    unary: (_call: unknown, reply: Reply) =>
      reply({ code: status.NOT_FOUND, details: 'no such thing: 100 % ünknown' }),
    download(call: ServerWritableStream<Buffer, Buffer>) {
      call.write(Buffer.from('one'));
      call.emit('error', { code: status.DATA_LOSS, details: 'the rest is gone' });
    },
  });
  const relay = await startRelay([origin]);
  const client = grpcClient(relay.port);
  const call = await unary(client, Buffer.from('x'));
  expect(call.error).toMatchObject({ code: status.NOT_FOUND, details: 'no such thing: 100 % ünknown' });
  const download = client.makeServerStreamRequest(
    ECHO.download.path,
    ECHO.download.requestSerialize,
    ECHO.download.responseDeserialize,
    Buffer.from('x'),
  );
  const seen: string[] = [];
  download.on('data', (message: Buffer) => seen.push(String(message)));
  const error = await new Promise<ServiceError>((resolve) =>
    download.on('error', resolve as (error: Error) => void),
  );
  expect(seen).toEqual(['one']);
  expect(error).toMatchObject({ code: status.DATA_LOSS, details: 'the rest is gone' });
  await eventually('both ends', () => relay.handler.exchanges.every((one) => one.ends.length === 1));
  expect(relay.handler.exchanges.map((one) => one.ends[0]?.grpcStatus)).toEqual([5, 15]);
});

test('passes deadlines on, and cancellation by either side', async () => {
  let deadlineSeen: number | undefined;
  let cancelled = 0;
  const origin = await startGrpc({
    unary(call: ServerUnaryCall<Buffer, Buffer>) {
      deadlineSeen = Number(call.getDeadline());
      call.on('cancelled', () => (cancelled += 1));
    },
    chat(call: ServerDuplexStream<Buffer, Buffer>) {
      call.write(Buffer.from('hello'));
      call.on('cancelled', () => (cancelled += 1));
    },
  });
  const relay = await startRelay([origin], { limits: { responseTimeoutMs: 20 } });
  const client = grpcClient(relay.port);
  const deadline = new Date(Date.now() + 400);
  const call = await unary(client, Buffer.from('x'), new Metadata(), deadline);
  expect(call.error?.code).toBe(status.DEADLINE_EXCEEDED);
  expect(Math.abs((deadlineSeen ?? 0) - deadline.getTime())).toBeLessThan(300);
  await eventually('the server to hear of it', () => cancelled === 1);

  const chat = duplex(client);
  const failed = new Promise<ServiceError>((resolve) => chat.on('error', resolve as (error: Error) => void));
  chat.on('data', () => chat.cancel());
  expect((await failed).code).toBe(status.CANCELLED);
  await eventually('the server to hear of it', () => cancelled === 2);
  await eventually('both ends', () => relay.handler.exchanges.every((one) => one.ends.length === 1));
});

test('answers a gRPC call that it refuses in gRPC, with the code of the table and the reason', async () => {
  const origin = await startGrpc({
    unary: (_call: unknown, reply: Reply) => reply(null, Buffer.from('never')),
  });
  const relay = await startRelay([origin], {
    refusal: () => new ProxyError('lane-ambiguous', 'two lanes: größer & 5 %'),
  });
  const call = await unary(grpcClient(relay.port), Buffer.from('x'));
  expect(call.error).toMatchObject({
    code: status.UNAVAILABLE,
    details: 'lane-ambiguous: two lanes: größer & 5 %',
  });
  expect(call.error?.metadata.get('x-lanekeeper-error')).toEqual(['lane-ambiguous']);
  await eventually('end', () => relay.handler.exchanges[0]?.ends.length === 1);
  expect(relay.handler.exchanges[0]?.ends).toMatchObject([{ status: 200, grpcStatus: 14 }]);
});

test('tells a gRPC client that its server is gone', async () => {
  const origin = await startGrpc({
    unary: (_call: unknown, reply: Reply) => reply(null, Buffer.from('here')),
  });
  const relay = await startRelay([origin]);
  const client = grpcClient(relay.port);
  expect(String((await unary(client, Buffer.from('x'))).value)).toBe('here');
  origin.server.forceShutdown();
  const call = await unary(client, Buffer.from('x'));
  expect(call.error).toMatchObject({ code: status.UNAVAILABLE });
});
