import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig as parseControlPlane } from '@lanekeeper/control-plane/config';
import { decodeRegistries } from '@lanekeeper/control-plane/source/nacos/settings/decode-registries';
import { readRedirectSettings } from '@lanekeeper/injector/redirect/options';
import { parseConfig as parseSidecar } from '@lanekeeper/sidecar/config';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const FOLDER = fileURLToPath(new URL('../../docs/without-kubernetes/', import.meta.url));
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

interface ComposeService {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly network_mode?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const compose = parse(read('compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>;
};
const services = Object.entries(compose.services);
const withImage = (name: string): readonly ComposeService[] =>
  services.flatMap(([, service]) => (service.image.includes(`/lanekeeper/${name}:`) ? [service] : []));

/** Variables of a file that systemd reads. */
function variables(name: string): Readonly<Record<string, string>> {
  const lines = read(name).split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  ) as Readonly<Record<string, string>>;
}

describe('the example for docker compose', () => {
  it('sets for each program what that program understands', () => {
    const [controlPlane] = withImage('control-plane');
    expect(parseControlPlane(controlPlane?.environment ?? {})).toMatchObject({
      sources: { kubernetes: undefined, nacos: {}, file: {} },
      authentication: { kind: 'static' },
    });
    const sidecars = withImage('sidecar').map(({ environment = {} }) => parseSidecar(environment));
    expect(sidecars.map(({ workload: { app, lane } }) => [app, lane])).toEqual([
      ['shop', 'base'],
      ['orders', 'base'],
      ['orders', 'gray'],
    ]);
    expect(new Set(sidecars.map(({ workload }) => workload.pod)).size).toBe(3);
    for (const { environment = {} } of withImage('redirect')) {
      expect(readRedirectSettings(environment).excludeOutboundPorts).toEqual([8848, 9848]);
    }
  });

  it('uses images that the checkout builds, and files that are there or that the guide makes', () => {
    const version = (JSON.parse(read('../../package.json')) as { readonly version: string }).version;
    const ours = services.map(([, { image }]) => image).filter((image) => image.includes('/lanekeeper/'));
    expect(new Set(ours)).toEqual(
      new Set(
        ['control-plane', 'redirect', 'sidecar'].map((name) => `docker.io/lanekeeper/${name}:${version}`),
      ),
    );
    const made = ['./ca.crt', './shop.token'];
    for (const [, { volumes = [] }] of services) {
      for (const volume of volumes) {
        const [path = ''] = volume.split(':');
        expect(made.includes(path) || existsSync(join(FOLDER, path)), path).toBe(true);
      }
    }
    const guide = read('../without-kubernetes.md');
    for (const path of made) expect(guide).toContain(path.slice(2));
  });

  it('redirects a pod’s traffic before its application starts, in the network of its sidecar', () => {
    const pods = services
      .filter(([, { image }]) => image.includes('/lanekeeper/sidecar:'))
      .map(([name]) => name);
    for (const pod of pods) {
      const name = pod.replace(/-pod$/, '');
      expect(compose.services[`${name}-redirect`]?.network_mode).toBe(`service:${pod}`);
      expect(compose.services[name]?.network_mode).toBe(`service:${pod}`);
      expect(compose.services[name]?.depends_on).toEqual({
        [`${name}-redirect`]: { condition: 'service_completed_successfully' },
      });
    }
  });
});

describe('the examples for virtual machines', () => {
  it('set what the programs understand, and start them as their images do', () => {
    expect(parseControlPlane(variables('control-plane.env'))).toMatchObject({
      authentication: { kind: 'static', path: '/etc/lanekeeper/tokens.yaml' },
    });
    expect(parseSidecar(variables('sidecar.env'))).toMatchObject({
      workload: { app: 'orders', lane: 'gray' },
      discovery: { caFile: '/etc/lanekeeper/ca.crt' },
      appAddress: { address: '127.0.0.1', port: 8080 },
    });
    for (const name of ['control-plane', 'sidecar']) {
      const unit = read(`lanekeeper-${name}.service`);
      const flags = JSON.parse(read(`../../dist/${name}/node-flags.json`)) as readonly string[];
      expect(unit).toContain(`ExecStart=/usr/bin/node ${flags.join(' ')} /opt/lanekeeper/${name}/main.mjs\n`);
      expect(unit).toContain(`EnvironmentFile=/etc/lanekeeper/${name}.env\n`);
    }
  });
});

it('the registries can be read', () => {
  expect(decodeRegistries(read('control-plane/nacos.yaml'))).toMatchObject({ value: [{ name: 'nacos' }] });
});
