import { Option, type Command } from 'commander';
import type { Cluster, ClusterOptions } from './cluster/cluster.ts';
import { examineCluster } from './commands/doctor.ts';
import { explainRequest, readHeader, type ExplainOptions } from './commands/explain.ts';
import { showHops, type HopsOptions } from './commands/hops.ts';
import { showLanes } from './commands/lanes.ts';
import { showTrace } from './commands/trace.ts';
import { CATEGORIES, type Category } from './doctor/check-result.ts';
import {
  onCluster,
  onNamespaces,
  scopeOf,
  wholeNumber,
  type CommonOptions,
  type ScopedOptions,
} from './options.ts';
import type { ExitCode } from './output/exit-code.ts';
import type { Terminal } from './output/terminal.ts';

type InCluster = (options: ClusterOptions, work: (cluster: Cluster) => Promise<ExitCode>) => Promise<void>;

const POD = '<pod>: a name, its beginning, deploy/NAME, or namespace/name';

export function addClusterCommands(command: Command, terminal: Terminal, inCluster: InCluster): void {
  addLanes(command, terminal, inCluster);
  addHops(command, terminal, inCluster);
  addTrace(command, terminal, inCluster);
  addExplain(command, terminal, inCluster);
  addDoctor(command, terminal, inCluster);
}

function addLanes(command: Command, terminal: Terminal, inCluster: InCluster): void {
  onNamespaces(command.command('lanes'))
    .description('lanes with their groups, endpoints, and how many sidecars run their generation')
    .action((options: ScopedOptions) =>
      inCluster(options, (cluster) => showLanes(cluster, scopeOf(options, cluster), terminal)),
    );
}

function addHops(command: Command, terminal: Terminal, inCluster: InCluster): void {
  onCluster(command.command('hops <pod>'))
    .description(`what the sidecar of a pod decided, newest first; ${POD}`)
    .option('--lane <lane>', 'requests of this lane')
    .option('--service <service>', 'requests to this service, namespace/name')
    .option('--trace <id>', 'requests of this trace')
    .option('--status <status>', '503, 5xx or failed')
    .option('--limit <n>', 'at most so many', wholeNumber, '50')
    .action((pod: string, options: CommonOptions & HopsOptions) =>
      inCluster(options, (cluster) => showHops(cluster, pod, options, terminal)),
    );
}

function addTrace(command: Command, terminal: Terminal, inCluster: InCluster): void {
  onCluster(command.command('trace <id>'))
    .description('one request’s way through all sidecars, with the reason at each; <id>: a trace id')
    .action((id: string, options: CommonOptions) =>
      inCluster(options, (cluster) =>
        showTrace(cluster, id, { output: options.output, within: options.namespace }, terminal),
      ),
    );
}

function addExplain(command: Command, terminal: Terminal, inCluster: InCluster): void {
  onCluster(command.command('explain <pod> <target>'))
    .description(
      `what that pod’s sidecar would do with a request to <target>, a host or a URL; nothing is sent; ${POD}`,
    )
    .option('--path <path>', 'path and query, where <target> is a host', '/')
    .option('-X, --method <method>', 'method', 'GET')
    .addOption(
      new Option('-H, --header <header>', 'name: value, as curl has it; several times')
        .argParser((text: string, before: readonly string[]) => [...before, readHeader(text)])
        .default([]),
    )
    .addOption(new Option('--direction <direction>', 'which side').choices(['outbound', 'inbound']))
    .action((from: string, target: string, options: CommonOptions & ExplainOptions) =>
      inCluster(options, (cluster) => explainRequest(cluster, { from, target }, options, terminal)),
    );
}

interface DoctorFlags extends CommonOptions {
  readonly category: readonly Category[];
  readonly systemNamespace?: string;
}

function addDoctor(command: Command, terminal: Terminal, inCluster: InCluster): void {
  onCluster(command.command('doctor'))
    .description('checks the installation and all namespaces, or the one that --namespace names')
    .addOption(
      new Option('--category <category...>', 'only these checks').choices(CATEGORIES).default([], 'all'),
    )
    .option('--system-namespace <namespace>', 'where Lanekeeper is installed; default: where it is found')
    .action(({ category, systemNamespace, output, namespace, ...options }: DoctorFlags) => {
      const wanted = { output, within: namespace, systemNamespace, categories: category };
      return inCluster({ ...options, namespace }, (cluster) => examineCluster(cluster, wanted, terminal));
    });
}
