import { afterEach, describe, expect, it } from 'vitest';
import { startDiscovery, type DiscoveryFixture, type FixtureOptions } from '../testing/discovery-fixture.ts';
import { makeService } from '../testing/memory-catalog.ts';

let open: DiscoveryFixture[] = [];

async function start(options?: FixtureOptions): Promise<DiscoveryFixture> {
  const fixture = await startDiscovery(options);
  open.push(fixture);
  return fixture;
}

afterEach(() => {
  for (const fixture of open) fixture.close();
  open = [];
});

describe('on demand', () => {
  it('answers a hello with the mesh part and no service', async () => {
    const { catalog, connect } = await start();
    catalog.put(makeService('b', ['10.0.0.1']));
    const client = connect();
    client.hello();
    const update = await client.take();
    expect(update.mesh).toEqual({ version: catalog.mesh().version, value: catalog.mesh().value });
    expect(update.services).toEqual([]);
  });

  it('sends the services that the interests mean, and says which keys it has answered', async () => {
    const { catalog, connect } = await start();
    catalog.put(makeService('b', ['10.0.0.1']));
    catalog.put(makeService('c', ['10.0.0.2']));
    const client = connect();
    client.hello();
    await client.take();
    client.want('host:b', 'host:nowhere.example');
    const update = await client.take();
    expect(update.services.map(({ id }) => id)).toEqual(['shop/b']);
    expect(update.services[0]?.value).toEqual(makeService('b', ['10.0.0.1']));
    expect(update.answered).toEqual(['host:b', 'host:nowhere.example']);
  });
});
