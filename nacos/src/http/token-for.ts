import type { AccessToken } from '../access-token.ts';
import type { ClientDependencies } from '../client-dependencies.ts';
import { createAccessToken, type LoginOptions } from './create-access-token.ts';

/** A client's token; `release` closes it where it is the client's own. */
export function tokenFor(
  options: LoginOptions,
  { token, log }: ClientDependencies,
): AccessToken & { readonly release: () => void } {
  const used = token ?? createAccessToken(options, { log });
  return {
    current: () => used.current(),
    refused: (refused) => used.refused(refused),
    close: () => used.close(),
    release: () => (token === undefined ? used.close() : undefined),
  };
}
