import { connect } from 'node:net';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { jsonFields } from './json-body.ts';
import type { HttpAnswer } from './http-call.ts';
import type { NacosApi } from './nacos-api.ts';

/** What a server speaks: Nacos 2 and newer gRPC, Nacos 1 HTTP only. Undefined: it does not tell (yet). */
export type Generation = 'grpc' | 'http' | undefined;

const TIMEOUT_MS = 2000;

/** One member of a server. */
export interface Member {
  /** Asks it as nobody in particular. */
  readonly anonymous: NacosApi;
  /** Asks it as the user, if there is one. */
  readonly known: NacosApi;
  readonly grpc: SocketAddress;
}

/**
 * Asks a member what it is. Its word counts, not its ports: while a Nacos 2 starts, its HTTP port may be open and its
 * gRPC port not yet. Where it cannot be asked, an open gRPC port tells. Never rejects.
 */
export async function askGeneration(member: Member, signal: AbortSignal): Promise<Generation> {
  const told = (await askVersion(member.anonymous, signal)) ?? (await askService(member.known, signal));
  return told ?? ((await isOpen(member.grpc, signal)) ? 'grpc' : undefined);
}

/** Part of the console, which may be missing, and open to all. */
async function askVersion(api: NacosApi, signal: AbortSignal): Promise<Generation> {
  const { version } = await ask(api, '/v1/console/server/state', signal);
  const major = typeof version === 'string' ? Number.parseInt(version, 10) : NaN;
  if (Number.isNaN(major)) return undefined;
  return major >= 2 ? 'grpc' : 'http';
}

/** What is told of a service that does not exist: Nacos 2 repeats its group, Nacos 1 knows it by its whole name only. */
async function askService(api: NacosApi, signal: AbortSignal): Promise<Generation> {
  const query = { serviceName: 'DEFAULT_GROUP@@lanekeeper-asks-what-you-are' };
  const fields = await ask(api, '/v1/ns/instance/list', signal, query);
  if (!Array.isArray(fields['hosts'])) return undefined;
  return 'groupName' in fields ? 'grpc' : 'http';
}

async function ask(
  api: NacosApi,
  path: string,
  signal: AbortSignal,
  query = {},
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const wish = 'say what it is';
    const answer: HttpAnswer = await api.request({
      method: 'GET',
      path,
      query,
      wish,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    return jsonFields(answer, 'a version');
  } catch {
    return {};
  }
}

function isOpen({ address, port }: SocketAddress, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, signal, timeout: TIMEOUT_MS });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
