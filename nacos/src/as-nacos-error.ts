import { NacosError } from './nacos-error.ts';

/** What is none of ours cannot have come from a server's words; it is as if there were none. */
export function asNacosError(error: unknown): NacosError {
  if (error instanceof NacosError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new NacosError('nacos_unreachable', message, { cause: error });
}
