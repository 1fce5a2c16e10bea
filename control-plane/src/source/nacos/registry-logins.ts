import type { AccessToken } from '@lanekeeper/nacos/access-token';
import { createAccessToken } from '@lanekeeper/nacos/http/create-access-token';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import type { Log } from '@lanekeeper/runtime/log';

/** One login for all clients of a registry: a wrong password is tried, and warned of, once and not by each of them. */
export class RegistryLogins {
  readonly #log: Log;
  /** By the registry's name. */
  readonly #tokens = new Map<string, AccessToken>();

  constructor(log: Log) {
    this.#log = log;
  }

  of(server: ServerOptions): AccessToken {
    const known = this.#tokens.get(server.name);
    if (known !== undefined) return known;
    const token = createAccessToken(server, { log: this.#log });
    this.#tokens.set(server.name, token);
    return token;
  }

  close(): void {
    for (const token of this.#tokens.values()) token.close();
  }
}
