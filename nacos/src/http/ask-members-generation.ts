import type { AccessToken } from '../access-token.ts';
import type { ServerOptions } from '../server-options.ts';
import { askGeneration, type Generation } from './ask-generation.ts';
import { createNacosApi } from './nacos-api.ts';

const NOBODY: AccessToken = {
  current: async () => undefined,
  refused: () => undefined,
  close: () => undefined,
};

export interface Asking {
  readonly token: AccessToken;
  readonly signal: AbortSignal;
  /** Told of each question that was not answered. */
  readonly troubled: (error: unknown) => void;
}

/** Asks each member in turn; the first that can be spoken to as it says speaks for all. Never rejects. */
export async function askMembersGeneration(
  options: ServerOptions,
  { token, signal, troubled }: Asking,
): Promise<Generation> {
  let best: Generation;
  for (const member of options.servers) {
    if (signal.aborted) return undefined;
    const only = { ...options, servers: [member] };
    const anonymous = createNacosApi(only, { token: NOBODY, maxConnections: 1 });
    const known = createNacosApi(only, { token, maxConnections: 1 });
    const grpc = { address: member.address, port: member.port + options.grpcPortOffset };
    const generation = await askGeneration({ anonymous, known, grpc, troubled }, signal);
    anonymous.close();
    known.close();
    if (generation === 'grpc' || generation === 'http') return generation;
    best ??= generation;
  }
  return best;
}
