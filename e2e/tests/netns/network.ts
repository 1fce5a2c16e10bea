import { spawnSync } from 'node:child_process';
import { startProcess, type ProcessOptions, type RunningProcess } from '../../harness/process.ts';

/** A network namespace of its own with an address on the common bridge: what a pod is to the network. */
export interface Pod {
  readonly name: string;
  readonly address: string;
  /** Runs a command in the pod to its end; throws, with its output, when it fails. Returns its standard output. */
  run(command: readonly string[], options?: RunOptions): string;
  /** The command that runs `command` in the pod, for whoever starts it. */
  command(command: readonly string[]): readonly string[];
  /** Starts a command that stays; it is stopped with the network. */
  start(command: readonly string[], options?: StartOptions): Promise<RunningProcess>;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as the user and group of the proxy. */
  readonly asProxy?: boolean;
}

export interface StartOptions extends Pick<ProcessOptions, 'env' | 'ready'> {
  readonly asProxy?: boolean;
}

export interface Network {
  readonly addPod: (name: string, address: string) => Pod;
  /** Stops what runs in the pods and removes every namespace. */
  close(): Promise<void>;
}

const PREFIX = 'lanekeeper-test';
/** Of the bridge, and the way out of each pod: virtual addresses are routed there when no rule takes them. */
const GATEWAY = '192.0.2.1';
const GATEWAY_V6 = '2001:db8::1';
const PROXY_UID = '1337';

let networks = 0;

/** Pods on one bridge; the bridge lies in a namespace too, so that nothing of it shows on the machine. */
export function createNetwork(): Network {
  removeLeftovers();
  networks += 1;
  const prefix = `${PREFIX}-${process.pid}-${networks}`;
  const hub = `${prefix}-hub`;
  const namespaces = [hub];
  const running: RunningProcess[] = [];
  const removeAll = (): void => {
    for (const namespace of namespaces.splice(0)) spawnSync('ip', ['netns', 'del', namespace]);
  };
  process.once('exit', removeAll);
  ip(['netns', 'add', hub]);
  inNamespace(hub, 'link add br0 type bridge', 'link set br0 up', 'link set lo up');
  inNamespace(hub, `addr add ${GATEWAY}/24 dev br0`, `addr add ${GATEWAY_V6}/64 dev br0 nodad`);

  return {
    addPod(name, address) {
      const namespace = `${prefix}-${name}`;
      namespaces.push(namespace);
      plug(namespace, hub, { name, address });
      return podIn(namespace, { name, address, running });
    },
    async close() {
      await Promise.all(running.map((each) => each.stop(2_000)));
      removeAll();
      process.off('exit', removeAll);
    },
  };
}

/** The IPv6 address beside an IPv4 one: 2001:db8::<last part>. */
export function v6Of(address: string): string {
  return `2001:db8::${address.split('.').at(-1)}`;
}

function plug(namespace: string, hub: string, { name, address }: { name: string; address: string }): void {
  ip(['netns', 'add', namespace]);
  inNamespace(hub, `link add ${name} type veth peer name eth0 netns ${namespace}`);
  inNamespace(hub, `link set ${name} master br0 up`);
  inNamespace(namespace, 'link set lo up', 'link set eth0 up');
  inNamespace(namespace, `addr add ${address}/24 dev eth0`, `addr add ${v6Of(address)}/64 dev eth0 nodad`);
  inNamespace(namespace, `route add default via ${GATEWAY}`, `-6 route add default via ${GATEWAY_V6}`);
}

interface PodParts {
  readonly name: string;
  readonly address: string;
  readonly running: RunningProcess[];
}

function podIn(namespace: string, { name, address, running }: PodParts): Pod {
  const enter = (command: readonly string[], asProxy = false): [string, ...string[]] => [
    'nsenter',
    `--net=/run/netns/${namespace}`,
    ...(asProxy ? AS_PROXY : []),
    ...command,
  ];
  return {
    name,
    address,
    command: (command) => enter(command),
    run(command, { input, env, asProxy } = {}) {
      const [program, ...args] = enter(command, asProxy);
      return runNow(program, args, { input, env });
    },
    async start(command, { asProxy, ...options } = {}) {
      const [program, ...args] = enter(command, asProxy);
      const started = await startProcess({ command: program, args, ...options });
      running.push(started);
      return started;
    },
  };
}

/** The checkout may lie in a folder that only root can read. */
const AS_PROXY = [
  ...['setpriv', '--reuid', PROXY_UID, '--regid', PROXY_UID, '--clear-groups'],
  ...['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search'],
];

function inNamespace(namespace: string, ...commands: readonly string[]): void {
  for (const command of commands) ip(['-n', namespace, ...command.split(' ')]);
}

function ip(args: readonly string[]): void {
  runNow('ip', args);
}

function runNow(
  command: string,
  args: readonly string[],
  {
    input = '',
    env = {},
  }: { input?: string | undefined; env?: Readonly<Record<string, string>> | undefined } = {},
): string {
  const result = spawnSync(command, args, {
    input,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  if (result.status === 0) return result.stdout;
  const why = result.error?.message ?? `exit code ${result.status}`;
  throw new Error(`${command} ${args.join(' ')}: ${why}\n${result.stdout}${result.stderr}`);
}

/** Namespaces of test processes that were killed before they could clean up. */
function removeLeftovers(): void {
  const listed = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
  for (const [, namespace = '', pid] of listed.matchAll(new RegExp(`^(${PREFIX}-([0-9]+)-\\S+)`, 'gm'))) {
    if (!isAlive(Number(pid))) spawnSync('ip', ['netns', 'del', namespace]);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
