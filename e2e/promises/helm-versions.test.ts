import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../cluster/command.ts';
import { CHART, DESCRIPTION, INJECTOR, RELEASE, SYSTEM, VALUES } from './harness/chart.ts';
import { eventually } from './harness/eventually.ts';
import { apply, get, getItems, kubectl } from './harness/kubectl.ts';
import { objectsBesideDefinitions } from './harness/our-objects.ts';

const { LANEKEEPER_E2E_HELM: helm3 = 'helm', LANEKEEPER_E2E_HELM4: helm4 } = process.env;
/** On a cluster of somebody else it is whichever Helm is there. */
const HELMS = [helm3, ...(helm4 === undefined ? [] : [helm4])];

interface WebhookConfiguration {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

interface Secret {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** What the injector has made at run time, and the chart does not name. */
async function trust(): Promise<unknown> {
  const { webhooks } = await get<WebhookConfiguration>(['mutatingwebhookconfiguration', INJECTOR]);
  const ours = ['--namespace', SYSTEM, 'secrets', '--selector', 'app.kubernetes.io/part-of=lanekeeper'];
  const secrets = await getItems<Secret>(ours);
  const bundles = webhooks.map(({ clientConfig }) => clientConfig.caBundle);
  expect(bundles).toHaveLength(4);
  expect(new Set(bundles).size).toBe(1);
  expect(bundles[0]).toMatch(/^LS0tLS1CRUdJTi/);
  expect(secrets.map(({ metadata, data = {} }) => [metadata.name, Object.keys(data).sort()])).toEqual(
    ['lanekeeper-ca', 'lanekeeper-discovery-tls', 'lanekeeper-webhook-tls'].map((name) => [
      name,
      ['ca.crt', 'tls.crt', 'tls.key'],
    ]),
  );
  return { bundles, secrets: secrets.map(({ data }) => data) };
}

async function logLevel(): Promise<string> {
  const variable = `{.spec.template.spec.containers[0].env[?(@.name=="LANEKEEPER_INJECTOR_LOG_LEVEL")].value}`;
  return kubectl(['--namespace', SYSTEM, 'get', 'deployment', INJECTOR, `--output=jsonpath=${variable}`]);
}

describe.each(HELMS)('%s', (helm) => {
  const wait = ['--namespace', SYSTEM, '--wait', '--timeout=5m'];
  const deploy = (verb: string, ...more: readonly string[]): Promise<string> =>
    run(helm, [verb, RELEASE, CHART, ...wait, `--description=${DESCRIPTION}`, ...VALUES, ...more]);

  const remove = (): Promise<string> => run(helm, ['uninstall', RELEASE, '--ignore-not-found', ...wait]);

  beforeAll(remove);
  afterAll(remove);

  it('installs and says what to do next, upgrades, rolls back and uninstalls, where PodSecurity is restricted', async () => {
    await eventually(async () => expect(await objectsBesideDefinitions()).toEqual([]));
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM, labels } }]);

    const said = await deploy('install');
    expect(said).toContain(`kubectl -n ${SYSTEM} rollout status deployment/lanekeeper-injector`);
    expect(said).toContain('kubectl label namespace shop lanekeeper.io/injection=enabled');
    expect(said).toContain('One replica of the injector: pods that start while it restarts get no sidecar.');
    const made = await trust();
    expect(await logLevel()).toBe('info');

    await deploy('upgrade', '--set=injector.logLevel=debug');
    expect(await logLevel()).toBe('debug');
    expect(await trust()).toEqual(made);

    await run(helm, ['rollback', RELEASE, '1', ...wait]);
    expect(await logLevel()).toBe('info');
    expect(await trust()).toEqual(made);

    await run(helm, ['uninstall', RELEASE, ...wait]);
    await eventually(async () => expect(await objectsBesideDefinitions()).toEqual([]));
  });
});
