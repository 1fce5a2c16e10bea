import type { Request } from './arguments.ts';

export async function runPromises(_request: Request): Promise<number> {
  return 1;
}
