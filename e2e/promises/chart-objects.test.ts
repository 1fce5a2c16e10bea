import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { run } from '../cluster/command.ts';
import { ROOT } from '../cluster/layout.ts';
import { CHART, RELEASE } from './harness/chart.ts';
import { kubectl } from './harness/kubectl.ts';
import { useSpace } from './harness/space.ts';

const HELM = process.env['LANEKEEPER_E2E_HELM'] ?? 'helm';
const VALUES = join(ROOT, 'e2e', 'chart', 'testdata');
/** Of operators that need not be in the cluster. */
const FOREIGN = /^(cert-manager\.io|monitoring\.coreos\.com)\//;

interface Rendered {
  readonly apiVersion: string;
}

describe('whatever the chart renders', () => {
  const space = useSpace('chart-objects', 'none');
  const files = readdirSync(VALUES).filter((file) => file.endsWith('.values.yaml'));

  it.each(files)('is what the API server knows, to the last field: %s', async (file) => {
    const place = ['--namespace', space.name, '--kube-version', '1.34.0'];
    const manifest = await run(HELM, ['template', RELEASE, CHART, ...place, '--values', join(VALUES, file)]);
    const objects = parseAllDocuments(manifest)
      .map((document) => document.toJS() as Rendered | null)
      .filter((object) => object !== null && !FOREIGN.test(object.apiVersion));
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    // What is in the cluster already is another release's: replaced in thought only.
    const options = ['--dry-run=server', '--validate=strict', '--server-side', '--force-conflicts'];
    const said = await kubectl(['apply', ...options, '--filename=-'], { input });
    expect(said.trim().split('\n')).toHaveLength(objects.length);
  });
});
