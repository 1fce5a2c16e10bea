import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import { stringify } from 'yaml';
import {
  discoveryVariables,
  startControlPlane,
  type ControlPlaneProcess,
} from '../../harness/control-plane-process.ts';
import { freePort } from '../../harness/free-port.ts';
import { send } from '../../harness/http-client.ts';

export interface NacosControlPlaneOptions {
  readonly nacos: Pick<NacosServer, 'address' | 'httpPort'>;
  /** Further fields of the one registry in nacos.yaml. */
  readonly registry?: Readonly<Record<string, unknown>>;
}

/** What the control plane says at /status. */
export interface ControlPlaneStatus {
  readonly objects: readonly string[];
  readonly problems: readonly string[];
}

/** A control plane that knows the mesh from Nacos alone, and how sidecars reach it: with a static token, over TLS. */
export interface NacosControlPlane {
  /** Of sidecars. */
  readonly variables: ReturnType<typeof discoveryVariables>;
  readonly nacosFile: string;
  stop(): Promise<void>;
  /** Starts it anew; resolves when it runs, ready or not. */
  start(): Promise<void>;
  /** `200 ready`, or why not. */
  readiness(): Promise<string>;
  status(): Promise<ControlPlaneStatus>;
  /** What it answers there, as it is. */
  read(path: string): Promise<string>;
  /** All that every one that ran has said. */
  logs(): string;
  /** Ends it for good. */
  close(): Promise<void>;
}

const RUNS = /"event":"starting"/;

/** Writes its files and starts it; resolves when it runs, ready or not. */
export async function startNacosControlPlane(options: NacosControlPlaneOptions): Promise<NacosControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-nacos-control-plane-'));
  const { nacosFile, tokenFile, tokensFile } = writeFiles(folder, options);
  const port = await freePort();
  const variables = { source: 'nacos', nacosFile, authentication: 'static', tokensFile };
  const launch = (): Promise<ControlPlaneProcess> => startControlPlane({ port, variables, until: RUNS });
  const all: ControlPlaneProcess[] = [];
  const current = (): ControlPlaneProcess => {
    const last = all.at(-1);
    if (last === undefined) throw new Error('the control plane was not started');
    return last;
  };
  const stop = async (): Promise<void> => void (await current().stop(2_000));
  const close = async (): Promise<void> => {
    if (all.length > 0) await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  await launch().then(
    (first) => all.push(first),
    async (error: unknown) => {
      await close();
      throw error;
    },
  );
  const read = async (path: string): Promise<string> => (await send(current().status, { path })).text;
  return {
    variables: discoveryVariables(port, tokenFile),
    nacosFile,
    stop,
    start: async () => void all.push(await launch()),
    async readiness() {
      const { status, text } = await send(current().status, { path: '/ready' });
      return `${status} ${text.trim()}`;
    },
    status: async () => JSON.parse(await read('/status')) as ControlPlaneStatus,
    read,
    logs: () => all.map((one) => one.output()).join('\n'),
    close,
  };
}

interface Files {
  readonly nacosFile: string;
  readonly tokenFile: string;
  readonly tokensFile: string;
}

function writeFiles(folder: string, { nacos, registry }: NacosControlPlaneOptions): Files {
  const at = (name: string): string => join(folder, name);
  const files = { nacosFile: at('nacos.yaml'), tokenFile: at('token'), tokensFile: at('tokens.yaml') };
  const token = randomBytes(32).toString('hex');
  const servers = [`${nacos.address}:${nacos.httpPort}`];
  const only = { name: 'shop', servers, ...registry };
  writeFileSync(files.tokenFile, token);
  writeFileSync(files.tokensFile, stringify({ tokens: [{ name: 'shop', token, namespaces: ['default'] }] }));
  writeFileSync(files.nacosFile, stringify({ registries: [only] }));
  return files;
}
