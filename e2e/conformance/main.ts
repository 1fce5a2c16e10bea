// `npm run conformance`: the Gateway API's own conformance suite against the gateway of the chart, on a cluster made for it.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endOnSignals } from '../cluster/interruption.ts';
import { importImages } from '../cluster/import-images.ts';
import { ROOT } from '../cluster/layout.ts';
import { buildAll, productImages } from '../cluster/product-images.ts';
import { step, stepTable } from '../cluster/steps.ts';
import { prepare } from '../cluster/up.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import { runSuite } from './run-suite.ts';
import { suiteImages } from './suite-images.ts';
import { buildSuite } from './suite-programs.ts';

const HELP = `usage: npm run conformance -- [options] [-- options of the suite]

Runs the Gateway API conformance suite (profiles GATEWAY-HTTP and GATEWAY-GRPC) on a cluster that is made on this machine
(Linux, root, Debian packages, Go) and taken down afterwards. The first run builds Kubernetes and the suite: about 12 minutes.
  --keep           leaves the cluster up and prints how to use it
  --name NAME      which cluster of this checkout ('conformance')
  --report FILE    where the report goes (.cache/conformance/report.yaml)

Options of the suite, for one: -run-test=HTTPRouteSimpleSameNamespace -debug=true
`;

function readArguments() {
  const args = process.argv.slice(2);
  const end = args.indexOf('--');
  const { values } = parseArgs({
    args: end < 0 ? args : args.slice(0, end),
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      keep: { type: 'boolean', default: false },
      name: { type: 'string', default: 'conformance' },
      report: { type: 'string', default: join(ROOT, '.cache', 'conformance', 'report.yaml') },
    },
  });
  return { ...values, options: end < 0 ? [] : args.slice(end + 1) };
}

async function conform({ name, keep, report, options }: ReturnType<typeof readArguments>): Promise<number> {
  endOnSignals();
  await prepare();
  const programs = await buildSuite();
  const images = [...productImages(), ...suiteImages(programs)];
  await step('our images and those of the suite', (tell) => buildAll(images, tell));
  return withCluster({ name, keep }, async (layout) => {
    await step('images into the cluster', () =>
      importImages(
        layout,
        images.map((image) => image.name),
      ),
    );
    return runSuite({ layout, programs, report, options });
  });
}

async function main(): Promise<number> {
  let request: ReturnType<typeof readArguments>;
  try {
    request = readArguments();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 64;
  }
  if (request.help) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    return await conform(request);
  } finally {
    process.stderr.write(`\n${stepTable()}`);
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
