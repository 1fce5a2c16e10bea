import { connect } from 'node:net';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { jsonFields } from './json-body.ts';
import type { HttpAnswer } from './http-call.ts';
import type { NacosApi } from './nacos-api.ts';

/**
 * What a server speaks: Nacos 2 and newer gRPC, Nacos 1 HTTP only. `closed`: it would speak gRPC, but nothing answers at that port.
 * Undefined: it does not tell (yet).
 */
export type Generation = 'grpc' | 'http' | 'closed' | undefined;

const TIMEOUT_MS = 2000;

/** One member of a server. */
export interface Member {
  /** Asks it as nobody in particular. */
  readonly anonymous: NacosApi;
  /** Asks it as the user, if there is one. */
  readonly known: NacosApi;
  readonly grpc: SocketAddress;
  /** Told of each question that was not answered. */
  readonly troubled: (error: unknown) => void;
}

/**
 * Asks a member what it is. Its word counts before its ports: while a Nacos 2 starts, its HTTP port may be open and its
 * gRPC port not yet. Where it cannot be asked, an open gRPC port tells. Never rejects.
 */
export async function askGeneration(member: Member, signal: AbortSignal): Promise<Generation> {
  const told = (await askVersion(member, signal)) ?? (await askService(member, signal));
  if (told === 'http' || (await isOpen(member.grpc, signal))) return told ?? 'grpc';
  return told === undefined ? undefined : 'closed';
}

/** Part of the console, which may be missing, and open to all. */
async function askVersion({ anonymous, troubled }: Member, signal: AbortSignal): Promise<Generation> {
  const { version } = await ask({ api: anonymous, path: '/v1/console/server/state', troubled }, signal);
  const major = typeof version === 'string' ? Number.parseInt(version, 10) : NaN;
  if (Number.isNaN(major)) return undefined;
  return major >= 2 ? 'grpc' : 'http';
}

/** What is told of a service that does not exist: Nacos 2 repeats its group, Nacos 1 knows it by its whole name only. */
async function askService({ known, troubled }: Member, signal: AbortSignal): Promise<Generation> {
  const query = { serviceName: 'DEFAULT_GROUP@@lanekeeper-asks-what-you-are' };
  const fields = await ask({ api: known, path: '/v1/ns/instance/list', query, troubled }, signal);
  if (!Array.isArray(fields['hosts'])) return undefined;
  return 'groupName' in fields ? 'grpc' : 'http';
}

interface Question extends Pick<Member, 'troubled'> {
  readonly api: NacosApi;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** No fields where there is no answer, or another one than Nacos gives. */
async function ask(
  { api, path, query = {}, troubled }: Question,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const wish = 'say what it is';
    const call = { method: 'GET', path, query, wish, timeoutMs: TIMEOUT_MS, signal } as const;
    const answer: HttpAnswer = await api.request(call);
    return jsonFields(answer, 'a version');
  } catch (error) {
    troubled(error);
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
