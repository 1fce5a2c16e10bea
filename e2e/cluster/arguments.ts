import { parseArgs } from 'node:util';

export const TOOLS = ['up', 'down', 'list', 'start', 'stop', 'restart', 'image', 'collect'] as const;
export type Tool = (typeof TOOLS)[number];

export const CLUSTERS = ['build', 'k3s'] as const;
export type ClusterKind = (typeof CLUSTERS)[number];

/** What a command line asks for. */
export interface Request {
  readonly help: boolean;
  /** Undefined: the promises are run. */
  readonly tool: Tool | undefined;
  /** Undefined: the one in KUBECONFIG. */
  readonly cluster: ClusterKind | undefined;
  readonly name: string;
  readonly keep: boolean;
  /** Of a tool, or names of promises. */
  readonly words: readonly string[];
  /** After `--`: vitest's own. */
  readonly vitest: readonly string[];
}

export const HELP = `usage: npm run e2e -- [options] [PROMISE ...] [-- options of vitest]
       node e2e/cluster/main.ts TOOL [options]

Runs the promises of e2e/promises/ against a Kubernetes cluster: all, or those whose file name contains PROMISE.
  (no --cluster)     the cluster in KUBECONFIG
  --cluster build    makes a cluster on this machine (Linux, root, Debian packages, Go), runs the promises, takes it down.
                     The first run builds Kubernetes from source: about 10 minutes on two cores. Later ones start in 15 s
  --cluster k3s      a k3s container by @testcontainers/k3s; needs a Docker engine and its image
  --keep             leaves the cluster up and prints how to use it
  --name NAME        which cluster of this checkout ('promises'); one of that name that is up is replaced

Tools, for a cluster of this checkout that is up (--name NAME as above):
  up                 makes one and leaves it up; no promises are run
  down               takes it down, whatever state it is in
  list               the clusters that are up, and their parts
  stop|start|restart PART ...   apiserver, etcd, kubelet, containerd, ...: waits until it is done
  image NAME DOCKERFILE CONTEXT builds an image and puts it into the cluster: no registry is used
  collect            logs, events and descriptions into one folder
`;

export type ReadArguments = Request | { readonly mistake: string };

export function readArguments(args: readonly string[]): ReadArguments {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  try {
    const { values, positionals } = parseArgs({
      args: [...own],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        cluster: { type: 'string' },
        keep: { type: 'boolean', default: false },
        name: { type: 'string', default: 'promises' },
      },
    });
    return checked({ ...values, positionals, vitest: end < 0 ? [] : args.slice(end + 1) });
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
}

interface Given {
  readonly help: boolean;
  readonly cluster?: string | undefined;
  readonly keep: boolean;
  readonly name: string;
  readonly positionals: readonly string[];
  readonly vitest: readonly string[];
}

function checked({ help, cluster, keep, name, positionals, vitest }: Given): ReadArguments {
  const tool = TOOLS.find((each) => each === positionals[0]);
  const kind = CLUSTERS.find((each) => each === cluster);
  if (cluster !== undefined && kind === undefined)
    return { mistake: `--cluster '${cluster}': there are ${CLUSTERS.join(' and ')}` };
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
    return { mistake: `--name '${name}': lower-case letters, digits and '-', at most 31` };
  if (keep && kind === undefined) return { mistake: '--keep is for a cluster that is made: --cluster build' };
  const words = tool === undefined ? positionals : positionals.slice(1);
  return { help, tool, cluster: kind, name, keep, words, vitest };
}
