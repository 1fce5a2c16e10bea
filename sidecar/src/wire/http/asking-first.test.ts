import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { describe, expect, test } from 'vitest';
import { askingFirst } from '../testing/asking-first.ts';
import { slowDriver } from '../testing/create-http-driver.ts';
import { eventually } from '../testing/eventually.ts';
import { badRequestsPromises } from '../testing/http1/bad-requests.ts';
import { bodiesPromises } from '../testing/http1/bodies.ts';
import { drainPromises } from '../testing/http1/drain.ts';
import { forwardingPromises } from '../testing/http1/forwarding.ts';
import { retryingPromises } from '../testing/http1/retrying.ts';
import { upgradePromises } from '../testing/http1/upgrade.ts';
import { rawClient } from '../testing/raw-client.ts';
import { rawUpstream, replying } from '../testing/raw-upstream.ts';
import { startDriver } from '../testing/start-driver.ts';

const driver = askingFirst(slowDriver);

describe('the slow driver, asking for each destination first', () => {
  describe('forwards', () => forwardingPromises(driver));
  describe('tries again', () => retryingPromises(driver));
  describe('carries bodies', () => bodiesPromises(driver));
  describe('refuses bad requests', () => badRequestsPromises(driver));
  describe('upgrades', () => upgradePromises(driver));
  describe('drains', () => drainPromises(driver));
});

/** A driver whose question is answered by the test. */
async function startAsking(targets: readonly SocketAddress[]) {
  let answer = (): void => undefined;
  const asked: string[] = [];
  const running = await startDriver(slowDriver, {
    targets,
    prepare(head) {
      asked.push(head.authority);
      return new Promise((resolve) => (answer = resolve));
    },
  });
  return { ...running, asked, answer: () => answer() };
}

test('a client that leaves while its destination is asked for begins nothing', async () => {
  const { port, driver, asked, answer, handler } = await startAsking([]);
  const client = rawClient(port);
  client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
  await eventually('the question', () => asked.length === 1);
  client.socket.resetAndDestroy();
  await driver.drain();
  answer();
  await nextTurn();
  expect(handler.exchanges).toEqual([]);
});

test('bytes that are no body are refused when the answer comes, and reach nobody', async () => {
  const upstream = await rawUpstream(replying('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  const { port, asked, answer, handler } = await startAsking([upstream.target]);
  const client = rawClient(port);
  client.write('POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n');
  await eventually('the question', () => asked.length === 1);
  await nextTurn();
  answer();
  await client.until('HTTP/1.1 400');
  expect(handler.refused).toHaveLength(1);
});

test('requests that were pipelined behind one that is asked for are answered in order', async () => {
  const upstream = await rawUpstream(replying('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  const { port, asked, answer } = await startAsking([upstream.target]);
  const client = rawClient(port);
  client.write('GET /1 HTTP/1.1\r\nHost: b\r\n\r\nGET /2 HTTP/1.1\r\nHost: c\r\n\r\n');
  await eventually('the first question', () => asked.length === 1);
  answer();
  await eventually('the second question', () => asked.length === 2);
  answer();
  await eventually('both answers', () => client.received().match(/200 OK/g)?.length === 2);
  expect(asked).toEqual(['b', 'c']);
});
