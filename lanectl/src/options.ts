import { InvalidArgumentError, Option, type Command } from 'commander';
import { FORMATS, type Format } from './output/print.ts';
import type { Cluster, ClusterOptions } from './cluster/cluster.ts';

/** Of every command that asks a cluster. */
export interface CommonOptions extends ClusterOptions {
  readonly output: Format;
}

export interface ScopedOptions extends CommonOptions {
  readonly allNamespaces: boolean;
}

/** As kubectl has them. */
export function onCluster(command: Command): Command {
  return command
    .option('-n, --namespace <namespace>', 'namespace; default: the context’s')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--kubeconfig <file>', 'kubeconfig; default: KUBECONFIG, ~/.kube/config')
    .addOption(outputOption());
}

export function onNamespaces(command: Command): Command {
  return onCluster(command).option('-A, --all-namespaces', 'all namespaces', false);
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'for people or for machines').choices(FORMATS).default('table');
}

/** Undefined: all namespaces. */
export function scopeOf(
  { output, allNamespaces }: ScopedOptions,
  cluster: Pick<Cluster, 'namespace'>,
): { readonly output: Format; readonly within: string | undefined } {
  return { output, within: allNamespaces ? undefined : cluster.namespace };
}

export function wholeNumber(text: string): string {
  if (/^\d{1,6}$/.test(text)) return text;
  throw new InvalidArgumentError('expected a whole number');
}
