import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNacosRegistrant } from './build-nacos-server.ts';
import { guardProcess } from './guard-process.ts';
import { findJavaTools } from './java-tools.ts';
import { converse } from './json-conversation.ts';
import { NACOS_USER, type NacosServer } from './nacos-server.ts';

/** An instance as an application gives it to the Java client; fields that are absent have that client's defaults. */
export interface RegisteredInstance {
  readonly ip: string;
  readonly port: number;
  readonly weight?: number;
  readonly enabled?: boolean;
  readonly ephemeral?: boolean;
  readonly clusterName?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A service and the group that it stands in; default DEFAULT_GROUP. */
export interface RegisteredService {
  readonly service: string;
  readonly group?: string;
}

export interface RegistrantOptions {
  readonly server: Pick<NacosServer, 'address' | 'httpPort'>;
  /** Id of the namespace; default: public. */
  readonly namespace?: string;
  readonly password?: string;
  /** Where it runs: the command that runs another one there; default: here. */
  readonly at?: (command: readonly string[]) => readonly string[];
}

/** One client of Nacos, with a connection of its own: it holds at most one instance of a service. */
export interface RegistrantClient {
  /** Registering again replaces what it said before, the metadata say. */
  register(service: RegisteredService, instance: RegisteredInstance): Promise<void>;
  deregister(service: RegisteredService, instance: RegisteredInstance): Promise<void>;
  /** What the server answers when it is asked. */
  instances(service: RegisteredService): Promise<readonly RegisteredInstance[]>;
  /** Subscribes to the service the first time; what the server has pushed since then. */
  watched(service: RegisteredService): Promise<readonly RegisteredInstance[]>;
  /** Ends the connection, and with it its ephemeral instances. */
  close(): Promise<void>;
}

/** A Java process with real clients of Nacos in it. It does not outlive this one. */
export interface Registrant {
  readonly pid: number;
  /** The client of that name; made at its first use. */
  client(name: string): RegistrantClient;
  /** Ends at once, as an application that crashes: its instances go when the server notices. */
  kill(): Promise<void>;
  /** Ends in order: its connections are closed. */
  stop(): Promise<void>;
}

/** Builds the registrant where that is not done yet, and starts it. */
export async function startNacosRegistrant(options: RegistrantOptions): Promise<Registrant> {
  const jar = await buildNacosRegistrant();
  const { java } = await findJavaTools();
  const home = mkdtempSync(join(tmpdir(), 'lanekeeper-registrant-'));
  const flags = ['-Xmx64m', '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const properties = [`-Duser.home=${home}`, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
  const { at = (command: readonly string[]) => command } = options;
  const [program = java, ...args] = at([java, ...flags, ...properties, '-jar', jar]);
  const child = spawn(program, args, {
    cwd: home,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const guard = child.pid === undefined ? undefined : guardProcess(child.pid, home);
  const conversation = converse(child, 'the registrant');
  conversation.tell(settingsOf(options));
  const names = new Set<string>();
  const ended = conversation.ended.then(() => {
    guard?.over();
    rmSync(home, { recursive: true, force: true });
  });
  const client = (name: string): RegistrantClient => {
    names.add(name);
    return clientOf((action, fields) => conversation.ask({ action, client: name, ...fields }));
  };
  return {
    pid: child.pid ?? 0,
    client,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      await Promise.all([...names].map((name) => client(name).close()));
      child.stdin.end();
      await ended;
    },
  };
}

function settingsOf({ server, namespace, password }: RegistrantOptions): Record<string, string> {
  return {
    serverAddr: `${server.address}:${server.httpPort}`,
    ...(namespace === undefined ? {} : { namespace }),
    ...(password === undefined ? {} : { username: NACOS_USER, password }),
  };
}

type Ask = (action: string, fields: Readonly<Record<string, unknown>>) => Promise<unknown>;

function clientOf(ask: Ask): RegistrantClient {
  const at = ({ service, group = 'DEFAULT_GROUP' }: RegisteredService): Record<string, string> => ({
    service,
    group,
  });
  return {
    register: async (service, instance) => void (await ask('register', { ...at(service), instance })),
    deregister: async (service, instance) => void (await ask('deregister', { ...at(service), instance })),
    instances: async (service) => (await ask('instances', at(service))) as readonly RegisteredInstance[],
    watched: async (service) => (await ask('watched', at(service))) as readonly RegisteredInstance[],
    close: async () => void (await ask('close', {})),
  };
}
