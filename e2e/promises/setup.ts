import { getItems, kubectl } from './harness/kubectl.ts';
import { findRelease, installChart, SYSTEM, uninstallChart } from './harness/chart.ts';
import { MADE_BY_PROMISES } from './harness/space.ts';

interface Named {
  readonly metadata: { readonly name: string };
}

const OURS = ['namespaces', '--selector', `app.kubernetes.io/managed-by=${MADE_BY_PROMISES}`];

/** Once a run: the chart is installed, and what the promises made is gone at the end. LANEKEEPER_E2E_KEEP=1 keeps the chart. */
export async function setup(): Promise<() => Promise<void>> {
  await kubectl(['get', '--raw=/readyz']).catch((cause: unknown) => {
    throw new Error(
      'no cluster answers: set KUBECONFIG, or let one be made (npm run e2e -- --cluster build)',
      { cause },
    );
  });
  await removeSpaces();
  if ((await findRelease()) === 'foreign')
    throw new Error(
      'Lanekeeper is installed in this cluster already, and not by the promises; they stop, upgrade and uninstall it. ' +
        'Expected a cluster where nobody uses it: try another one, or uninstall it first',
    );
  await installChart();
  return async () => {
    await removeSpaces();
    if (process.env['LANEKEEPER_E2E_KEEP'] === '1') return;
    if ((await findRelease()) === 'ours') await uninstallChart();
    await kubectl(['delete', 'namespace', SYSTEM, '--ignore-not-found']);
  };
}

async function removeSpaces(): Promise<void> {
  const names = (await getItems<Named>(OURS)).map(({ metadata }) => metadata.name);
  if (names.length > 0)
    await kubectl(['delete', 'namespace', ...names, '--ignore-not-found', '--timeout=180s']);
}
