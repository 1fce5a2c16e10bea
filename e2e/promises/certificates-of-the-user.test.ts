import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CONTROL_PLANE, INJECTOR, installChart, SYSTEM, uninstallChart } from './harness/chart.ts';
import { startClient } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { apply, get, kubectl, type KubeObject } from './harness/kubectl.ts';
import { SIDECAR_CONTAINER, sidecarOf } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

const SERVERS = { 'lanekeeper-webhook-tls': INJECTOR, 'lanekeeper-discovery-tls': CONTROL_PLANE };
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** An authority of the user's own, by openssl: its certificate, and the two Secrets that it makes. */
function signByHand(): { readonly ca: string; readonly secrets: readonly KubeObject[] } {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-ca-'));
  const file = (name: string): string => join(folder, name);
  const make = (name: string, ...more: readonly string[]): void => {
    const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
    const subject = ['-days', '30', '-subj', `/CN=${name}`];
    execFileSync('openssl', ['req', '-x509', ...NEW_KEY, ...files, ...subject, ...more], { stdio: 'pipe' });
  };
  make('ca');
  const byCa = [
    '-CA',
    file('ca.crt'),
    '-CAkey',
    file('ca.key'),
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  const secrets = Object.entries(SERVERS).map(([name, service]) => {
    make(name, ...byCa, '-addext', `subjectAltName=DNS:${service}.${SYSTEM}.svc`);
    const base64 = (from: string): string => readFileSync(file(from)).toString('base64');
    const data = {
      'tls.crt': base64(`${name}.crt`),
      'tls.key': base64(`${name}.key`),
      'ca.crt': base64('ca.crt'),
    };
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: { name, namespace: SYSTEM },
      data,
    };
  });
  const ca = readFileSync(file('ca.crt'), 'utf8');
  rmSync(folder, { recursive: true, force: true });
  return { ca, secrets };
}

interface WebhookConfiguration {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle: string } }[];
}

describe('certificates that the user has signed', () => {
  const space = useSpace('certificates');
  const { ca, secrets } = signByHand();

  space.setUp(async () => {
    await uninstallChart();
    await apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } }, ...secrets]);
    await installChart('--set=certificates.source=existing');
  });

  afterAll(async () => {
    await uninstallChart();
    await kubectl(['--namespace', SYSTEM, 'delete', 'secret', ...Object.keys(SERVERS)]);
  });

  it('are what the API server and sidecars are told to trust', async () => {
    const { webhooks } = await get<WebhookConfiguration>(['mutatingwebhookconfiguration', INJECTOR]);
    const bundles = webhooks.map(({ clientConfig }) =>
      Buffer.from(clientConfig.caBundle, 'base64').toString(),
    );
    expect(bundles.map((bundle) => bundle.trim())).toEqual(Array(4).fill(ca.trim()));
    await startClient(space, 'client', { injected: true });
    const [pod] = await space.pods('app=client');
    const trusted = pod && sidecarOf(pod)?.env?.find(({ name }) => name === 'LANEKEEPER_DISCOVERY_CA');
    expect(trusted?.value?.trim()).toBe(ca.trim());
  });

  it('serve admission and discovery: the sidecar of a new pod hears of the mesh', async () => {
    const log = ['logs', 'client', '--container', SIDECAR_CONTAINER];
    await eventually(async () => expect(await space.kubectl(...log)).toContain('discovery_connected'));
  });

  it('may not be written by the injector', async () => {
    const injector = `--as=system:serviceaccount:${SYSTEM}:${INJECTOR}`;
    const secret = 'secrets/lanekeeper-webhook-tls';
    const may = (verb: string): Promise<string> =>
      kubectl(['auth', 'can-i', verb, secret, injector, '--namespace', SYSTEM]);
    expect((await may('get')).trim()).toBe('yes');
    await expect(may('update')).rejects.toThrow(/^no$/m);
  });
});
