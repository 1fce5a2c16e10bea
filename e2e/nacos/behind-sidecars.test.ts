import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNacosServer } from '@lanekeeper/playground/nacos-server/build-nacos-server';
import { findJavaTools } from '@lanekeeper/playground/nacos-server/java-tools';
import { nacosArguments } from '@lanekeeper/playground/nacos-server/nacos-command';
import { startNacosRegistrant, type Registrant } from '@lanekeeper/playground/nacos-server/registrant';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { SIDECAR_PROGRAM } from '../harness/sidecar-process.ts';
import { createNetwork, type Network, type Pod } from '../tests/netns/network.ts';
import { redirectTraffic } from '../tests/netns/redirect-program.ts';
import { skipsWithoutNamespaces } from '../tests/netns/requirements.ts';

const ORDERS = { service: 'orders' };
const PORT = 8848;

interface Host {
  readonly ip: string;
}

/** As in a namespace that is injected whole: the application and its Nacos each have a sidecar that the kernel brings all traffic to. */
describe.skipIf(skipsWithoutNamespaces())('the Java client and its Nacos, both behind sidecars', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-'));
  let network: Network;
  let app: Pod;
  let nacos: Pod;
  let registrant: Registrant;

  beforeAll(async () => {
    network = createNetwork();
    app = network.addPod('app', '192.0.2.10');
    nacos = network.addPod('nacos', '192.0.2.40');
    await startNacos(nacos, folder);
    await startSidecar(nacos, 'nacos-server', folder);
    await startSidecar(app, 'orders', folder);
    const server = { address: nacos.address, httpPort: PORT };
    registrant = await startNacosRegistrant({ server, at: (command) => app.command(command) });
  });

  afterAll(async () => {
    await registrant?.kill();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function registered(): readonly string[] {
    const url = `http://127.0.0.1:${PORT}/nacos/v1/ns/instance/list?serviceName=orders`;
    const { hosts } = JSON.parse(nacos.run(['curl', '--silent', '--max-time', '10', url])) as {
      readonly hosts: readonly Host[];
    };
    return hosts.map(({ ip }) => ip).sort();
  }

  it('have a connection each: what one of them registers is its own, and both are told of all', async () => {
    const [one, two] = [registrant.client('one'), registrant.client('two')];
    await one.register(ORDERS, { ip: '10.1.0.1', port: 8080 });
    await two.register(ORDERS, { ip: '10.1.0.2', port: 8080 });
    await eventually('both are registered', async () => registered().join() === '10.1.0.1,10.1.0.2', 60_000);
    for (const client of [one, two]) {
      await eventually('it is told of both', async () => (await client.watched(ORDERS)).length === 2, 60_000);
    }
    await one.close();
    await eventually('the instance of one is gone', async () => registered().join() === '10.1.0.2', 60_000);
    await eventually('two is told of it', async () => (await two.watched(ORDERS)).length === 1, 60_000);
    expect(registered()).toEqual(['10.1.0.2']);
  });
});

async function startNacos(pod: Pod, folder: string): Promise<void> {
  const jar = await buildNacosServer();
  const { java } = await findJavaTools();
  const home = join(folder, 'nacos');
  const properties = { 'nacos.server.ip': pod.address, 'server.address': '0.0.0.0' };
  const args = nacosArguments({ jar, home, port: PORT }, { properties });
  await pod.start(['/usr/bin/env', 'MALLOC_ARENA_MAX=2', java, ...args]);
  const state = `http://127.0.0.1:${PORT}/nacos/v1/ns/operator/metrics`;
  await eventually(
    'Nacos is up',
    async () => {
      try {
        return pod.run(['curl', '--silent', '--max-time', '2', state]).includes('UP');
      } catch {
        return false;
      }
    },
    120_000,
  );
}

async function startSidecar(pod: Pod, name: string, folder: string): Promise<void> {
  const meshFile = join(folder, `${name}.yaml`);
  writeFileSync(meshFile, stringify(MESH));
  redirectTraffic(pod);
  const env = {
    [VARIABLES.app]: name,
    [VARIABLES.pod]: pod.name,
    [VARIABLES.podAddress]: pod.address,
    [VARIABLES.configFile]: meshFile,
  };
  await pod.start([process.execPath, SIDECAR_PROGRAM], { asProxy: true, env, ready: /"event":"ready"/ });
}

/** Its Service names both of its ports, so it is a service of the mesh like any other. */
const MESH = {
  services: [
    {
      name: 'nacos-server',
      ports: [{ port: 8848 }, { port: 9848 }],
      endpoints: [{ address: '192.0.2.40', pod: 'nacos' }],
    },
  ],
};
