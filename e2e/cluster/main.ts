// `npm run e2e`: the promises, against the cluster in KUBECONFIG or one that is made for them. `--help` says more.
// Beside it the tools for a cluster that is up: node e2e/cluster/main.ts up | down | restart | ...
import { HELP, readArguments } from './arguments.ts';
import { runPromises } from './promises.ts';
import { runTool } from './tools.ts';

async function main(): Promise<number> {
  const request = readArguments(process.argv.slice(2));
  if ('mistake' in request) {
    process.stderr.write(`${request.mistake}\n\n${HELP}`);
    return 64;
  }
  if (request.help) {
    process.stdout.write(HELP);
    return 0;
  }
  return request.tool === undefined ? runPromises(request) : runTool(request);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
