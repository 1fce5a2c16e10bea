import { expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { rawClient } from '../raw-client.ts';
import { rawUpstream, replying } from '../raw-upstream.ts';
import { startDriver, type CreateDriver } from '../start-driver.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n';

/** How a driver comes to its end, for any HTTP/1 driver. */
export function drainPromises(create: CreateDriver): void {
  test('idle connections are closed, the others after their response, which says so; then it is over', async () => {
    const upstream = await rawUpstream({
      onData: (socket, received) => received.includes('/idle') && socket.write(OK),
    });
    const { port, driver } = await startDriver(create, { targets: [upstream.target] });
    const idle = rawClient(port);
    idle.write('GET /idle HTTP/1.1\r\nHost: b\r\n\r\n');
    await idle.until('ok');
    const busy = rawClient(port);
    busy.write(GET);
    await eventually('the busy request', () =>
      upstream.connections.some((one) => one.received().includes('GET / ')),
    );
    let isDrained = false;
    const drained = driver.drain().then(() => (isDrained = true));
    await idle.closed();
    expect(isDrained).toBe(false);
    const connection = upstream.connections.find((one) => one.received().includes('GET / '));
    connection?.socket.write(OK);
    expect((await busy.closed()).text).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
    );
    busy.end();
    idle.end();
    await drained;
    await eventually('upstream connections end', () => upstream.connections.every((one) => one.hasEnded()));
  });

  test('with nothing left it is over at once, and it may be asked for again', async () => {
    const { driver } = await startDriver(create, { targets: [] });
    await driver.drain();
    await driver.drain();
  });

  test('a connection that has not asked yet gets its one answer', async () => {
    const upstream = await rawUpstream(replying(OK));
    const { port, driver } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\n');
    await eventually('connected', () => client.socket.readyState === 'open');
    const other = rawClient(port);
    other.write(GET);
    await other.until('ok');
    const drained = driver.drain();
    client.write('Host: b\r\n\r\n');
    expect((await client.closed()).text).toContain('Connection: close\r\n\r\nok');
    client.end();
    await drained;
  });

  test('close destroys everything, and every exchange has its end', async () => {
    const upstream = await rawUpstream();
    const { port, driver, handler } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write(GET);
    await (await upstream.connection()).until('\r\n\r\n');
    driver.close();
    await client.closed();
    await eventually('the upstream connection ends', () => upstream.connections[0]?.hasEnded());
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toHaveLength(1);
  });
}
